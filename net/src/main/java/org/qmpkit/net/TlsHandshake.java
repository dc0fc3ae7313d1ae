package org.qmpkit.net;

import java.io.IOException;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/** A TLS handshake under way on a connected endpoint; its owner sees to the time. */
final class TlsHandshake {
  /** Who waits for it; one of the two is called once, on the loop's thread. */
  interface Outcome {
    /** The peer is who it should be; the endpoint is the callee's. */
    void agreed(TlsEndpoint endpoint);

    /** There is no agreement; the connection is closed. */
    void disagreed(TlsException why);
  }

  private final TlsStream stream;
  private final Endpoint raw;
  private final Loop loop;
  private final Outcome outcome;

  private TlsHandshake(TlsStream stream, Loop loop, Outcome outcome) {
    this.stream = stream;
    this.raw = stream.raw();
    this.loop = loop;
    this.outcome = outcome;
  }

  /** Begins one; the outcome may come before this returns. */
  static void begin(SSLEngine engine, Endpoint raw, Loop loop, Outcome outcome) {
    TlsHandshake handshake = new TlsHandshake(new TlsStream(engine, raw), loop, outcome);
    raw.onReady((readable, writable) -> handshake.step());
    handshake.step();
  }

  private void step() {
    TlsEndpoint endpoint;
    try {
      if (!stream.handshake()) {
        raw.interest(!stream.hasOutgoing(), stream.hasOutgoing());
        return;
      }
      endpoint = new TlsEndpoint(stream, loop, subject());
    } catch (IOException e) {
      raw.close();
      outcome.disagreed(TlsException.of(e));
      return;
    }
    outcome.agreed(endpoint);
  }

  /** The subject of the peer's certificate; null if it showed none. */
  private @Nullable String subject() {
    try {
      return stream.engine().getSession().getPeerPrincipal().getName();
    } catch (SSLPeerUnverifiedException e) {
      return null;
    }
  }
}
