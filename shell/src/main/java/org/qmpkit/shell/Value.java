package org.qmpkit.shell;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
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
    if (text.equalsIgnoreCase("true") || text.equalsIgnoreCase("false")) {
      return JsonNodeFactory.instance.booleanNode(text.equalsIgnoreCase("true"));
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
      return json(text);
    } catch (LineException _) {
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
    return text.startsWith("@") ? file(text.substring(1)) : json(text);
  }

  private static JsonNode file(String name) throws LineException {
    try {
      Path file = Path.of(name);
      if (Files.size(file) > LONGEST) {
        throw new LineException("'" + name + "' has more than " + LONGEST + " bytes");
      }
      return json(Files.readString(file));
    } catch (IOException | InvalidPathException e) {
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
    Scanner scanner = new Scanner(Dialect.QEMU_INPUT, LONGEST);
    // A number or a word has no end of its own.
    ByteBuffer bytes = ByteBuffer.wrap((text + "\n").getBytes(StandardCharsets.UTF_8));
    Scanned scanned = scanner.next(bytes);
    if (scanned == null) {
      throw new LineException.Incomplete("the JSON has no end: " + excerpt(text));
    }
    if (scanned instanceof Malformed malformed) {
      throw new LineException(malformed.reason());
    }
    if (!StandardCharsets.UTF_8.decode(bytes).toString().isBlank()) {
      throw new LineException("more follows behind the end of the JSON: " + excerpt(text));
    }
    try {
      return JsonText.read(scanned.toString());
    } catch (JacksonException e) {
      throw new LineException("it is no JSON: " + e.getOriginalMessage());
    }
  }

  private static String excerpt(String text) {
    return text.length() <= 60 ? text : text.substring(0, 60) + "…";
  }
}
