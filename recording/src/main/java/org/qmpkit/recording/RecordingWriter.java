package org.qmpkit.recording;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Set;

/**
 * Writes a recording: JSON lines, {@code {"qmp-recording": 1, "started": …}} first, then an object
 * for each message, {@code {"at": SECONDS, "from": "qemu" or "client", "message": …}}.
 *
 * <p>Messages go to the file as they come, so that what was written is there whatever happens
 * later. One thread at a time.
 */
public final class RecordingWriter implements AutoCloseable {
  static final String FORM = "qmp-recording";
  static final int VERSION = 1;

  /** What a line has besides its message, at most. */
  static final int FRAME = 128;

  private static final Set<OpenOption> NEW =
      Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);

  private final SeekableByteChannel out;
  private final long most;
  private long written;

  private RecordingWriter(SeekableByteChannel out, long most) {
    this.out = out;
    this.most = most;
  }

  /**
   * Begins a recording in a new file that its owner alone may read; blocks.
   *
   * @throws FileAlreadyExistsException if there is such a file
   * @throws IOException if that can't be done
   */
  public static RecordingWriter create(Path file) throws IOException {
    return create(file, Recording.MOST);
  }

  static RecordingWriter create(Path file, long most) throws IOException {
    SeekableByteChannel channel =
        Files.newByteChannel(
            file,
            NEW,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try {
      return begin(channel, most);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  static RecordingWriter begin(SeekableByteChannel out, long most) throws IOException {
    RecordingWriter writer = new RecordingWriter(out, most);
    writer.write("{\"" + FORM + "\": " + VERSION + ", \"started\": \"" + Instant.now() + "\"}\n");
    return writer;
  }

  /**
   * Writes a message of QEMU's; blocks while the file does.
   *
   * @param at since the beginning
   * @param message JSON on one line
   * @throws IOException if it can't be written, or if the recording would have more than 64 MiB;
   *     nothing of it is in the file then
   */
  public void received(Duration at, String message) throws IOException {
    write(at, "qemu", message);
  }

  /** As {@link #received}, of a client's. */
  public void sent(Duration at, String message) throws IOException {
    write(at, "client", message);
  }

  private void write(Duration at, String from, String message) throws IOException {
    String seconds = String.format(Locale.ROOT, "%.6f", at.toNanos() / 1e9);
    write("{\"at\": " + seconds + ", \"from\": \"" + from + "\", \"message\": " + message + "}\n");
  }

  private void write(String line) throws IOException {
    byte[] bytes = line.getBytes(UTF_8);
    if (written + bytes.length > most) {
      throw new IOException("it would have more than " + (most >> 20) + " MiB");
    }
    ByteBuffer left = ByteBuffer.wrap(bytes);
    try {
      while (left.hasRemaining()) {
        out.write(left);
      }
    } catch (IOException e) {
      // Half a line would make all of it unreadable.
      out.truncate(written);
      throw e;
    }
    written += bytes.length;
  }

  /** How many bytes are in it. */
  public long size() {
    return written;
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
