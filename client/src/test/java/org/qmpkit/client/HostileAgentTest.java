package org.qmpkit.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Reader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.net.Address;
import org.qmpkit.testkit.RealQemu;

/** What a client makes of an agent that is late, lost or hostile: no real one is so on demand. */
@Timeout(120)
class HostileAgentTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration MOMENT = Duration.ofMillis(200);
  private static final QmpOptions OPTIONS = GuestAgent.DEFAULT.withConnectTimeout(MINUTE);

  /** In the place of an answer, what {@code guest-sync-delimited} is answered with. */
  private static final String SYNC = "sync";

  /** The same after a while, and at once an empty answer to what is no synchronization. */
  private static final String SLOW_SYNC = "slow sync";

  @TempDir private Path directory;
  private ServerSocketChannel server;
  private Thread thread;

  /** What each request is answered with, in turn, in ISO 8859-1; the last one again and again. */
  private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();

  private final List<String> requests = new CopyOnWriteArrayList<>();

  @BeforeEach
  void start() throws IOException {
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(directory.resolve("qga.sock")));
    thread = Thread.ofPlatform().daemon().start(this::serve);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    assertTrue(thread.join(MINUTE), "the agent does not end");
  }

  private void serve() {
    try (SocketChannel peer = server.accept();
        Reader input = Channels.newReader(peer, StandardCharsets.ISO_8859_1);
        BufferedReader lines = new BufferedReader(input);
        OutputStream out = Channels.newOutputStream(peer)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        requests.add(line);
        String answer = answers.size() > 1 ? answers.remove() : String.valueOf(answers.peek());
        if (answer.equals(SLOW_SYNC)) {
          boolean sync = line.contains("guest-sync");
          TimeUnit.MILLISECONDS.sleep(sync ? 300 : 0);
          answer = sync ? SYNC : "{\"return\": {}}\n";
        }
        String id = line.replaceAll("\\D+", "");
        String text = answer.equals(SYNC) ? "\u00ff{\"return\": " + id + "}\n" : answer;
        do {
          out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        } while (text.equals("x".repeat(65536))); // until it is left
      }
    } catch (IOException | InterruptedException e) {
      // The client has left.
    }
  }

  private GuestAgent connect(QmpOptions options) throws Exception {
    return GuestAgent.connect(Address.unix(directory.resolve("qga.sock")), options);
  }

  @Test
  void noIdsAreSent() throws Exception {
    answers.addAll(List.of(SYNC, "{\"return\": {}}\n"));
    try (GuestAgent agent = connect(OPTIONS)) {
      assertEquals(0, agent.execute("guest-ping").size());
    }
    assertEquals("{\"execute\":\"guest-ping\"}", requests.get(1));
  }

  @Test
  void aLateAnswerIsNotTakenForAnothers() throws Exception {
    answers.addAll(List.of(SYNC, "", "{\"return\": \"late\"}\n", SYNC, "{\"return\": 1}\n"));
    try (GuestAgent agent = connect(OPTIONS)) {
      assertThrows(
          TimedOut.class, () -> agent.execute(QmpCommand.of("guest-first").within(MOMENT)));
      // The agent answers the first command where it is asked to synchronize, and loses that.
      assertThrows(
          TimedOut.class, () -> agent.execute(QmpCommand.of("guest-second").within(MOMENT)));
      assertEquals(1, agent.execute("guest-third").asInt());
      assertTrue(requests.stream().noneMatch(each -> each.contains("guest-second")));
    }
  }

  @Test
  void aLostSynchronizationComesAgain() throws Exception {
    answers.addAll(List.of(SYNC, "", "", SYNC, "{\"return\": \"mine\"}\n"));
    try (GuestAgent agent = connect(OPTIONS)) {
      for (int i = 0; i < 2; i++) {
        TimedOut late =
            assertThrows(
                TimedOut.class, () -> agent.execute(QmpCommand.of("guest-a").within(MOMENT)));
        assertFalse(late.getMessage().contains("qmp health"), late.getMessage());
      }
      assertEquals("mine", agent.execute("guest-b").asString());
    }
  }

  @Test
  void whoIsImpatientDoesNotHoldUpOthers() throws Exception {
    answers.add(SLOW_SYNC);
    try (GuestAgent agent = connect(OPTIONS)) {
      answers.add("");
      answers.add(SLOW_SYNC);
      answers.remove();
      assertThrows(TimedOut.class, () -> agent.execute(QmpCommand.of("guest-a").within(MOMENT)));
      AtomicBoolean done = new AtomicBoolean();
      Thread impatient = Thread.ofPlatform().daemon().start(() -> hurry(agent, done));
      try {
        QmpCommand patient = QmpCommand.of("guest-ping").within(Duration.ofSeconds(30));
        assertEquals(0, agent.execute(patient).size());
      } finally {
        done.set(true);
        assertTrue(impatient.join(MINUTE), "it hurries on");
      }
    }
  }

  private static void hurry(GuestAgent agent, AtomicBoolean done) {
    while (!done.get()) {
      try {
        agent.execute(QmpCommand.of("guest-b").within(Duration.ofMillis(50)));
      } catch (TimedOut e) {
        // Again.
      } catch (QmpException | InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  @Test
  void noCommandWaitsForEverUnlessItIsToldTo() {
    QmpOptions endless = QmpOptions.DEFAULT.withConnectTimeout(MINUTE);
    assertEquals(OPTIONS, GuestAgent.bounded(endless));
    assertEquals(MOMENT, GuestAgent.bounded(endless.withReplyTimeout(MOMENT)).replyTimeout());
  }

  record Named(String name) {}

  @Test
  void anAnswerOfAnotherShapeIsNotSoughtInQemusSchema() throws Exception {
    answers.addAll(List.of(SYNC, "{\"return\": {}}\n"));
    try (GuestAgent agent = connect(OPTIONS)) {
      QmpCommand command = QmpCommand.of("guest-get-host-name");
      ViewMismatch other =
          assertThrows(ViewMismatch.class, () -> agent.execute(command, Named.class));
      assertFalse(other.getMessage().contains("Schema"), other.getMessage());
    }
  }

  @Test
  void anAnswerWithoutEndEndsTheConnection() throws Exception {
    answers.addAll(List.of(SYNC, "{\"return\": \"" + "x".repeat(11 << 20)));
    try (GuestAgent agent = connect(OPTIONS)) {
      ProtocolViolation endless =
          assertThrows(ProtocolViolation.class, () -> agent.execute("guest-file-read"));
      assertTrue(endless.getMessage().contains("size limit"), endless.getMessage());
      assertTrue(endless.getMessage().endsWith("and no monitor"), endless.getMessage());
      assertThrows(ProtocolViolation.class, () -> agent.execute("guest-ping"));
    }
  }

  @Test
  void aFloodBeforeTheFenceIsNoAgents() {
    answers.add("x".repeat(65536));
    TimedOut flooded =
        assertThrows(TimedOut.class, () -> connect(OPTIONS.withConnectTimeout(MOMENT)));
    assertTrue(flooded.getMessage().contains("guest-sync-delimited"), flooded.getMessage());
  }

  @Test
  void aMonitorIsNoAgent() throws Exception {
    try (RealQemu qemu = RealQemu.start()) {
      TimedOut monitor =
          assertThrows(
              TimedOut.class,
              () ->
                  GuestAgent.connect(
                      Address.unix(qemu.path()),
                      OPTIONS.withConnectTimeout(Duration.ofSeconds(2))));
      assertTrue(monitor.getMessage().contains("no monitor"), monitor.getMessage());
    }
    server.close();
  }

  @Test
  void garbageIsAViolation() throws Exception {
    answers.addAll(List.of(SYNC, "{\"return\": }\u001b[2J\n"));
    try (GuestAgent agent = connect(OPTIONS)) {
      ProtocolViolation violation =
          assertThrows(ProtocolViolation.class, () -> agent.execute("guest-ping"));
      assertTrue(violation.getMessage().chars().noneMatch(Character::isISOControl));
    }
  }

  @Test
  void outOfBandIsRefused() throws Exception {
    answers.add(SYNC);
    try (GuestAgent agent = connect(OPTIONS)) {
      assertThrows(
          UnsupportedOperationException.class,
          () -> agent.execute(QmpCommand.of("guest-ping").outOfBand()));
    }
  }

  @Test
  void anAgentThatLeavesEndsTheWait() throws Exception {
    answers.addAll(List.of(SYNC, ""));
    try (GuestAgent agent = connect(OPTIONS)) {
      Thread.ofPlatform()
          .start(() -> {
            while (requests.size() < 2) {
              Thread.onSpinWait();
            }
            thread.interrupt(); // which closes its channel
          });
      Disconnected lost = assertThrows(Disconnected.class, () -> agent.execute("guest-ping"));
      assertTrue(lost.outcomeUnknown());
    }
  }
}
