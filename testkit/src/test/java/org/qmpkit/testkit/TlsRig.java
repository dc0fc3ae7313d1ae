package org.qmpkit.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.qmpkit.net.Address;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.SelectorPoller;
import org.qmpkit.net.TlsTransport;
import org.qmpkit.net.TransportException;
import org.qmpkit.testkit.TransportRig.Outcome;

/** A TLS listener that notes whom it turned away, and what dials it; on a clock that can jump. */
final class TlsRig implements AutoCloseable {
  final TlsTransport tls = new TlsTransport();
  final List<TransportException> turnedAway = new ArrayList<>();
  final Loop loop;
  final TransportRig rig;
  private long jumped;

  TlsRig() throws IOException {
    loop = new Loop(new SelectorPoller(), () -> System.nanoTime() + jumped);
    rig = new TransportRig(tls, loop);
  }

  void jump(long seconds) {
    jumped += seconds * 1_000_000_000;
  }

  Listener listen(String options) throws IOException {
    Listener listener = tls.listen(Address.parse("tls:127.0.0.1:0" + options), loop);
    listener.onTurnedAway(turnedAway::add);
    return listener;
  }

  Outcome dial(int port, String options) {
    return rig.outcome(Address.parse("tls:localhost:" + port + options), TransportRig.DEADLINE);
  }

  Endpoint connected(int port, String options) {
    Outcome outcome = dial(port, options);
    if (outcome.endpoint == null) {
      throw new AssertionError("not connected", outcome.why);
    }
    return outcome.endpoint;
  }

  TransportException failure(int port, String options) {
    return Objects.requireNonNull(dial(port, options).why, "connected");
  }

  /** What the one peer was turned away for. */
  String turnedAway() {
    rig.until(() -> !turnedAway.isEmpty(), "a peer that is turned away");
    rig.settle();
    assertEquals(1, turnedAway.size(), turnedAway::toString);
    String text = String.valueOf(turnedAway.getFirst().getMessage());
    turnedAway.clear();
    assertEquals(1, text.lines().count());
    return text;
  }

  /** The exception that reading ends with. */
  IOException readingFails(Endpoint endpoint) {
    List<IOException> why = new ArrayList<>();
    endpoint.onReady((r, w) -> {
      try {
        assertEquals(0, Math.max(0, endpoint.read(ByteBuffer.allocate(9))));
      } catch (IOException e) {
        why.add(e);
        endpoint.interest(false, false);
      }
    });
    endpoint.interest(true, false);
    rig.until(() -> !why.isEmpty(), "a read that fails");
    return why.getFirst();
  }

  /** Sends a word from one end to the other. */
  void assertFlows(Endpoint from, Endpoint to) throws IOException {
    rig.write(from, "word");
    assertEquals("word", rig.read(to, 4));
  }

  @Override
  public void close() {
    loop.close();
  }
}
