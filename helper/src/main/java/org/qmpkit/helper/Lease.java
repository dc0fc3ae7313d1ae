package org.qmpkit.helper;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Timer;
import org.qmpkit.protocol.JsonString;

/**
 * One connection to a helper's {@link Control} socket: a request of one line is answered by one
 * line; after that it is a lease, until either side closes it.
 */
final class Lease {
  /** What comes of it. */
  interface Listener {
    /**
     * A request came.
     *
     * @return why it is refused; null if it is not
     */
    @Nullable String asked(Lease lease, LeaseRequest request);

    /** It is over; told once. */
    void over(Lease lease);
  }

  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final int LONGEST = 4096;

  private final Endpoint endpoint;
  private final Listener listener;
  private final Timer patience;
  private final ByteBuffer line = ByteBuffer.allocate(LONGEST);
  private boolean asked;
  private boolean closed;

  Lease(Endpoint endpoint, Loop loop, Listener listener) {
    this.endpoint = endpoint;
    this.listener = listener;
    this.patience =
        loop.schedule(PATIENCE, () -> refuse("no request within " + PATIENCE.toSeconds() + " s"));
    endpoint.onReady((readable, writable) -> read());
    endpoint.interest(true, false);
  }

  /** Whether a request is still awaited. */
  boolean pending() {
    return !asked && !closed;
  }

  private void read() {
    try {
      if (asked) {
        // Nothing more is expected but the end.
        line.clear();
      }
      if (endpoint.read(line) < 0) {
        close();
      } else if (!asked) {
        look();
      }
    } catch (IOException e) {
      close();
    }
  }

  private void look() {
    for (int i = 0; i < line.position(); i++) {
      if (line.get(i) == '\n') {
        ask(new String(line.array(), 0, i, StandardCharsets.UTF_8));
        return;
      }
    }
    if (!line.hasRemaining()) {
      refuse("a request has at most " + LONGEST + " bytes");
    }
  }

  private void ask(String text) {
    asked = true;
    patience.cancel();
    String refusal;
    try {
      refusal = listener.asked(this, LeaseRequest.parse(text));
    } catch (IllegalArgumentException e) {
      refusal = e.getMessage() == null ? "no request" : e.getMessage();
    }
    if (refusal == null) {
      write("{\"return\": {}}\r\n");
    } else {
      refuse(refusal);
    }
  }

  /** Answers with an error, and closes. */
  void refuse(String desc) {
    write(
        "{\"error\": {\"class\": \"GenericError\", \"desc\": " + JsonString.quote(desc) + "}}\r\n");
    close();
  }

  /** What was leased has ended: the other side hears why. */
  void end(String why) {
    write("{\"ended\": {\"desc\": " + JsonString.quote(why) + "}}\r\n");
    close();
  }

  private void write(String text) {
    if (closed) {
      return;
    }
    try {
      // A line fits into a socket that nothing was written to.
      endpoint.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
    } catch (IOException e) {
      close();
    }
  }

  /** Ends the connection. Idempotent. */
  void close() {
    if (!closed) {
      closed = true;
      patience.cancel();
      endpoint.close();
      listener.over(this);
    }
  }
}
