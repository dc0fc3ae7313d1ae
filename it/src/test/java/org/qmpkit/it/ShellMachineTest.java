package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.BootSector;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/** The shell on a terminal, on whole machines: Tab, jobs and migrations as they go on, pictures. */
@Timeout(300)
class ShellMachineTest {
  private static final String PROMPT = "(QEMU)";

  /** Bytes. */
  private static final int DISK = 32 << 20;

  @TempDir Path folder;

  private Tmux shell(Path socket) throws IOException {
    return Tmux.shell(folder, Map.of(), 120, 30, "unix:" + socket);
  }

  /** The keys of a line, where something grey may stand behind it. */
  private static void keys(Tmux shell, String line) {
    shell.press(line.replace(" ", " Space ").split(" ", -1));
  }

  private static void drop(Tmux shell) {
    shell.press("C-c");
    shell.awaitLastLine(PROMPT);
  }

  @Test
  void tabKnowsWhatIsThere() throws IOException {
    try (RealQemu qemu =
            RealQemu.start(
                "-M",
                "q35",
                "-accel",
                "tcg",
                "-m",
                "16",
                "-S",
                "-blockdev",
                "null-co,node-name=disk,size=1048576",
                "-device",
                "virtio-blk-pci,id=vda,drive=disk",
                "-device",
                "virtio-net-pci,id=nic");
        Tmux shell = shell(qemu.path())) {
      shell.awaitLastLine(PROMPT);
      shell.type("query-kv");
      shell.complete("(QEMU) query-kvm");
      drop(shell);
      // What may come stands there faintly, and is no part of the line.
      keys(shell, "block_resize ");
      shell.awaitLastLine("(QEMU) block_resize size= [device=] [node-name=]");
      assertTrue(
          shell.colours().contains("block_resize \033[2msize= [device=] [node-name=]"),
          shell::colours);
      // It gives way to what Tab lists, and comes back.
      shell.complete("size= (required; int)   device=      (string)   node-name=   (string)");
      shell.press("Tab", "Right");
      shell.await("\n(QEMU) block_resize device=");
      assertTrue(shell.lastLine().startsWith("size= (required; int)"), shell::text);
      drop(shell);
      keys(shell, "block_resize node-name=d");
      shell.complete("(QEMU) block_resize node-name=disk size= [device=]");
      keys(shell, "size=1048576");
      shell.awaitLastLine("(QEMU) block_resize node-name=disk size=1048576");
      shell.press("Enter");
      shell.await("does not support resize");
      shell.awaitLastLine(PROMPT);

      shell.type("device_del id=");
      shell.complete("id=nic   id=vda");
      shell.press("v");
      shell.complete("(QEMU) device_del id=vda");
      drop(shell);

      // A QEMU that stands still: what it said earlier.
      qemu.pause();
      assertFalse(shell.text().contains("id=nic   id=vda"), shell::text);
      shell.type("device_del id=");
      shell.complete("id=nic   id=vda");
      drop(shell);
      qemu.resume();
      assertTrue(shell.ask(PROMPT, "query-status").contains("prelaunch"), shell::text);
    }
  }

  @Test
  void aMirrorFromItsBeginningToItsEnd() throws IOException {
    byte[] content = new byte[DISK];
    new Random(1).nextBytes(content);
    Path from = Files.write(folder.resolve("from"), content);
    Path to = Files.write(folder.resolve("to"), new byte[DISK]);
    try (SharedQemu shared =
            SharedQemu.start(
                folder,
                "-M",
                "none",
                "-blockdev",
                "file,node-name=from,filename=" + from,
                "-blockdev",
                "file,node-name=to,filename=" + to);
        LineClient other = shared.client();
        Tmux shell = shell(shared.socket())) {
      shell.awaitLastLine(PROMPT);
      shell.ask(PROMPT, "events mute JOB_* BLOCK_JOB_*");
      // In small steps, of which it makes several a second.
      shell.ask(
          PROMPT,
          "blockdev-mirror job-id=copy device=from target=to sync=full speed=1048576"
              + " granularity=65536 buf-size=262144");
      shell.enter("job wait copy");
      Pattern row =
          Pattern.compile(
              "\ncopy \\(mirror\\)  running  ETA [\\d.]+ s  ([\\d.]+) MiB remaining"
                  + "  [\\d.]+ MiB done  [\\d.]+ [KM]iB/s\\s*$");
      double before = shell.find(row);
      Patience.until("less to remain", () -> shell.find(row) < before, shell::text);
      assertEquals(2, shell.text().split("copy \\(mirror\\)", -1).length, shell::text);
      other.ask(
          "{\"execute\": \"block-job-set-speed\", \"arguments\": {\"device\": \"copy\","
              + " \"speed\": 0}}");
      shell.awaitLastLine(PROMPT);
      String ready = shell.text();
      assertTrue(
          ready.contains("\ncopy (mirror)  ready  0 B remaining  32.0 MiB done  after "), ready);
      assertTrue(ready.contains("; 'job-complete id=copy' ends it\n"), ready);
      assertEquals("{\"return\": {}}", shell.ask(PROMPT, "job-complete id=copy"));
      assertEquals("'copy' is done", shell.ask(PROMPT, "job wait copy"));
      assertEquals("there is no job", shell.ask(PROMPT, "jobs").substring(0, 15));
      shell.ask(PROMPT, "blockdev-del node-name=to");
      assertEquals(-1, Files.mismatch(from, to));
    }
  }

