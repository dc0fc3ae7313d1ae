package org.qmpkit.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.qmpkit.net.Address;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.ExecTransport;
import org.qmpkit.net.Loop;
import org.qmpkit.net.SelectorPoller;
import org.qmpkit.net.TransportException;

/** What is special about a command as a peer: it is a process, and it ends. */
@Timeout(300)
final class ExecTransportTest {
  @TempDir Path dir;
  private final Queue<String> said = new ConcurrentLinkedQueue<>();
  private final ExecTransport exec = new ExecTransport(said::add);
  private Loop loop;
  private TransportRig rig;

  @BeforeEach
  void open() throws IOException {
    loop = new Loop(new SelectorPoller());
    rig = new TransportRig(exec, loop);
  }

  @AfterEach
  void close() {
    loop.close();
  }

  private Endpoint connected(String command) {
    TransportRig.Outcome outcome =
        rig.outcome(Address.parse("exec:" + command), TransportRig.DEADLINE);
    if (outcome.endpoint == null) {
      throw new AssertionError("not started", outcome.why);
    }
    return outcome.endpoint;
  }

  private String readingFails(Endpoint endpoint) {
    List<String> why = new ArrayList<>();
    endpoint.onReady((r, w) -> {
      try {
        assertEquals(0, endpoint.read(ByteBuffer.allocate(9)));
      } catch (IOException e) {
        why.add(String.valueOf(e.getMessage()));
        endpoint.interest(false, false);
      }
    });
    endpoint.interest(true, false);
    rig.until(() -> !why.isEmpty(), "a read that fails");
    return why.getFirst();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          no-such-command-here    | ended with status 127 and said '.*not found'; it was not found:
          /etc/passwd             | ended with status 126 and said '.*'; it may not be executed:
          echo out of cheese >&2; exit 3 | ended with status 3 and said 'out of cheese'$
          exit 1                  | ended with status 1$
          kill -9 $$              | ended with status 137; signal 9 ended it$
          """)
  void howACommandEndedIsSaid(String command, String expected) {
    String why = readingFails(connected(command));
    assertTrue(why.startsWith("cannot read from exec:" + command + ": the command ended"), why);
    assertTrue(why.matches("(?s).*" + expected.replace("$", "") + ".*"), why);
    assertFalse(why.contains("\n"));
  }

  @Test
  void whatItWroteBeforeItsEndIsReadFirst() throws IOException {
    Endpoint near = connected("printf words; exit 4");
    assertEquals("words", rig.read(near, 5));
    assertTrue(readingFails(near).contains("status 4"));
    rig.assertEnds(connected("true"));
  }

  @Test
  void itsWholeGroupIsEndedAtClose() throws IOException {
    // The shell, its child in the background, and one that does not care for SIGTERM.
    Endpoint near =
        connected("trap '' TERM; sleep 1000 & sh -c 'echo $$; sleep 1000' & echo $$; cat; wait");
    String pids = rig.read(near, 1);
    while (pids.lines().count() < 2 || !pids.endsWith("\n")) {
      pids += rig.read(near, 1);
    }
    List<ProcessHandle> alive = new ArrayList<>();
    for (String pid : pids.lines().toList()) {
      ProcessHandle handle = ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
      alive.add(handle);
      handle.descendants().forEach(alive::add);
    }
    assertTrue(alive.size() >= 4, alive::toString);
    near.close();
    near.close();
    rig.until(() -> alive.stream().noneMatch(ProcessHandle::isAlive), "the end of all of them");
  }

  @Test
  void closingTheLoopEndsItToo() throws IOException {
    Endpoint near = connected("echo $$; exec sleep 1000");
    String pid = rig.read(near, 1);
    while (!pid.endsWith("\n")) {
      pid += rig.read(near, 1);
    }
    ProcessHandle process = ProcessHandle.of(Long.parseLong(pid.strip())).orElseThrow();
    loop.close();
    process.onExit().orTimeout(60, java.util.concurrent.TimeUnit.SECONDS).join();
  }

  @Test
  void nothingStaysOfManyThatWereClosed() throws IOException {
    connected("cat").close();
    long threads = threads();
    for (int i = 0; i < 50; i++) {
      Endpoint near = connected("cat");
      rig.write(near, "x");
      assertEquals("x", rig.read(near, 1));
      near.close();
    }
    rig.until(() -> threads() <= threads, "the end of the pumps");
    rig.until(
        () -> ProcessHandle.current().descendants().noneMatch(ExecTransportTest::isCat),
        "the end of the processes");
  }

  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().contains("exec:"))
        .count();
  }

  private static boolean isCat(ProcessHandle process) {
    return process.info().command().orElse("").endsWith("cat");
  }

  @Test
  void oneThatIsGivenUpIsEnded() throws IOException {
    Path file = dir.resolve("pid");
    for (int i = 0; i < 5; i++) {
      TransportRig.Outcome outcome = new TransportRig.Outcome();
      exec.connect(
              Address.parse("exec:echo $$ >> " + file + "; exec sleep 1000"),
              loop,
              TransportRig.DEADLINE,
              outcome)
          .close();
      rig.settle();
      assertEquals(0, outcome.calls);
    }
    List<String> started = Files.exists(file) ? Files.readAllLines(file) : List.of();
    for (String pid : started) {
      rig.until(
          () -> ProcessHandle.of(Long.parseLong(pid)).stream().noneMatch(ProcessHandle::isAlive),
          "the end of " + pid);
    }
  }

  @Test
  void standardErrorIsPassedOnLineByLineBoundedAndEscaped() throws IOException {
    Endpoint near =
        connected(
            "printf 'one\\033[31m\\n' >&2; head -c 5000 /dev/zero | tr '\\0' x >&2; echo >&2;"
                + " seq 1000 >&2");
    rig.assertEnds(near);
    List<String> lines = List.copyOf(said);
    assertTrue(lines.getFirst().matches("exec\\[\\d+]: one\\\\x1b\\[31m"), lines.getFirst());
    assertTrue(lines.get(1).endsWith("]: " + "x".repeat(1000)), lines.get(1));
    assertTrue(lines.stream().anyMatch(line -> line.endsWith("more lines left out)")));
    assertTrue(lines.size() < 500, () -> lines.size() + " lines");
  }

  @Test
  void nobodyListensOnACommand() {
    TransportException why =
        assertThrows(TransportException.class, () -> exec.listen(Address.parse("exec:cat"), loop));
    assertEquals("a command can only be connected to", why.reason());
  }
}
