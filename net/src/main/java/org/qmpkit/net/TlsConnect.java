package org.qmpkit.net;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Connecting by TLS: the files are read on a thread of their own, since they, and the JDK's own
 * authorities, may take a while; then TCP; then the handshake. All three share the time.
 */
final class TlsConnect implements Attempt, Connecting, TlsHandshake.Outcome {
  private final Address address;
  private final Loop loop;
  private final SocketPoller poller;
  private final Duration timeout;
  private final Connecting connecting;
  private final long began;
  private final AtomicBoolean over = new AtomicBoolean();
  private volatile @Nullable Attempt tcp;
  private volatile @Nullable Endpoint raw;
  private @Nullable TlsContext context;
  private @Nullable Timer patience;
  private String doing = "its certificate files were not read";

  private TlsConnect(
      Address address, Loop loop, SocketPoller poller, Duration timeout, Connecting connecting) {
    this.address = address;
    this.loop = loop;
    this.poller = poller;
    this.timeout = timeout;
    this.connecting = connecting;
    this.began = loop.time();
  }

  static Attempt start(
      Address address, Loop loop, SocketPoller poller, Duration timeout, Connecting connecting) {
    TlsConnect attempt = new TlsConnect(address, loop, poller, timeout, connecting);
    loop.execute(attempt::begin);
    return attempt;
  }

  private void begin() {
    if (!over.get()) {
      patience = loop.schedule(timeout, this::late);
      Thread.ofPlatform().daemon().name("tls " + address.target()).start(this::prepare);
    }
  }

  private void prepare() {
    try {
      TlsContext read = TlsContext.of(TcpTransport.CONNECT, address);
      loop.offer(() -> dial(read));
    } catch (TransportException e) {
      loop.offer(() -> failed(e));
    }
  }

  private void dial(TlsContext read) {
    long left = Loop.nanos(timeout) - (loop.time() - began);
    if (over.get()) {
      return;
    }
    if (left <= 0) {
      late();
      return;
    }
    context = read;
    doing = "nobody answered";
    tcp = TcpConnect.start(address, loop, poller, Duration.ofNanos(left), this);
    giveUpIfOver();
  }

  @Override
  public void connected(Endpoint endpoint) {
    TlsContext read = context;
    if (over.get() || read == null) {
      endpoint.close();
      return;
    }
    tcp = null;
    raw = endpoint;
    giveUpIfOver();
    doing = "no TLS handshake; the monitor may be in use by another client, or does not speak TLS";
    String host = address.host().isEmpty() ? "localhost" : address.host();
    TlsHandshake.begin(read.dialling(host, address.port()), endpoint, loop, this);
  }

  @Override
  public void agreed(TlsEndpoint endpoint) {
    stopWaiting();
    if (!over.compareAndSet(false, true)) {
      endpoint.close();
      return;
    }
    raw = null;
    try {
      connecting.connected(endpoint);
    } catch (RuntimeException e) {
      endpoint.close();
      throw e;
    }
  }

  @Override
  public void disagreed(TlsException why) {
    failed(why.at(TcpTransport.CONNECT, address));
  }

  @Override
  public void failed(TransportException why) {
    stopWaiting();
    if (over.compareAndSet(false, true)) {
      release();
      connecting.failed(why);
    }
  }

  private void late() {
    failed(
        new TransportException(
            TcpTransport.CONNECT,
            address,
            doing + " within " + timeout.toMillis() + " ms",
            "check that it is up and not cut off",
            true,
            null));
  }

  private void stopWaiting() {
    if (patience != null) {
      patience.cancel();
    }
  }

  /** Another thread that gave up did not see what has just been opened. */
  private void giveUpIfOver() {
    if (over.get()) {
      release();
    }
  }

  private void release() {
    Attempt attempt = tcp;
    if (attempt != null) {
      attempt.close();
    }
    Endpoint endpoint = raw;
    if (endpoint != null) {
      endpoint.close();
    }
  }

  @Override
  public void close() {
    if (over.compareAndSet(false, true)) {
      release();
      loop.offer(this::stopWaiting);
    }
  }
}
