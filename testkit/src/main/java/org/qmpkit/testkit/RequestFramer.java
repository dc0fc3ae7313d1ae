package org.qmpkit.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts a stream into requests by their brackets, as QEMU does: line ends mean nothing. Bytes
 * outside of brackets that are no white space come out as requests too, which no parser will
 * accept.
 */
final class RequestFramer {
  private final ByteArrayOutputStream request = new ByteArrayOutputStream();
  private int depth;
  private byte quote;
  private boolean escaped;

  /** The requests that {@code bytes} complete. */
  List<String> add(byte[] bytes, int count) {
    List<String> complete = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte b = bytes[i];
      if (depth > 0) {
        request.write(b);
        if (inside(b)) {
          complete.add(take());
        }
      } else if (b == '{' || b == '[') {
        flush(complete);
        request.write(b);
        depth = 1;
      } else if (b == ' ' || b == '\t' || b == '\r' || b == '\n') {
        flush(complete);
      } else {
        request.write(b);
        // QEMU complains of these at once; a word may still go on.
        if (b < 0x20 || b == '}' || b == ']') {
          flush(complete);
        }
      }
    }
    return complete;
  }

  /** True if {@code b} ends the request. */
  private boolean inside(byte b) {
    if (escaped) {
      escaped = false;
    } else if (quote != 0) {
      if (b == '\\') {
        escaped = true;
      } else if (b == quote) {
        quote = 0;
      }
    } else {
      switch (b) {
        case '"', '\'' -> quote = b;
        case '{', '[' -> depth++;
        case '}', ']' -> depth--;
        default -> {}
      }
    }
    return depth == 0;
  }

  private void flush(List<String> complete) {
    if (request.size() > 0) {
      complete.add(take());
    }
  }

  private String take() {
    String text = request.toString(UTF_8);
    request.reset();
    return text;
  }
}
