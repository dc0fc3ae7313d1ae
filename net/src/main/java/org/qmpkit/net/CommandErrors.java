package org.qmpkit.net;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * What a command writes to its standard error, line by line: what is behind 1,000 bytes of a line
 * is left out, and so are lines past 20 in a second. Control characters are escaped.
 */
final class CommandErrors {
  static final int LINE = 1000;
  static final int LINES = 20;
  private static final long WINDOW_NANOS = 1_000_000_000;

  private final String prefix;
  private final Consumer<String> said;
  private final byte[] line = new byte[LINE];
  private int length;
  private boolean some;
  private int inWindow;
  private long windowBegan = System.nanoTime();
  private long leftOut;
  private volatile String last = "";

  CommandErrors(String prefix, Consumer<String> said) {
    this.prefix = prefix;
    this.said = said;
  }

  /** The last line, without the prefix; empty if there was none. */
  String last() {
    return last;
  }

  /** Passes everything on until the end; blocks. */
  void pump(InputStream from) {
    byte[] bytes = new byte[4096];
    try (from) {
      for (int count = from.read(bytes); count >= 0; count = from.read(bytes)) {
        for (int i = 0; i < count; i++) {
          take(bytes[i]);
        }
      }
    } catch (IOException e) {
      // Closed under us: the command is over.
    }
    if (some) {
      finish();
    }
    sayLeftOut();
  }

  private void take(byte each) {
    if (each == '\n') {
      finish();
      return;
    }
    some = true;
    if (length < LINE) {
      line[length++] = each;
    }
  }

  private void finish() {
    String text = escaped(new String(line, 0, length, StandardCharsets.UTF_8).stripTrailing());
    length = 0;
    some = false;
    if (!text.isEmpty()) {
      last = text;
    }
    long now = System.nanoTime();
    if (now - windowBegan > WINDOW_NANOS) {
      sayLeftOut();
      windowBegan = now;
      inWindow = 0;
    }
    if (++inWindow <= LINES) {
      said.accept(prefix + text);
    } else {
      leftOut++;
    }
  }

  private void sayLeftOut() {
    if (leftOut > 0) {
      said.accept(prefix + "(" + leftOut + " more lines left out)");
      leftOut = 0;
    }
  }

  private static String escaped(String text) {
    if (text.chars().noneMatch(Character::isISOControl)) {
      return text;
    }
    StringBuilder safe = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      safe.append(
          Character.isISOControl(c) ? String.format("\\x%02x", (int) c) : String.valueOf(c));
    }
    return safe.toString();
  }
}
