package org.qmpkit.shell;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Dialect;
import org.qmpkit.protocol.Malformed;
import org.qmpkit.protocol.Scanned;
import org.qmpkit.protocol.Scanner;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** The values of arguments as they are written on a line. */
final class Value {
  /** As the limit of a message towards QEMU; bytes. */
  private static final int LONGEST = 10 << 20;

  private Value() {}

  /**
   * What {@code key=TEXT} means, as qmp-shell has it: an integer as of Python's {@code int()},
   * {@code true} or {@code false} in any case, JSON or a Python literal if it begins with a
   * bracket; all else, a literal that is none included, is the string itself.
   */
  static JsonNode of(String text) {
    JsonNode integer = IntegerValue.read(text);
    if (integer != null) {
      return integer;
    }
    if (text.length() <= 5) {
      String lower = text.toLowerCase(Locale.ROOT);
      if (lower.equals("true") || lower.equals("false")) {
        return JsonNodeFactory.instance.booleanNode(lower.equals("true"));
      }
    }
    if (text.startsWith("{") || text.startsWith("[")) {
      JsonNode structure = structure(text);
      if (structure != null) {
        return structure;
      }
    }
    return JsonNodeFactory.instance.stringNode(text);
  }

  private static @Nullable JsonNode structure(String text) {
    try {
      return JsonText.read(text);
    } catch (JacksonException e) {
      return PythonLiteral.read(text);
    }
  }

  /**
   * What {@code key:=TEXT} means: JSON of any type, as QEMU reads it, or {@code @FILE} that holds
   * some.
   *
   * @throws LineException if it is none, or the file can't be read
   */
  static JsonNode typed(String text) throws LineException {
    if (text.isEmpty()) {
      throw new LineException("there is no JSON behind ':='");
    }
    return text.startsWith("@") ? file(text.substring(1)) : json(text);
  }

  private static JsonNode file(String name) throws LineException {
    try (InputStream in = Files.newInputStream(Path.of(name))) {
      // It may be a pipe, or a device without an end.
      byte[] bytes = in.readNBytes(LONGEST + 1);
      if (bytes.length > LONGEST) {
        throw new LineException("more than " + LONGEST + " bytes");
      }
      return json(bytes, "what it holds");
    } catch (InvalidPathException e) {
      throw new LineException("no file name: " + e.getReason());
    } catch (IOException e) {
      throw new LineException("cannot read '" + name + "': " + Reasons.of(e));
    } catch (LineException e) {
      throw new LineException("in '" + name + "': " + e.getMessage());
    }
  }

  /**
   * One JSON value, of QEMU's dialect: single quotes will do.
   *
   * @throws LineException if it is none, or more follows
   */
  static JsonNode json(String text) throws LineException {
    return json(text.getBytes(StandardCharsets.UTF_8), excerpt(text));
  }

  private static JsonNode json(byte[] text, String called) throws LineException {
    Scanner scanner = new Scanner(Dialect.QEMU_INPUT, LONGEST);
    // A number or a word has no end of its own.
    ByteBuffer bytes = ByteBuffer.wrap(Arrays.copyOf(text, text.length + 1));
    bytes.put(text.length, (byte) '\n');
    Scanned scanned = scanner.next(bytes);
    if (scanned == null) {
      throw new LineException.Incomplete("the JSON has no end: " + called);
    }
    if (scanned instanceof Malformed malformed) {
      throw new LineException(malformed.reason());
    }
    if (!StandardCharsets.UTF_8.decode(bytes).toString().isBlank()) {
      throw new LineException("more follows behind the end of the JSON: " + called);
    }
    try {
      return JsonText.read(scanned.toString());
    } catch (JacksonException e) {
      throw new LineException("it is no JSON: " + e.getOriginalMessage());
    }
  }

  /** The beginning of a text, on one line. */
  static String excerpt(CharSequence text) {
    String start = text.subSequence(0, Math.min(text.length(), 60)).toString();
    return start.replace('\n', ' ') + (text.length() > 60 ? "…" : "");
  }
}
