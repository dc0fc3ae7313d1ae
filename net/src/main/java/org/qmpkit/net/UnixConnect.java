package org.qmpkit.net;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketAddress;
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
final class UnixConnect implements Attempt, Runnable, SocketPoller.Dialled {
  private static final long FIRST_PAUSE = 5_000_000;
  private static final long LONGEST_PAUSE = 100_000_000;

  private final Address address;
  private final @Nullable Path path;
  private final SocketAddress name;
  private final Loop loop;
  private final SocketPoller poller;
  private final Duration timeout;
  private final Connecting connecting;
  private final long began;
  private long pause = FIRST_PAUSE;
  private final AtomicBoolean over = new AtomicBoolean();
  private @Nullable Timer again;
  private @Nullable Attempt dial;

  private UnixConnect(
      Address address,
      @Nullable Path path,
      SocketAddress name,
      Loop loop,
      SocketPoller poller,
      Duration timeout,
      Connecting connecting) {
    this.address = address;
    this.path = path;
    this.name = name;
    this.loop = loop;
    this.poller = poller;
    this.timeout = timeout;
    this.connecting = connecting;
    this.began = loop.time();
  }

  /**
   * Begins.
   *
   * @param path of the socket; null for one without
   * @param name the same as the system has it, whatever its length
   */
  static Attempt start(
      Address address,
      @Nullable Path path,
      SocketAddress name,
      Loop loop,
      SocketPoller poller,
      Duration timeout,
      Connecting connecting) {
    UnixConnect attempt = new UnixConnect(address, path, name, loop, poller, timeout, connecting);
    loop.execute(attempt);
    return attempt;
  }

  @Override
  public void run() {
    again = null;
    if (over.get()) {
      return;
    }
    // The system looks at the path within the call.
    try (ShortPath shortPath = path == null ? null : ShortPath.to(path)) {
      SocketAddress to = shortPath == null ? name : shortPath.address();
      dial = poller.dial(to, loop, address.toString(), this);
    } catch (IOException e) {
      end(reason(e));
    }
  }

  @Override
  public void connected(Endpoint endpoint) {
    forget();
    if (over.compareAndSet(false, true)) {
      connecting.connected(
          poller instanceof NativePoller own && address.flag("fds", false)
              ? own.withDescriptors(endpoint)
              : endpoint);
    } else {
      endpoint.close();
    }
  }

  @Override
  public void failed(IOException why) {
    forget();
    if (why instanceof BacklogFullException full) {
      tryAgain(full);
    } else {
      end(reason(why));
    }
  }

  private void tryAgain(BacklogFullException full) {
    long left = Loop.nanos(timeout) - (loop.time() - began);
    if (left <= 0) {
      end(
          new TransportException(
              UnixTransport.CONNECT,
              address,
              "the backlog is full: another client holds it, and others wait already",
              "disconnect that client, or share the monitor with 'qmp helper'",
              true,
              full));
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
    if (e instanceof BindException) {
      return failure("permission denied", "run as its owner, or ask for access", false, e);
    }
    if (e instanceof ConnectException) {
      return path == null || Occupant.isSocket(path)
          ? failure("nobody listens there", "start the program that should", true, e)
          : failure("it is not a socket", "give the path of a UNIX socket", false, e);
    }
    if (path != null && !Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
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
    if (again != null) {
      again.cancel();
      again = null;
    }
    if (dial != null) {
      dial.close();
      dial = null;
    }
  }
}
