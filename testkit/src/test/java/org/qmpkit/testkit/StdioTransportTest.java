package org.qmpkit.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.qmpkit.net.Address;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.SelectorPoller;
import org.qmpkit.net.StdioTransport;
import org.qmpkit.net.TransportException;

/** Standard input and output can be used once, on either side. */
@Timeout(300)
final class StdioTransportTest {
  private static final Address STDIO = Address.parse("stdio:");

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final StdioTransport stdio =
      new StdioTransport(new ByteArrayInputStream("hello".getBytes(StandardCharsets.UTF_8)), out);

  @Test
  void aListenerHasOnePeer() throws IOException {
    try (Loop loop = new Loop(new SelectorPoller())) {
      TransportRig rig = new TransportRig(stdio, loop);
      Listener listener = stdio.listen(STDIO, loop);
      Endpoint peer = rig.accepted(listener);
      assertEquals("hello", rig.read(peer, 5));
      rig.assertEnds(peer);
      rig.write(peer, "good-bye");
      rig.until(() -> out.toString(StandardCharsets.UTF_8).equals("good-bye"), "good-bye");
      assertNull(listener.accept());
      int[] calls = {0};
      listener.onWaiting(() -> calls[0]++);
      listener.interest(true);
      rig.settle();
      assertEquals(0, calls[0]);
      assertUsed(rig);
      assertThrows(TransportException.class, () -> stdio.listen(STDIO, loop));
    }
  }

  @Test
  void aConnectionIsMadeOnce() throws IOException {
    try (Loop loop = new Loop(new SelectorPoller())) {
      TransportRig rig = new TransportRig(stdio, loop);
      Objects.requireNonNull(rig.outcome(STDIO, TransportRig.DEADLINE).endpoint).close();
      assertUsed(rig);
    }
  }

  private static void assertUsed(TransportRig rig) {
    TransportException why = Objects.requireNonNull(rig.outcome(STDIO, TransportRig.DEADLINE).why);
    assertTrue(why.reason().contains("can be used once"), why.reason());
    assertFalse(why.retryable());
  }
}
