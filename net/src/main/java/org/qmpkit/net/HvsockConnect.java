package org.qmpkit.net;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Connecting to a guest's port by the hypervisor's UNIX socket: {@code CONNECT PORT} and a newline
 * there, {@code OK} with the host's port back. All of it shares the time.
 *
 * <p>The answer is read byte by byte, since what follows its newline is the guest's.
 */
final class HvsockConnect implements Connecting {
  /** Longer than any answer, in bytes with its newline. */
  private static final int LONGEST_ANSWER = 64;

  private static final Pattern ANSWER = Pattern.compile("OK [0-9]{1,10}");

  private final Address address;
  private final HvsockPlace place;
  private final Loop loop;
  private final SocketPoller poller;
  private final Duration timeout;
  private final Outcome outcome;
  private final ByteBuffer request;
  private final ByteBuffer next = ByteBuffer.allocateDirect(1);
  private final StringBuilder answer = new StringBuilder();
  private volatile @Nullable Attempt unix;
  private volatile @Nullable Endpoint endpoint;
  private final long began;

  private HvsockConnect(
      Address address,
      HvsockPlace place,
      Loop loop,
      SocketPoller poller,
      Duration timeout,
      Connecting connecting) {
    this.address = address;
    this.place = place;
    this.loop = loop;
    this.poller = poller;
    this.timeout = timeout;
    this.outcome = new Outcome(loop, connecting, this::release);
    this.began = loop.time();
    this.request =
        ByteBuffer.wrap(("CONNECT " + place.port() + "\n").getBytes(StandardCharsets.US_ASCII));
  }

  static Attempt start(
      Address address,
      HvsockPlace place,
      Loop loop,
      SocketPoller poller,
      Duration timeout,
      Connecting connecting) {
    HvsockConnect attempt = new HvsockConnect(address, place, loop, poller, timeout, connecting);
    loop.execute(attempt::begin);
    return attempt.outcome;
  }

  private void begin() {
    if (outcome.over()) {
      return;
    }
    unix =
        UnixConnect.start(
            address,
            place.path(),
            UnixDomainSocketAddress.of(place.path()),
            loop,
            poller,
            timeout,
            this);
    giveUpIfOver();
  }

  @Override
  public void connected(Endpoint opened) {
    unix = null;
    if (outcome.over()) {
      opened.close();
      return;
    }
    endpoint = opened;
    long left = Math.max(0, Loop.nanos(timeout) - (loop.time() - began));
    outcome.within(Duration.ofNanos(left), this::late);
    opened.onReady((readable, writable) -> shakeHands(opened, writable));
    opened.interest(true, true);
    giveUpIfOver();
  }

  private void shakeHands(Endpoint with, boolean writable) {
    if (outcome.over()) {
      return;
    }
    try {
      if (writable && request.hasRemaining()) {
        with.write(request);
        with.interest(true, request.hasRemaining());
      }
      while (!outcome.over()) {
        int count = with.read(next.clear());
        if (count == 0) {
          return;
        }
        if (count < 0) {
          refused(null);
        } else {
          take(with, (char) (next.get(0) & 0xFF));
        }
      }
    } catch (IOException e) {
      refused(e);
    }
  }

  private void take(Endpoint from, char c) {
    if (c == '\n') {
      if (request.hasRemaining() || !ANSWER.matcher(answer).matches()) {
        wrong();
      } else {
        done(from);
      }
      return;
    }
    answer.append(c);
    if (answer.length() == LONGEST_ANSWER) {
      wrong();
    }
  }

  private void done(Endpoint with) {
    with.interest(false, false);
    endpoint = null;
    outcome.connected(with);
  }

  private void refused(@Nullable IOException e) {
    failed(
        failure(
            "the hypervisor closed the connection without an OK: nothing in the guest listens on"
                + " port "
                + place.port(),
            "start the program there; in the guest 'ss --vsock -l' shows who listens",
            true,
            e));
  }

  private void wrong() {
    failed(
        failure(
            "the answer begins '" + printable(answer) + "', not 'OK' and a port",
            "name the vsock socket of Firecracker or Cloud Hypervisor, not its API's",
            false,
            null));
  }

  private TransportException late() {
    return failure(
        "the hypervisor did not say OK within " + timeout.toMillis() + " ms",
        "see whether the guest runs and has a vsock device",
        true,
        null);
  }

  private static String printable(CharSequence text) {
    return text.toString().replaceAll("[^ -~]", "?");
  }

  private TransportException failure(
      String reason, String remedy, boolean retryable, @Nullable IOException cause) {
    return new TransportException(TcpTransport.CONNECT, address, reason, remedy, retryable, cause);
  }

  @Override
  public void failed(TransportException why) {
    outcome.failed(why);
  }

  /** Another thread that gave up did not see what has just been opened. */
  private void giveUpIfOver() {
    if (outcome.over()) {
      release();
    }
  }

  private void release() {
    Attempt attempt = unix;
    if (attempt != null) {
      attempt.close();
    }
    Endpoint opened = endpoint;
    if (opened != null) {
      opened.close();
    }
  }
}
