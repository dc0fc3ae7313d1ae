package org.qmpkit.shell;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Set;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The log of requests and answers ({@code -l}): one JSON object per line, the request's members and
 * the answer's, and the time of the answer. What is in the file stays. Secrets are masked.
 */
final class RequestLog implements AutoCloseable {
  private static final Set<OpenOption> APPEND =
      Set.of(StandardOpenOption.CREATE, StandardOpenOption.APPEND, StandardOpenOption.WRITE);

  private final Writer writer;

  private RequestLog(Writer writer) {
    this.writer = writer;
  }

  /**
   * Opens a log, or begins one that its owner alone may read.
   *
   * @throws IOException if that can't be done
   */
  static RequestLog open(Path file) throws IOException {
    var channel =
        Files.newByteChannel(
            file,
            APPEND,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    return new RequestLog(java.nio.channels.Channels.newWriter(channel, StandardCharsets.US_ASCII));
  }

  /**
   * Writes a request and its answer; blocks while the file does.
   *
   * @throws IOException if it can't be written
   */
  void add(Request request, ObjectNode answer) throws IOException {
    ObjectNode line = JsonNodeFactory.instance.objectNode();
    line.setAll(request.message());
    line.set("arguments", Secrets.masked(request.name(), request.arguments()));
    line.setAll(answer);
    line.put("time", Instant.now().toString());
    writer.write(JsonText.compact(line, Palette.PLAIN) + "\n");
    writer.flush();
  }

  @Override
  public void close() throws IOException {
    writer.close();
  }
}
