package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.client.CommandFailed;
import org.qmpkit.client.QmpClient;
import org.qmpkit.client.Schema;
import org.qmpkit.shell.ShellRig.Shown;
import org.qmpkit.testkit.RealQemu;

/** What is explained, by the schema of a real QEMU, and what is proposed to who mistyped. */
@Timeout(120)
final class HelpCommandTest {
  private static final Duration PATIENT = Duration.ofSeconds(30);

  private static RealQemu qemu;
  private static ShellRig shell;
  private static Schema schema;

  @TempDir Path folder;

  @BeforeAll
  static void start() throws Exception {
    // One with a bus where devices may be plugged.
    qemu = RealQemu.start("-M", "pc", "-m", "64", "-S");
    shell = ShellRig.on(qemu);
    schema = shell.session().schema();
  }

  @AfterAll
  static void end() {
    shell.close();
    qemu.close();
  }

  private static String help(String line) {
    Shown shown = shell.line(line);
    assertEquals(ExitStatus.DONE, shown.status(), line + ": " + shown);
    return shown.out().isEmpty() ? shown.err() : shown.out();
  }

  private static void assertRow(String text, String row) {
    assertTrue(text.lines().anyMatch(each -> each.strip().matches(row)), row + " in " + text);
  }

  @Test
  void linesAndAllCommandsOfTheShell() {
    String text = help("help");
    ShellCommands.ALL.forEach(
        each -> assertRow(text, Pattern.quote(each.name()) + " +" + Pattern.quote(each.summary())));
    assertRow(text, "COMMAND key=value … .*");
    for (ShellCommand each : ShellCommands.ALL) {
      assertTrue(help("help " + each.name()).contains(each.forms().getFirst()), each.name());
      assertTrue(each.forms().getFirst().startsWith(each.name()), each.name());
    }
  }

  @Test
  void aCommandWithWhatItTakesAndReturns() {
    String text = help("help block_resize");
    assertTrue(text.startsWith("block_resize size= "), text);
    assertRow(text, "size +required; int");
    assertRow(text, "node-name +string");
    assertRow(text, "Returns nothing: \\{}");
    assertRow(help("help query-status"), "running +required; boolean");
    assertTrue(help("help migrate-recover").contains("(can run out of band"));
    assertTrue(help("help x-query-ramblock").contains("unstable"));
    assertRow(help("help set_password"), "protocol +required; .*vnc.*");
  }

  @Test
  void whatAValueAddsAndAMemberAlone() {
    assertFalse(help("help blockdev-add").contains("l2-cache-size"));
    assertRow(help("help blockdev-add driver=qcow2"), "l2-cache-size +int");
    String file = help("help blockdev-add driver=qcow2 file");
    assertRow(file, "file +required; (object or string|string or object)");
    assertRow(file, "node-name +string");
    assertRow(help("help blockdev-add file.driver=file driver=raw file.filename"), "filename .*");
  }

  @Test
  void anEventWithItsData() {
    String text = help("help DEVICE_DELETED");
    assertTrue(text.startsWith("DEVICE_DELETED: an event"), text);
    assertRow(text, "path +required; string");
    assertRow(text, "device +string");
    assertRow(help("help STOP"), "Tells nothing more\\.");
  }

  @Test
  void everyCommandAndEventCanBeExplained() throws LineException {
    Description all = new Description(schema, Reference.installed());
    for (String each : schema.commands()) {
      String text = all.of(each, List.of());
      assertTrue(text != null && text.startsWith(each), each);
    }
    for (String each : schema.events()) {
      String text = all.of(each, List.of());
      assertTrue(text != null && text.startsWith(each), each);
    }
  }

  @Test
  void whatIsNotThere() {
    Shown shown = shell.line("help block-resize");
    assertEquals(ExitStatus.USAGE, shown.status());
    assertTrue(shown.err().contains("did you mean 'block_resize'?"), shown.err());
    assertTrue(shell.line("help STPO").err().contains("'STOP'"));
    assertTrue(shell.line("help block_resize siez").err().contains("'size'"));
    assertEquals(ExitStatus.USAGE, shell.line("help a.b=c").status());
  }

  @Test
  void wordsFindWhatHasToDoWithThem() {
    String text = help("apropos dirty bitmap");
    assertRow(text, "block-dirty-bitmap-add .*");
    assertRow(help("apropos deleted"), "DEVICE_DELETED .*");
    assertRow(help("apropos late the wait"), "wait .*");
    assertEquals(ExitStatus.FAILED, shell.line("apropos zzxzz").status());
    assertEquals(ExitStatus.USAGE, shell.line("apropos").status());
  }

