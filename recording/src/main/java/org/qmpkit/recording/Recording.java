package org.qmpkit.recording;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * What went over one monitor, in order: a greeting, and commands with their answers and the events
 * around them. Immutable.
 *
 * <p>Times count from the beginning of the recording; where a file has none they are zero.
 *
 * @param greeting the greeting's text, as QEMU writes it
 * @param early the events ahead of the first command
 * @param exchanges the commands in the order they were sent; {@code qmp_capabilities} is not among
 *     them
 */
public record Recording(String greeting, List<Event> early, List<Exchange> exchanges) {
  /** The most bytes of one message, as everywhere: 10 MiB. */
  public static final int MOST_OF_MESSAGE = 10 << 20;

  /** The most bytes of a recording: 64 MiB. */
  public static final long MOST = 64L << 20;

  public Recording {
    early = List.copyOf(early);
    exchanges = List.copyOf(exchanges);
  }

  /**
   * A command.
   *
   * @param oob whether it was to run out of band
   * @param arguments empty if there were none
   */
  public record Command(String name, boolean oob, ObjectNode arguments) {
    /** Whether something secret was left out of it, which nobody can send again. */
    public boolean masked() {
      return Pattern.holdsMask(arguments);
    }
  }

  /**
   * An answer.
   *
   * @param success whether it was {@code return}, and not {@code error}
   * @param text the value of that member, as QEMU writes it: ASCII, on one line
   */
  public record Answer(Duration at, boolean success, String text) {
    /** All of it, under the text of an id; null for none. QEMU's order of members. */
    public String message(@Nullable String id) {
      if (success) {
        return "{\"return\": " + text + (id == null ? "" : ", \"id\": " + id) + "}";
      }
      return "{" + (id == null ? "" : "\"id\": " + id + ", ") + "\"error\": " + text + "}";
    }
  }

  /**
   * An event.
   *
   * @param text all of the message, as QEMU writes it: ASCII, on one line
   */
  public record Event(Duration at, String name, String text) {}

  /**
   * A command with what came of it.
   *
   * @param line where it is in the file, counted from 1
   * @param at when it was sent
   * @param command what was sent; null in a file that has answers alone
   * @param answer what came back; null if the recording ends before
   * @param before the events between the command and its answer
   * @param after the events behind the answer, up to the next command
   */
  public record Exchange(
      int line,
      Duration at,
      @Nullable Command command,
      @Nullable Answer answer,
      List<Event> before,
      List<Event> after) {
    public Exchange {
      before = List.copyOf(before);
      after = List.copyOf(after);
    }
  }

  /**
   * Reads a recording, as {@link RecordingWriter} or libvirt's tests have them; blocks.
   *
   * <p>The latter ({@code tests/qemucapabilitiesdata/*.replies}) are JSON objects with an empty
   * line between two of them: commands, each followed by its answer; or answers alone behind a
   * greeting, which are given in their order whatever is asked. Where there is no greeting, one is
   * made of the answer to {@code query-version}.
   *
   * @throws RecordingException if it is none, or has a message of more than 10 MiB, or is longer
   *     than 64 MiB
   * @throws IOException if the file can't be read
   */
  public static Recording read(Path file) throws IOException {
    return RecordingReader.read(file);
  }
}
