package org.qmpkit.net.linux;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Attempt;
import org.qmpkit.net.Connecting;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Outcome;
import org.qmpkit.net.TransportException;

/**
 * Connecting to a vchan server: on a thread of its own, since the library waits for xenstored and
 * the kernel; the channel is the loop's from then on.
 */
final class VchanConnect {
  /** What a client sends first where the marker is on; a reset to QMP's parser. */
  private static final byte[] MARKER = {Sessions.MARKER};

  private final Address address;
  private final VchanPlace place;
  private final Loop loop;
  private final EpollPoller poller;
  private final Duration timeout;
  private final Outcome outcome;

  private VchanConnect(
      Address address,
      VchanPlace place,
      Loop loop,
      EpollPoller poller,
      Duration timeout,
      Connecting connecting) {
    this.address = address;
    this.place = place;
    this.loop = loop;
    this.poller = poller;
    this.timeout = timeout;
    this.outcome = new Outcome(loop, connecting, () -> {});
  }

  static Attempt start(
      Address address,
      VchanPlace place,
      Loop loop,
      EpollPoller poller,
      Duration timeout,
      Connecting connecting) {
    VchanConnect attempt = new VchanConnect(address, place, loop, poller, timeout, connecting);
    loop.execute(attempt::begin);
    return attempt.outcome;
  }

  private void begin() {
    if (outcome.over()) {
      return;
    }
    outcome.within(
        timeout,
        () ->
            failure(
                "xenstored or the kernel did not answer within " + timeout.toMillis() + " ms",
                "see whether xenstored runs",
                null));
    Thread.ofPlatform().daemon().name("connect to " + address).start(this::open);
  }

  private void open() {
    try {
      long channel = Xenvchan.connect(place.domid(), place.path());
      try {
        loop.execute(() -> opened(channel));
      } catch (RejectedExecutionException e) {
        Libc.call(Xenvchan.library().close(), channel);
      }
    } catch (IOException e) {
      try {
        loop.execute(
            () -> outcome.failed(failure(reason(e), "start the server there, or wait for it", e)));
      } catch (RejectedExecutionException closed) {
        // Nobody is left to tell.
      }
    }
  }

  private String reason(IOException e) {
    return "domain " + place.domid() + " has no vchan server at that path (" + e.getMessage() + ")";
  }

  private void opened(long channel) {
    if (outcome.over()) {
      Libc.call(Xenvchan.library().close(), channel);
      return;
    }
    VchanEndpoint endpoint =
        VchanEndpoint.on(poller, loop, channel, place.domid(), address.toString());
    try {
      if (place.marker()) {
        endpoint.write(ByteBuffer.wrap(MARKER));
      }
    } catch (IOException e) {
      endpoint.close();
      outcome.failed(failure("the server left at once", "wait for it to return", e));
      return;
    }
    outcome.connected(endpoint);
  }

  private TransportException failure(String reason, String remedy, @Nullable IOException cause) {
    return new TransportException(VchanTransport.CONNECT, address, reason, remedy, true, cause);
  }
}
