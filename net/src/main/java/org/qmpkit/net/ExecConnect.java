package org.qmpkit.net;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Starting a command, on a thread of its own: the system may take a while to make a process. */
final class ExecConnect implements Attempt {
  private final Address address;
  private final Loop loop;
  private final Duration timeout;
  private final Connecting connecting;
  private final Consumer<String> said;
  private final AtomicBoolean over = new AtomicBoolean();
  private @Nullable Timer patience;

  private ExecConnect(
      Address address, Loop loop, Duration timeout, Connecting connecting, Consumer<String> said) {
    this.address = address;
    this.loop = loop;
    this.timeout = timeout;
    this.connecting = connecting;
    this.said = said;
  }

  static Attempt start(
      Address address, Loop loop, Duration timeout, Connecting connecting, Consumer<String> said) {
    ExecConnect attempt = new ExecConnect(address, loop, timeout, connecting, said);
    loop.execute(attempt::begin);
    return attempt;
  }

  private void begin() {
    if (!over.get()) {
      patience =
          loop.schedule(
              timeout,
              () -> fail("the system did not start it within " + timeout.toMillis() + " ms", null));
      Thread.ofPlatform().daemon().name("start of " + address).start(this::launch);
    }
  }

  private void launch() {
    try {
      CommandProcess process = CommandProcess.start(address.target(), address.toString(), said);
      if (!loop.offer(() -> started(process))) {
        process.closed();
      }
    } catch (IOException e) {
      loop.offer(() -> fail(String.valueOf(e.getMessage()), e));
    }
  }

  private void started(CommandProcess process) {
    stopWaiting();
    if (!over.compareAndSet(false, true)) {
      process.closed();
      return;
    }
    Endpoint endpoint =
        PumpEndpoint.on(process.output(), process.input(), loop, address.toString(), process);
    try {
      connecting.connected(endpoint);
    } catch (RuntimeException e) {
      endpoint.close();
      throw e;
    }
  }

  private void fail(String reason, @Nullable IOException cause) {
    stopWaiting();
    if (over.compareAndSet(false, true)) {
      connecting.failed(
          new TransportException(
              TcpTransport.CONNECT,
              address,
              reason,
              "see whether the host has processes and memory left",
              true,
              cause));
    }
  }

  private void stopWaiting() {
    if (patience != null) {
      patience.cancel();
    }
  }

  @Override
  public void close() {
    if (over.compareAndSet(false, true)) {
      loop.offer(this::stopWaiting);
    }
  }
}
