package org.qmpkit.net.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class InboxTest {

  @Test
  void isAStreamOfWhatWasPutIn() {
    Inbox inbox = new Inbox();
    assertTrue(inbox.isEmpty());
    inbox.add("abc".getBytes(StandardCharsets.US_ASCII));
    inbox.add("defgh".getBytes(StandardCharsets.US_ASCII));
    ByteBuffer four = ByteBuffer.allocate(4);
    assertEquals(4, inbox.read(four));
    assertEquals("abcd", new String(four.array(), StandardCharsets.US_ASCII));
    assertFalse(inbox.isEmpty());
    assertEquals(4, inbox.read(ByteBuffer.allocateDirect(99)));
    assertTrue(inbox.isEmpty());
    assertEquals(0, inbox.read(four.clear()));
  }

  @Test
  void isFullAtItsBound() {
    Inbox inbox = new Inbox();
    inbox.add(new byte[Inbox.FULL - 1]);
    assertFalse(inbox.full());
    inbox.add(new byte[2]);
    assertTrue(inbox.full());
    inbox.read(ByteBuffer.allocate(2));
    assertFalse(inbox.full());
  }
}
