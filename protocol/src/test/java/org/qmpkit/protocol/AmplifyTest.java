package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.qmpkit.protocol.ClientSession.Phase;

/**
 * What a hostile QEMU sends costs us at most ten times as much memory as it sends: all that is
 * allocated is counted, kept or not. Each message may cost a fixed amount besides, for a scanner's
 * first buffers and the error.
 */
final class AmplifyTest {
  private static final int MOST = 10;
  private static final long FIXED = 32 * 1024;
  private static final int CHUNK = 64 * 1024;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** A session that QEMU has greeted, and whose fence it has answered. */
  private static ClientSession ready() {
    ClientSession session = new ClientSession(10 << 20, new Random(7));
    feed(session, SharedMonitor.GREETING.getBytes(StandardCharsets.US_ASCII));
    ByteBuffer sent = ByteBuffer.allocate((int) session.outbox().size());
    session.outbox().peek(sent);
    session.wrote(sent.position());
    String fence =
        Json.parse(new String(sent.array(), StandardCharsets.US_ASCII)).get("id").toString();
    feed(session, ("{\"return\": {}, \"id\": " + fence + "}").getBytes(StandardCharsets.US_ASCII));
    assertEquals(Phase.READY, session.phase());
    return session;
  }

  private static void feed(ClientSession session, byte[] bytes) {
    for (int from = 0; from < bytes.length; from += CHUNK) {
      ByteBuffer in = ByteBuffer.wrap(bytes, from, Math.min(CHUNK, bytes.length - from));
      while (session.next(in) != null) {}
    }
  }

  private static long allocated(byte[] message) {
    ClientSession session = ready();
    long before = THREADS.getCurrentThreadAllocatedBytes();
    feed(session, message);
    return THREADS.getCurrentThreadAllocatedBytes() - before;
  }

  @Test
  void noMessageCostsMuchMoreThanItsBytes() {
    Map<String, byte[]> messages = NastyMessages.all();
    assertEquals(201, messages.size());
    // What is loaded at the first use is nobody's fault.
    messages.values().stream().limit(50).forEach(AmplifyTest::allocated);
    List<String> wrong = new ArrayList<>();
    String worst = "";
    double most = 0;
    for (Map.Entry<String, byte[]> each : messages.entrySet()) {
      int bytes = each.getValue().length;
      long allocated = allocated(each.getValue());
      if (allocated > FIXED + (long) MOST * bytes) {
        wrong.add(each.getKey() + ": " + allocated + " for " + bytes);
      }
      double ratio = (double) Math.max(0, allocated - FIXED) / bytes;
      if (ratio > most) {
        most = ratio;
        worst = each.getKey();
      }
    }
    System.out.printf("AmplifyTest: at most %.1f bytes allocated per byte, for %s%n", most, worst);
    assertTrue(wrong.isEmpty(), () -> String.join("\n", wrong));
  }
}