  @Test
  void aMigrationThatDivergesUntilItMayGoFaster() throws IOException {
    Path disk = BootSector.DIRTIES.write(folder.resolve("busy.img"));
    String[] machine = {
      "-M", "pc", "-m", "16", "-accel", "tcg", "-drive", "format=raw,snapshot=on,file=" + disk
    };
    String uri = "unix:" + folder.resolve("migration");
    try (SharedQemu shared = SharedQemu.start(folder, machine);
        LineClient other = shared.client();
        RealQemu target =
            RealQemu.start(
                Stream.concat(Arrays.stream(machine), Stream.of("-incoming", uri))
                    .toArray(String[]::new));
        Tmux shell = shell(shared.socket())) {
      shell.awaitLastLine(PROMPT);
      shell.enter(
          "watch 100ms human-monitor-command command-line:=\"xp /1bx 0x10000\""
              + " until test(\"0x00\") | not");
      shell.awaitLastLine(PROMPT);
      shell.ask(PROMPT, "migrate-set-parameters max-bandwidth=262144 downtime-limit=1");
      assertEquals("{\"return\": {}}", shell.ask(PROMPT, "migrate uri=" + uri));
      shell.enter("job wait migration");
      shell.find(
          Pattern.compile(
              "\nmigration \\(ram\\)  active  diverging  ([\\d.]+) [KM]iB remaining"
                  + "  [\\d.]+ [KM]iB done  [\\d.]+ [KM]?i?B/s  dirty [\\d.]+ [KM]iB/s"
                  + "  pass (?:[2-9]|\\d\\d)\\s*$"));
      assertEquals(2, shell.text().split("migration \\(ram\\)", -1).length, shell::text);
      other.ask(
          "{\"execute\": \"migrate-set-parameters\", \"arguments\":"
              + " {\"max-bandwidth\": 1073741824, \"downtime-limit\": 2000}}");
      shell.awaitLastLine(PROMPT);
      shell.find(
          Pattern.compile(
              "\nmigration \\(ram\\)  completed  (\\d+) B remaining  .* done  pass \\d+"
                  + "  after .*  downtime \\d+ ms\\s"));
      assertTrue(
          shell.ask(PROMPT, "jobs").startsWith("migration (ram)  completed  0 B remaining"),
          shell::text);
      shell.ask(PROMPT, "connect " + target.path() + " as target");
      assertEquals(
          """
          here: "postmigrate"
          target: "running"\
          """,
          shell.ask(PROMPT, "@all query-status | .status"));
    }
  }

  @Test
  void theGuestsScreenPixelByPixel() throws IOException {
    Path disk = BootSector.PAINTS.write(folder.resolve("paints.img"));
    try (SharedQemu shared =
            SharedQemu.start(
                folder,
                "-M",
                "pc",
                "-m",
                "16",
                "-accel",
                "tcg",
                "-device",
                "VGA",
                "-drive",
                "format=raw,snapshot=on,file=" + disk);
        LineClient other = shared.client()) {
      Patience.until(
          "the last pixel",
          () ->
              other
                  .ask(
                      "{\"execute\": \"human-monitor-command\", \"arguments\":"
                          + " {\"command-line\": \"xp /1bx 0xaf9ff\"}}")
                  .contains(": 0xf8"));
      Path file = folder.resolve("screen.ppm");
      other.ask("{\"execute\": \"screendump\", \"arguments\": {\"filename\": \"" + file + "\"}}");
      Pixels truth = Pixels.ofPpm(Files.readAllBytes(file));
      // QEMU draws each pixel of this mode as four.
      assertEquals(List.of(640, 400), List.of(truth.width(), truth.height()));
      assertTrue(truth.colours() > 100, "it is no plain picture");

      // As many characters as pixels in a row, and half as many rows.
      try (Tmux shell =
          Tmux.shell(
              folder, Map.of("COLORTERM", "truecolor"), 641, 204, "unix:" + shared.socket())) {
        shell.awaitLastLine(PROMPT);
        shell.enter("screen");
        Patience.until(
            "the picture",
            () -> shell.screen().stream().filter(each -> each.startsWith("▀")).count() == 200);
        shell.awaitLastLine(PROMPT);
        assertEquals(truth, Pixels.ofHalfBlocks(shell.colours()));
      }
      assertEquals(
          truth, Pixels.ofKitty(sent(shared, Map.of("KITTY_WINDOW_ID", "1"), "\033_Gm=0;")));
      assertEquals(
          truth,
          Pixels.ofIterm(sent(shared, Map.of("TERM_PROGRAM", "iTerm.app"), "\033]1337;File=")));
      assertEquals(truth.levels(6), Pixels.ofSixel(sent(shared, Map.of("TERM", "foot"), "\033Pq")));
    }
  }

  /** All that a shell sends to a terminal that shows pictures, up to a prompt behind one. */
  private String sent(SharedQemu shared, Map<String, String> environment, String mark)
      throws IOException {
    Path raw = folder.resolve(String.join("-", environment.keySet()));
    try (Tmux shell = Tmux.shell(folder, environment, 100, 30, "unix:" + shared.socket())) {
      shell.record(raw);
      shell.awaitLastLine(PROMPT);
      shell.enter("screen");
      Patience.until(
          "the picture, and a prompt",
          () -> {
            String text = Files.readString(raw, StandardCharsets.ISO_8859_1);
            int at = text.lastIndexOf(mark);
            return at >= 0 && text.indexOf(PROMPT, at) >= 0;
          },
          shell::text);
      return Files.readString(raw, StandardCharsets.ISO_8859_1);
    }
  }
}
