package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.assertEmptyReturn;
import static org.qmpkit.it.Messages.command;

import java.io.IOException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/**
 * Thousands of clients leave nothing behind: no descriptor, no memory. 2,000 of them; with {@code
 * -Dqmpkit.full=true}, 10,000.
 */
@Timeout(600)
class EnduranceTest {
  private static final int CLIENTS = Boolean.getBoolean("qmpkit.full") ? 10_000 : 2_000;
  private static final int WARM_UP = 500;
  private static final Pattern USED = Pattern.compile("total \\d+K, used (\\d+)K");

  private final Path folder;

  EnduranceTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void ofASharedMonitor() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder)) {
      assertNothingGained(shared.helper(), shared.socket());
    }
  }

  @Test
  void ofARelayedOne() throws Exception {
    Path monitor = folder.resolve("monitor.sock");
    Path socket = folder.resolve("relay.qmp");
    try (RealQemu qemu = RealQemu.start("-qmp", "unix:" + monitor + ",server=on,wait=off");
        HelperProcess helper = HelperProcess.relaying(socket, monitor)) {
      assertNothingGained(helper, socket);
      assertTrue(qemu.alive());
    }
  }

  private static void assertNothingGained(HelperProcess helper, Path socket) throws IOException {
    for (int i = 0; i < WARM_UP; i++) {
      comeAndGo(socket, i);
    }
    assertServes(socket);
    long heap = heap(helper);
    long rss = helper.rss();
    long descriptors = helper.descriptors();

    for (int i = 0; i < CLIENTS; i++) {
      comeAndGo(socket, i);
    }
    assertServes(socket);
    Patience.until(
        "no more than " + descriptors + " descriptors",
        () -> helper.descriptors() <= descriptors,
        () -> helper.descriptors() + " descriptors");
    long heapGained = heap(helper) - heap;
    long gained = helper.rss() - rss;
    // 100 bytes a client would be seen in the heap. The process also keeps compiled code and the
    // compilers' memory, up to 50 MiB: what would be seen is a buffer of 64 KiB a client.
    assertTrue(heapGained < 100L * CLIENTS + (200 << 10), () -> heapGained + " bytes of heap");
    assertTrue(gained < 96 << 20, () -> gained + " bytes of memory");
  }

  /** Each client leaves at another point. */
  private static void comeAndGo(Path socket, int number) throws IOException {
    LineClient client = LineClient.connect(socket, Patience.LIMIT);
    try {
      if (number % 5 > 0) {
        client.greeting();
      }
      if (number % 5 > 1) {
        client.negotiate();
        assertEmptyReturn("1", client.ask(command("query-name", "1")));
      }
      if (number % 5 > 2) {
        client.send("{\"execute\": \"query-kvm\"}{\"unfinished\": \"");
      }
    } finally {
      if (number % 5 > 3) {
        client.reset();
      }
      client.close();
    }
  }

  private static void assertServes(Path socket) throws IOException {
    try (LineClient client = SharedQemu.negotiated(socket)) {
      assertEmptyReturn("well", client.ask(command("query-name", "well")));
    }
  }

  /** What its heap holds after a collection, in bytes. */
  static long heap(HelperProcess helper) {
    jcmd(helper, "GC.run");
    Matcher used = USED.matcher(jcmd(helper, "GC.heap_info"));
    long bytes = 0;
    while (used.find()) {
      bytes += Long.parseLong(used.group(1)) * 1024;
    }
    assertTrue(bytes > 0, "jcmd tells nothing of the heap");
    return bytes;
  }

  private static String jcmd(HelperProcess helper, String command) {
    String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    Program.Outcome outcome =
        Program.outcome(new ProcessBuilder(jcmd, Long.toString(helper.pid()), command));
    assertTrue(outcome.status() == 0, outcome.out() + outcome.err());
    return outcome.out();
  }
}
