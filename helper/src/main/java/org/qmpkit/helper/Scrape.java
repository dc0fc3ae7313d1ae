package org.qmpkit.helper;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Timer;

/**
 * One connection of somebody who reads metrics: one request of HTTP/1.1 (RFC 9112) of at most 8
 * KiB, without a body, and one answer, within 10 s in all; then it is closed.
 */
final class Scrape implements AutoCloseable {
  private static final int LONGEST = 8 * 1024;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Endpoint endpoint;
  private final Supplier<byte[]> text;
  private final Consumer<Scrape> over;
  private final Timer patience;
  private final StringBuilder request = new StringBuilder();
  private @Nullable ByteBuffer answer;
  private boolean closed;

  /**
   * A connection that has been made.
   *
   * @param text the metrics
   * @param over told once when it is closed
   */
  Scrape(Endpoint endpoint, Loop loop, Supplier<byte[]> text, Consumer<Scrape> over) {
    this.endpoint = endpoint;
    this.text = text;
    this.over = over;
    this.patience = loop.schedule(PATIENCE, this::close);
    endpoint.onReady((readable, writable) -> ready(loop));
    endpoint.interest(true, false);
  }

  private void ready(Loop loop) {
    try {
      if (answer == null) {
        read(loop.buffer().limit(LONGEST));
      }
      write();
    } catch (IOException e) {
      // Who reads metrics has left, and comes again.
      close();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private void read(ByteBuffer buffer) throws IOException {
    int count = endpoint.read(buffer);
    if (count < 0) {
      close();
      return;
    }
    request.append(StandardCharsets.ISO_8859_1.decode(buffer.flip()));
    int end = request.indexOf("\r\n\r\n");
    if (end >= 0 || request.indexOf("\n\n") >= 0) {
      answer = answer(request.substring(0, request.indexOf("\n")).strip());
    } else if (request.length() > LONGEST) {
      answer = page("431 Request Header Fields Too Large", "", text("too long\n"), true);
    }
  }

  private ByteBuffer answer(String line) {
    String[] words = line.split(" ", -1);
    if (words.length != 3 || !words[2].startsWith("HTTP/1.")) {
      return page("400 Bad Request", "", text("this is HTTP, for GET /metrics\n"), true);
    }
    boolean body = !words[0].equals("HEAD");
    if (body && !words[0].equals("GET")) {
      return page("405 Method Not Allowed", "Allow: GET, HEAD\r\n", text("only GET\n"), true);
    }
    return words[1].replaceFirst("\\?.*", "").equals("/metrics")
        ? page("200 OK", "Content-Type: " + MetricsText.CONTENT_TYPE + "\r\n", text.get(), body)
        : page("404 Not Found", "", text("metrics are at /metrics\n"), body);
  }

  private static byte[] text(String words) {
    return words.getBytes(StandardCharsets.US_ASCII);
  }

  private static ByteBuffer page(String status, String fields, byte[] content, boolean body) {
    String type = fields.contains("Content-Type") ? "" : "Content-Type: text/plain\r\n";
    byte[] head =
        text(
            "HTTP/1.1 "
                + status
                + "\r\n"
                + type
                + fields
                + "Content-Length: "
                + content.length
                + "\r\nConnection: close\r\n\r\n");
    ByteBuffer page = ByteBuffer.allocate(head.length + content.length).put(head);
    return (body ? page.put(content) : page).flip();
  }

  private void write() throws IOException {
    ByteBuffer rest = answer;
    if (rest == null || closed) {
      return;
    }
    int written = 1;
    while (rest.hasRemaining() && written > 0) {
      written = endpoint.write(rest);
    }
    if (rest.hasRemaining()) {
      endpoint.interest(false, true);
    } else {
      close();
    }
  }

  /** Ends it. Idempotent. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      patience.cancel();
      endpoint.close();
      over.accept(this);
    }
  }
}
