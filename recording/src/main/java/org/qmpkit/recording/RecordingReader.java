package org.qmpkit.recording;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads a file of either form, a message at a time, within bounds. */
final class RecordingReader {
  private static final double MOST_SECONDS = 1e9;

  private final Path file;
  private final InputStream in;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private long read;
  private int line;

  private RecordingReader(Path file, InputStream in) {
    this.file = file;
    this.in = in;
  }

  static Recording read(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException("cannot read the recording " + file + ": it is a folder");
    }
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      return new RecordingReader(file, in).recording();
    }
  }

  private Recording recording() throws IOException {
    String first = nextLine();
    while (first != null && first.isBlank()) {
      first = nextLine();
    }
    if (first == null) {
      throw fault(Math.max(1, line), "nothing is in it", null);
    }
    // An object that goes on in the next line is of the other form.
    if (first.contains("\"" + RecordingWriter.FORM + "\"")) {
      return ofLines(first);
    }
    return ofBlocks(first);
  }

  private Recording ofLines(String first) throws RecordingException {
    ObjectNode header = object(first, line);
    JsonNode form = header.path(RecordingWriter.FORM);
    if (!form.isInt() || form.intValue() != RecordingWriter.VERSION) {
      String why = "it is of form " + excerpt(Json.text(form)) + ", and this reads form 1";
      throw fault(line, why, null);
    }
    Assembly assembly = new Assembly(false);
    String text;
    while ((text = nextLine()) != null) {
      if (!text.isBlank()) {
        add(assembly, object(text, line), line);
      }
    }
    return done(assembly);
  }

  private void add(Assembly assembly, ObjectNode entry, int at) throws RecordingException {
    for (String name : entry.propertyNames()) {
      if (!name.equals("at") && !name.equals("from") && !name.equals("message")) {
        throw fault(
            at, "'" + excerpt(name) + "' is unexpected; at, from and message belong here", null);
      }
    }
    JsonNode time = entry.path("at");
    double seconds = time.asDouble(-1);
    if (!time.isNumber() || !(seconds >= 0 && seconds < MOST_SECONDS)) {
      throw fault(at, "'at' must be a number of seconds since the beginning", null);
    }
    String from = entry.path("from").asString("");
    if (!from.equals("qemu") && !from.equals("client")) {
      throw fault(at, "'from' must be \"qemu\" or \"client\"", null);
    }
    if (!(entry.path("message") instanceof ObjectNode message)) {
      throw fault(at, "'message' must be a JSON object", null);
    }
    boolean sent = Assembly.isCommand(message);
    if (sent != from.equals("client")) {
      throw fault(
          at, sent ? "QEMU sends no commands" : "a client sends nothing but commands", null);
    }
    add(assembly, message, at, Duration.ofNanos(Math.round(seconds * 1e9)));
  }

  private void add(Assembly assembly, ObjectNode message, int at, Duration time)
      throws RecordingException {
    try {
      assembly.add(message, at, time);
    } catch (Assembly.Fault e) {
      throw fault(at, String.valueOf(e.getMessage()), null);
    }
  }

  private Recording ofBlocks(String first) throws RecordingException {
    Assembly assembly = new Assembly(true);
    StringBuilder block = new StringBuilder(first);
    int start = line;
    String text;
    do {
      text = nextLine();
      if (text != null && !text.isBlank()) {
        start = block.isEmpty() ? line : start;
        block.append(block.isEmpty() ? "" : "\n").append(text);
        if (block.length() > Recording.MOST_OF_MESSAGE) {
          throw tooLong(start);
        }
      } else if (!block.isEmpty()) {
        add(assembly, object(block.toString(), start), start, Duration.ZERO);
        block.setLength(0);
      }
    } while (text != null);
    return done(assembly);
  }

  private Recording done(Assembly assembly) throws RecordingException {
    try {
      return assembly.recording();
    } catch (Assembly.Fault e) {
      throw fault(e.line, String.valueOf(e.getMessage()), null);
    }
  }

  private ObjectNode object(String text, int start) throws RecordingException {
    JsonNode tree;
    try {
      tree = Json.tree(text);
    } catch (JacksonException e) {
      int within = e.getLocation() == null ? 1 : Math.max(1, e.getLocation().getLineNr());
      throw fault(
          start + within - 1, "no JSON: " + excerpt(String.valueOf(e.getOriginalMessage())), e);
    }
    if (tree instanceof ObjectNode object) {
      return object;
    }
    throw fault(start, "no JSON object: " + excerpt(text), null);
  }

  /** The next line without its end; null behind the last. */
  private @Nullable String nextLine() throws RecordingException {
    bytes.reset();
    line++;
    try {
      int b;
      while ((b = in.read()) >= 0 && b != '\n') {
        bytes.write(b);
        if (bytes.size() > Recording.MOST_OF_MESSAGE + RecordingWriter.FRAME) {
          throw tooLong(line);
        }
      }
      read += bytes.size() + 1L;
      if (read > Recording.MOST + 1) {
        throw fault(line, "more than 64 MiB are in it", null);
      }
      if (b < 0 && bytes.size() == 0) {
        return null;
      }
    } catch (RecordingException e) {
      throw e;
    } catch (IOException e) {
      throw fault(line, String.valueOf(e.getMessage()), e);
    }
    try {
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.toByteArray())).toString();
    } catch (CharacterCodingException e) {
      throw fault(line, "no text in UTF-8", e);
    }
  }

  private RecordingException tooLong(int at) {
    return fault(at, "a message of more than 10 MiB", null);
  }

  private RecordingException fault(int at, String why, @Nullable Exception cause) {
    return new RecordingException(file, at, why, cause);
  }

  /** What is in a file may be anything: the beginning, printable, on one line. */
  static String excerpt(String text) {
    StringBuilder some = new StringBuilder();
    for (int i = 0; i < text.length() && i < 80; i++) {
      char c = text.charAt(i);
      some.append(c < 0x20 || c >= 0x7f ? '?' : c);
    }
    return text.length() > 80 ? some + "…" : some.toString();
  }
}
