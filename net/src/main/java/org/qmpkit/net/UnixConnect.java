package org.qmpkit.net;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Connecting to a UNIX socket. The system answers at once; only a full backlog makes it worth
 * asking again, until the time is up.
 */
final class UnixConnect implements Attempt, Runnable {
  private static final long FIRST_PAUSE = 5_000_000;
  private static final long LONGEST_PAUSE = 100_000_000;

  private final Address address;
  private final Path path;
  private final Loop loop;
  private final SelectorPoller poller;
  private final Duration timeout;
  private final Connecting connecting;
  private final long began;
  private long pause = FIRST_PAUSE;
  private final AtomicBoolean over = new AtomicBoolean();
  private @Nullable Timer again;

  private UnixConnect(
      Address address,
      Path path,
      Loop loop,
      SelectorPoller poller,
      Duration timeout,
      Connecting connecting) {
    this.address = address;
    this.path = path;
    this.loop = loop;
    this.poller = poller;
    this.timeout = timeout;
    this.connecting = connecting;
    this.began = loop.time();
  }

  static Attempt start(
      Address address,
      Path path,
      Loop loop,
      SelectorPoller poller,
      Duration timeout,
      Connecting connecting) {
    UnixConnect attempt = new UnixConnect(address, path, loop, poller, timeout, connecting);
    loop.execute(attempt);
    return attempt;
  }

  /**
   * True if this is how the JDK reports EAGAIN. It has no exception of its own for it; in another
   * language than English the connection just fails with the system's text.
   */
  static boolean isFull(IOException e) {
    return e.getClass() == SocketException.class
        && "Resource temporarily unavailable".equals(e.getMessage());
  }

  @Override
  public void run() {
    again = null;
    if (over.get()) {
      return;
    }
    SocketChannel channel = null;
    Endpoint endpoint = null;
    try (ShortPath shortPath = ShortPath.to(path)) {
      channel = SocketChannel.open(StandardProtocolFamily.UNIX);
      channel.configureBlocking(false);
      // A UNIX socket connects at once or not at all: false would be EAGAIN, and finishConnect()
      // would then claim a connection that is none.
      if (channel.connect(shortPath.address())) {
        endpoint = ChannelEndpoint.on(channel, poller.register(channel), loop, address.toString());
      }
    } catch (IOException e) {
      if (!isFull(e)) {
        end(reason(e));
        return;
      }
    } finally {
      if (channel != null && endpoint == null) {
        Channels.close(channel);
      }
    }
    if (endpoint == null) {
      tryAgain();
    } else if (over.compareAndSet(false, true)) {
      hand(endpoint);
    } else {
      endpoint.close();
    }
  }

  private void hand(Endpoint endpoint) {
    try {
      connecting.connected(endpoint);
    } catch (RuntimeException e) {
      endpoint.close();
      throw e;
    }
  }

  private void tryAgain() {
    long left = Loop.nanos(timeout) - (loop.time() - began);
    if (left <= 0) {
      end(
          new TransportException(
              UnixTransport.CONNECT,
              address,
              "the backlog is full: another client holds it, and others wait already",
              "disconnect that client, or share the monitor with 'qmp helper'",
              true,
              null));
      return;
    }
    again = loop.schedule(Duration.ofNanos(Math.min(pause, left)), this);
    pause = Math.min(2 * pause, LONGEST_PAUSE);
  }

  private void end(TransportException why) {
    if (over.compareAndSet(false, true)) {
      connecting.failed(why);
    }
  }

  private TransportException reason(IOException e) {
    if (e instanceof ConnectException) {
      return Occupant.isSocket(path)
          ? failure("nobody listens there", "start the program that should", true, e)
          : failure("it is not a socket", "give the path of a UNIX socket", false, e);
    }
    if (e instanceof BindException) {
      return failure("permission denied", "run as its owner, or ask for access", false, e);
    }
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return failure("there is no such file", "start the program that listens there", true, e);
    }
    return failure(String.valueOf(e.getMessage()), "", true, e);
  }

  private TransportException failure(
      String reason, String remedy, boolean retryable, IOException e) {
    return new TransportException(UnixTransport.CONNECT, address, reason, remedy, retryable, e);
  }

  @Override
  public void close() {
    if (over.compareAndSet(false, true)) {
      loop.offer(this::forget);
    }
  }

  private void forget() {
    Timer timer = again;
    if (timer != null) {
      timer.cancel();
    }
  }
}
