package org.qmpkit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.net.Address;
import org.qmpkit.shell.ExitStatus;
import org.qmpkit.testkit.RealQemu;

/** What is made of monitors that answer what no QEMU does. */
@Timeout(300)
class ProbeTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Path folder;

  ProbeTest(@TempDir Path folder) {
    this.folder = folder;
  }

  /** The verdicts on one that says so to whoever connects, and on a real one beside it. */
  private List<Verdict> verdicts(String says) throws Exception {
    Path hostile = folder.resolve("hostile.sock");
    Path real = folder.resolve("real.sock");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        RealQemu qemu = RealQemu.startAt(real)) {
      server.bind(UnixDomainSocketAddress.of(hostile));
      Thread.ofVirtual()
          .start(() -> {
            try (var client = server.accept()) {
              ByteBuffer bytes = StandardCharsets.UTF_8.encode(says + "\r\n");
              while (bytes.hasRemaining()) {
                client.write(bytes);
              }
              while (client.read(ByteBuffer.allocate(4096)) >= 0) {
                // Until we are left.
              }
            } catch (IOException e) {
              // The test is over.
            }
          });
      List<Address> both = List.of(Address.unix(hostile), Address.unix(real));
      List<Probe.Finding> found = Probe.ask(both, PATIENCE);
      assertTrue(qemu.alive());
      return List.of(
          Verdict.of(both.get(0), PATIENCE, found.get(0)),
          Verdict.of(both.get(1), PATIENCE, found.get(1)));
    }
  }

  private static String answer(String status) {
    return "{\"id\":\"qmpkit-health\",\"return\":" + status + "}";
  }

  @Test
  void oneThatSaysWhatCannotBeReadIsBrokenAndTheOthersAreNot() throws Exception {
    List<Verdict> verdicts = verdicts("{\"QMP\":" + "9".repeat(1001) + "}");
    assertEquals("broken", verdicts.get(0).state());
    assertTrue(verdicts.get(0).text().startsWith("the far side does not speak QMP: "));
    assertEquals("connected", verdicts.get(1).state());
  }

  @Test
  void anAnswerAsDeepAsTheScannerLetsThroughIsReadAndShown() throws Exception {
    String deep = "[".repeat(1000) + "]".repeat(1000);
    List<Verdict> verdicts = verdicts(answer("{\"state\":\"connected\",\"x\":" + deep + "}"));
    assertEquals("connected", verdicts.get(0).state());
    assertTrue(verdicts.get(0).json(Address.unix(folder)).contains(deep));
    assertEquals("connected", verdicts.get(1).state());
  }

  @ParameterizedTest
  @ValueSource(strings = {"99999999999", "\"many\"", "{}", "1e400", "null"})
  void numbersThatAreNoneAreShownAsNone(String number) throws Exception {
    String status =
        String.format(
            "{\"state\":\"connected\",\"clients\":%1$s,\"queued\":%1$s,\"seconds\":%1$s,"
                + "\"last-event\":{\"event\":%1$s,\"seconds\":%1$s},"
                + "\"in-flight\":[{\"command\":%1$s,\"client\":%1$s,\"seconds\":%1$s}]}",
            number);
    List<Verdict> verdicts = verdicts(answer(status));
    assertEquals("connected", verdicts.get(0).state());
    String table = table(verdicts);
    assertEquals(3, table.lines().count(), table);
  }

  @Test
  void aMonitorWhoseBacklogIsFullIsHeldAndNotGone() throws Exception {
    Address address = Address.unix(folder.resolve("held.sock"));
    Duration patience = Duration.ofMillis(300);
    try (RealQemu qemu = RealQemu.startAt(folder.resolve("held.sock"))) {
      qemu.pause();
      // It takes none of those who have come and gone: each has filled a place.
      for (int i = 0; i < 4; i++) {
        Probe.Finding found = Probe.ask(address, patience);
        Verdict verdict = Verdict.of(address, patience, found);
        assertEquals("busy", verdict.state(), verdict::text);
        assertEquals(ExitStatus.NO_ANSWER, verdict.status());
        assertTrue(verdict.text().contains("another client probably holds"), verdict::text);
        assertEquals(i < 2, found.connected(), verdict::text);
      }
    }
  }

  private String table(List<Verdict> verdicts) {
    return new TopTable(false, false)
        .text(List.of(Address.unix(folder), Address.unix(folder)), verdicts);
  }

  /** What would clear a terminal, in both ways to say so, a line feed, and DEL. */
  private static final String COMMANDS = "\\u001b[2J\\u009b2J\\n\\u007f";

  @ParameterizedTest
  @ValueSource(strings = {"S", "connected", "busy", "gone"})
  void nothingThatIsToldCommandsTheTerminal(String state) throws Exception {
    String status =
        "{\"state\":\"@\",\"reason\":\"S\",\"qemu\":\"S\",\"last-event\":{\"event\":\"S\"},"
            + "\"in-flight\":[{\"command\":\"S\",\"client\":\"S\"}]}";
    List<Verdict> verdicts = verdicts(answer(status.replace("@", state).replace("S", COMMANDS)));
    String table = table(verdicts);
    assertEquals(3, table.lines().count(), table);
    assertHarmless(table.replace("\n", ""));
    assertHarmless(verdicts.getFirst().line());
    // Of a state that no helper has, our own word.
    assertEquals(state.equals("S"), table.contains(" broken "), table);
  }

  private static void assertHarmless(String text) {
    assertTrue(text.chars().noneMatch(Character::isISOControl), text);
  }

  @Test
  void whatIsToldHasItsBounds() throws Exception {
    String megabyte = "x".repeat(1 << 20);
    List<Verdict> verdicts =
        verdicts(
            answer(
                "{\"state\":\"busy\",\"reason\":\"S\",\"last-event\":{\"event\":\"S\"},"
                        .replace("S", megabyte)
                    + "\"in-flight\":[{\"command\":\"S\",\"client\":\"me\",\"seconds\":5}]}"
                        .replace("S", megabyte)));
    String table = table(verdicts);
    assertTrue(table.length() < 4000, () -> table.length() + " characters");
    // What stands behind what is too long is still seen.
    assertTrue(table.contains("xx… 5.0s, me"), table);
    assertTrue(verdicts.getFirst().line().length() <= 2000);
  }
}