  @Test
  void qemusOwnReferenceIsReadAsFarAsItGoes() throws Exception {
    String page =
        """
        .TH "QMP" 7
        .SS \\fBblock_resize\\fP (Command)
        .sp
        Resize a block image\\&. It\\(aqs \\fIquick\\fP\\-ish.
        .SS Arguments
        .TP
        .B \\fBsize\\fP: \\fBint\\fP
        new size\033[2J
        .SS \\fBSTOP\\fP (Event)
        .sp
        Emitted when the virtual machine is stopped
        .SH OTHER
        not of STOP
        """;
    Path file = folder.resolve("page.7.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(page.getBytes(StandardCharsets.UTF_8));
    }
    Reference reference = Reference.of(file);
    Reference.Entry resize = reference.entry("block_resize");
    assertNotNull(resize);
    assertEquals("Command", resize.kind());
    assertEquals(
        List.of(
            "Resize a block image. It's quick-ish.",
            "",
            "Arguments:",
            "  size: int",
            "    new size\\x1b[2J"),
        resize.lines());
    assertEquals(List.of("Resize a block image. It's quick-ish."), resize.beginning());
    assertEquals(2, reference.entries().size());
    assertNull(reference.entry("OTHER"));
    String text = new Description(schema, reference).of("block_resize", List.of());
    assertTrue(text != null && text.contains("It's quick-ish."), text);
    Path garbage = Files.write(folder.resolve("garbage.7.gz"), new byte[] {1, 2, 3});
    assertThrows(IOException.class, () -> Reference.of(garbage));
  }

  private static String hint(String line) throws Exception {
    Request request = new LineGrammar().read(line);
    assertNotNull(request);
    QmpClient client = shell.session().monitor().client();
    assertNotNull(client);
    CommandFailed failure =
        assertThrows(CommandFailed.class, () -> client.execute(request.command()));
    return Hints.of(schema, request, failure, new LiveNames(() -> client, PATIENT));
  }

  @Test
  void whoMistypedIsToldWhatWasMeantMaybe() throws Exception {
    assertEquals("did you mean 'query-version'?", hint("query-versoin"));
    assertEquals("did you mean 'events'?", hint("evnets"));
    assertEquals("did you mean 'device_add'?", hint("device-add driver=x"));
    assertEquals("", hint("zzzzzzzzzz"));
    assertEquals("did you mean 'node-name'?", hint("block_resize nodename=x size=1"));
    assertEquals(
        "did you mean 'file.filename'?",
        hint("blockdev-add driver=raw file.driver=file file.fielname=/x node-name=y"));
    assertEquals("did you mean 'vmdk'?", hint("blockdev-add driver=vmkd node-name=x"));
    assertEquals("did you mean 'e1000'?", hint("device_add driver=e1001"));
    assertEquals("did you mean 'usb-tablet'?", hint("device_add driver=usb-tablt"));
    assertEquals("did you mean 'mac'?", hint("device_add driver=e1000 macc=1"));
    assertEquals("did you mean 'bus'?", hint("device_add driver=e1000 buss=x"));
    assertEquals("it takes nothing", hint("query-status verbose=true"));
    assertTrue(hint("block_resize device=x").startsWith("it takes: size= "));
  }

  @Test
  void aBarIsExplainedAndItsBlanks() throws Exception {
    assertRow(help("help"), "COMMAND … \\| EXPR +what EXPR selects .*");
    assertTrue(help("help |").contains("\n  query-status | .status\n"));
    String blanks = "blanks stand around a bar: COMMAND … | EXPR";
    assertEquals(blanks, hint("query-status|.status"));
    for (String line : List.of("query-status |.status", "query-status| .status")) {
      assertTrue(shell.line(line).err().endsWith(blanks), line);
    }
    for (String line : List.of("query-status x a=b|c", "quer-status x=a|b")) {
      assertFalse(shell.line(line).err().contains(blanks), line);
    }
  }

  @Test
  void jsonThatIsNoRequestIsToldWhatOneIs() {
    String said = shell.line("{\"execut\": \"query-status\"}").err();
    assertTrue(
        said.endsWith("\na request in JSON: {\"execute\": \"COMMAND\", \"arguments\": {…}}"), said);
    shell.line("transaction(");
    said = shell.line("{\"tip\": \"abort\"}").err();
    shell.session().lines().abandon();
    assertTrue(said.endsWith("\nan action in JSON: {\"type\": \"ACTION\", \"data\": {…}}"), said);
  }

  @Test
  void namesThatAreNear() {
    List<String> names = List.of("query-status", "query-stats", "quit", "block_resize");
    assertEquals(List.of("query-stats", "query-status"), Similar.to("query-stat", names));
    assertEquals(List.of("query-status"), Similar.to("status-query", names));
    assertEquals(List.of("block_resize"), Similar.to("Block-Resize", names));
    assertEquals(List.of(), Similar.to("", names));
    assertEquals(List.of(), Similar.to("x".repeat(100_000), names));
    assertEquals(List.of(), Similar.to("quit", List.of("quit", "q".repeat(100_000))));
  }
}
