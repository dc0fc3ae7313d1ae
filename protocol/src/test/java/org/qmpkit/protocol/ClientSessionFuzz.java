package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.qmpkit.protocol.ClientSession.Heard;
import org.qmpkit.protocol.ClientSession.Phase;

/** Any bytes from QEMU, into a client's part of the conversation. */
final class ClientSessionFuzz {
  private static final int LIMIT = 1 << 16;

  /** What the seeds know as the fence's id: "qmpkit-5eed". */
  private static final long KNOWN = 0x5eed;

  @FuzzTest
  void converse(byte[] bytes) {
    List<String> whole = hear(bytes, KNOWN, bytes.length);
    assertEquals(whole, hear(bytes, KNOWN, 1));
    assertEquals(whole, hear(bytes, KNOWN, 7));
    // Of this fence the bytes cannot know.
    List<String> strange = hear(bytes, 0x7000_0000_0000_0000L | Arrays.hashCode(bytes), 13);
    assertTrue(strange.stream().noneMatch(each -> each.startsWith("Ready")));
    assertTrue(strange.stream().noneMatch(each -> each.startsWith("Answered")));
  }

  /** Any bytes from a guest, which cannot know the fence, however they are cut. */
  @FuzzTest
  void agent(byte[] bytes) {
    List<String> whole = hearAgent(bytes, 0x5eed, bytes.length);
    assertEquals(whole, hearAgent(bytes, 0x5eed, 1));
    assertEquals(whole, hearAgent(bytes, 0x5eed, 7));
    long strange = 0x7000_0000_0000L | (Arrays.hashCode(bytes) & 0xffff_ffffL);
    assertEquals(List.of(), hearAgent(bytes, strange, 13));
  }

  private static List<String> hearAgent(byte[] bytes, long fence, int piece) {
    ClientSession session = ClientSession.withAgent(LIMIT, () -> fence << 12);
    List<String> heard = new ArrayList<>();
    for (int from = 0; from < bytes.length; from += piece) {
      ByteBuffer in = ByteBuffer.wrap(bytes, from, Math.min(piece, bytes.length - from));
      for (Heard each = session.next(in); each != null; each = session.next(in)) {
        assertEquals(each instanceof Heard.Broke, session.phase() == Phase.BROKEN);
        heard.add(name(each));
      }
      assertEquals(0, in.remaining(), "all is taken");
    }
    assertNotEquals(Phase.GREETING, session.phase());
    return heard;
  }

  private static List<String> hear(byte[] bytes, long fence, int piece) {
    ClientSession session = new ClientSession(LIMIT, () -> fence);
    List<String> heard = new ArrayList<>();
    boolean broke = false;
    int fences = 0;
    for (int from = 0; from < bytes.length; from += piece) {
      ByteBuffer in = ByteBuffer.wrap(bytes, from, Math.min(piece, bytes.length - from));
      for (Heard each = session.next(in); each != null; each = session.next(in)) {
        assertTrue(!broke, "nothing comes after the end");
        heard.add(name(each));
        broke = each instanceof Heard.Broke;
        if (each instanceof Heard.Ready(Message.Greeting greeting)) {
          assertEquals(Phase.READY, session.phase());
          Json.lines(greeting.line());
          assertTrue(greeting.release().length() < LIMIT);
          String sent = Ascii.text(bytes, 0, bytes.length);
          assertTrue(sent.contains("qmpkit-" + Long.toHexString(fence)), "ready without a fence");
        }
        if (each instanceof Heard.Answered) {
          assertEquals(Phase.READY, session.phase());
        }
      }
      assertEquals(0, in.remaining(), "all is taken");
      assertEquals(broke, session.phase() == Phase.BROKEN);
      fences += drain(session);
    }
    assertTrue(fences > 0 || session.phase() == Phase.GREETING || session.phase() == Phase.BROKEN);
    if (session.phase() == Phase.BROKEN) {
      assertNull(session.next(ByteBuffer.wrap(new byte[] {'}'})));
    } else {
      assertNotEquals(-1, session.dropped());
    }
    return heard;
  }

  /** What was sent is the fence, whole; what it is sent as is ASCII JSON. */
  private static int drain(ClientSession session) {
    ByteBuffer out = ByteBuffer.allocate((int) session.outbox().size());
    session.outbox().peek(out);
    session.wrote(out.position());
    int fences = 0;
    for (String line : Json.lines(out.array())) {
      assertTrue(line.startsWith("{\"execute\":\"qmp_capabilities\""), line);
      fences++;
    }
    return fences;
  }

  private static String name(Heard heard) {
    return switch (heard) {
      case Heard.Ready ready -> "Ready " + ready.greeting().document();
      case Heard.Restarted restarted -> "Restarted";
      case Heard.Answered answered -> "Answered " + answered.id() + answered.answer().document();
      case Heard.Happened happened -> "Happened " + happened.event().document();
      case Heard.Broke broke -> "Broke " + broke.reason();
    };
  }
}
