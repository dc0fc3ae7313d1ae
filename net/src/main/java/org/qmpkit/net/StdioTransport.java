package org.qmpkit.net;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * {@code stdio:}: our own standard input and output, once. To listen there is to have one peer,
 * which waits already; nobody comes after it. To connect there works at once.
 *
 * <p>The endpoint has two threads, since standard input may be a pipe or a terminal, which cannot
 * be polled. The one that reads cannot be interrupted: after a close it stays until something or
 * the end comes, and does not keep the process alive.
 */
public final class StdioTransport implements Transport {
  /** Two streams that can be taken once. */
  private record Streams(InputStream in, OutputStream out, AtomicBoolean taken) {
    /** Nothing is to be done where the streams are somebody else's. */
    private static final class Nothing implements PumpEndpoint.Owner {
      @Override
      public @Nullable IOException ended() {
        return null;
      }

      @Override
      public void closed() {}
    }

    @Nullable Endpoint take(Loop loop, Address address) {
      return taken.compareAndSet(false, true)
          ? PumpEndpoint.on(in, out, loop, address.toString(), new Nothing())
          : null;
    }
  }

  /** The process's own, made when first needed. */
  private static final class Own {
    static final Streams STREAMS =
        new Streams(
            new FileInputStream(FileDescriptor.in),
            new FileOutputStream(FileDescriptor.out),
            new AtomicBoolean());
  }

  private final @Nullable Streams given;

  /** For the service loader: the process's own streams, which all of its instances share. */
  public StdioTransport() {
    given = null;
  }

  /** A program's other streams in their place. */
  public StdioTransport(InputStream in, OutputStream out) {
    given = new Streams(in, out, new AtomicBoolean());
  }

  private Streams streams() {
    return given == null ? Own.STREAMS : given;
  }

  @Override
  public String scheme() {
    return "stdio";
  }

  @Override
  public String summary() {
    return "our own standard input and output, once";
  }

  @Override
  public Class<? extends Poller> poller() {
    return Poller.class;
  }

  @Override
  public Optional<String> unavailable() {
    return Optional.empty();
  }

  @Override
  public Attempt connect(Address address, Loop loop, Duration timeout, Connecting connecting) {
    try {
      check(TcpTransport.CONNECT, address);
    } catch (TransportException e) {
      return Attempt.refused(loop, connecting, e);
    }
    AtomicBoolean over = new AtomicBoolean();
    loop.execute(() -> {
      if (over.compareAndSet(false, true)) {
        connect(address, loop, connecting);
      }
    });
    return () -> over.set(true);
  }

  private void connect(Address address, Loop loop, Connecting connecting) {
    Endpoint endpoint = streams().take(loop, address);
    if (endpoint == null) {
      connecting.failed(used(TcpTransport.CONNECT, address));
      return;
    }
    try {
      connecting.connected(endpoint);
    } catch (RuntimeException e) {
      endpoint.close();
      throw e;
    }
  }

  @Override
  public Listener listen(Address address, Loop loop) throws TransportException {
    check(TcpTransport.LISTEN, address);
    if (streams().taken().get()) {
      throw used(TcpTransport.LISTEN, address);
    }
    return new OnceListener(loop, address, () -> streams().take(loop, address), () -> {});
  }

  private static void check(String attempted, Address address) throws TransportException {
    try {
      address.checkOptions(List.of());
    } catch (AddressException e) {
      throw new TransportException(
          attempted, address, String.valueOf(e.getMessage()), "correct it", false, e);
    }
  }

  private static TransportException used(String attempted, Address address) {
    return new TransportException(
        attempted,
        address,
        "standard input and output are in use, or have been used; they can be used once",
        "use them in one place, and start this program anew for another peer",
        false,
        null);
  }
}
