package org.qmpkit.shell;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.QmpClient;
import org.qmpkit.client.Tap;
import org.qmpkit.recording.RecordingWriter;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Records what goes over a monitor. A thread of its own writes, so that no connection waits for a
 * disk; what can't be written ends the recording, and nothing else. Secrets are masked.
 *
 * <p>Safe for use by several threads.
 */
final class Recorder implements Tap, AutoCloseable {
  /** The most characters that wait to be written. */
  private static final long MOST_WAITING = 32 << 20;

  private static final Duration TO_WRITE = Duration.ofSeconds(5);

  private enum Kind {
    SENT,
    ANSWER,
    OTHER
  }

  private record Entry(Duration at, Kind kind, long id, String message) {}

  private final Path file;
  private final RecordingWriter writer;
  private final Consumer<String> note;
  private final Thread thread;
  private final long start = System.nanoTime();
  private final ArrayDeque<Entry> waiting = new ArrayDeque<>();

  /** The commands that were heard and have no answer yet. */
  private final Set<Long> unanswered = new HashSet<>();

  /** The names of those whose answer is a secret, or has one; for the thread that writes. */
  private final Map<Long, String> secret = new HashMap<>();

  private long held;
  private long messages;
  private boolean closed;
  private boolean told;
  private @Nullable String failure;

  private Recorder(Path file, RecordingWriter writer, Consumer<String> note) {
    this.file = file;
    this.writer = writer;
    this.note = note;
    thread = Thread.ofPlatform().daemon().name("qmp record").unstarted(this::write);
  }

  /**
   * Begins a recording in a new file.
   *
   * @param note hears, on any thread, why it ended before it was closed
   * @throws IOException if that can't be done; the message says what was attempted
   */
  static Recorder start(Path file, Consumer<String> note) throws IOException {
    RecordingWriter writer;
    try {
      writer = RecordingWriter.create(file);
    } catch (NoSuchFileException e) {
      throw new IOException("cannot record to " + file + ": there is no such folder", e);
    } catch (IOException e) {
      throw new IOException("cannot record to " + file + ": " + Reasons.of(e), e);
    }
    Recorder recorder = new Recorder(file, writer, note);
    recorder.thread.start();
    return recorder;
  }

  /** Hears a client from here on. */
  void begin(QmpClient client) {
    synchronized (this) {
      unanswered.clear();
      add(Kind.OTHER, 0, client.greeting());
    }
    client.tap(this);
  }

  @Override
  public synchronized void sent(long id, String message) {
    unanswered.add(id);
    add(Kind.SENT, id, message);
  }

  @Override
  public synchronized void answered(long id, String message) {
    // One that was sent before is none of this recording.
    if (unanswered.remove(id)) {
      add(Kind.ANSWER, id, message);
    }
  }

  @Override
  public synchronized void happened(String message) {
    add(Kind.OTHER, 0, message);
  }

  private void add(Kind kind, long id, String message) {
    if (closed || failure != null) {
      return;
    }
    if (held + message.length() > MOST_WAITING) {
      // Said by the thread that writes: this one moves bytes.
      failure = "more was said than the disk takes";
      waiting.clear();
    } else {
      held += message.length();
      messages++;
      waiting.add(new Entry(Duration.ofNanos(System.nanoTime() - start), kind, id, message));
    }
    notifyAll();
  }

  private void write() {
    // It alone touches the file: to close one that a disk is stuck with would be to wait for it.
    try (writer) {
      Entry next;
      while ((next = take()) != null) {
        write(next);
      }
    } catch (IOException | JacksonException e) {
      fail(Reasons.of(e));
    } catch (InterruptedException e) {
      fail("it was interrupted");
    }
    tell();
  }

  /** Says once why it has ended, if not because it was closed. */
  private void tell() {
    synchronized (this) {
      if (told || failure == null) {
        return;
      }
      told = true;
    }
    note.accept(state());
  }

  private synchronized @Nullable Entry take() throws InterruptedException {
    while (waiting.isEmpty() && !closed && failure == null) {
      wait();
    }
    Entry next = waiting.poll();
    held -= next == null ? 0 : next.message().length();
    return next;
  }

  private synchronized void fail(String why) {
    failure = failure == null ? why : failure;
    waiting.clear();
  }

  private void write(Entry entry) throws IOException {
    switch (entry.kind()) {
      case SENT -> {
        // Its number may be that of one whose answer was lost with an earlier connection.
        secret.remove(entry.id());
        writer.sent(entry.at(), masked(entry));
      }
      case ANSWER -> {
        String command = secret.remove(entry.id());
        writer.received(
            entry.at(), command == null ? entry.message() : masked(command, entry.message()));
      }
      case OTHER -> writer.received(entry.at(), entry.message());
    }
  }

  /** An answer to a command that returns secrets. */
  private static String masked(String command, String answer) {
    ObjectNode message = (ObjectNode) JsonText.read(answer);
    JsonNode value = message.get("return");
    if (value == null) {
      return answer;
    }
    if (Secrets.returnedAmongOthersBy(command)) {
      message.set("return", Secrets.maskedReturn(command, value));
    } else {
      message.put("return", Secrets.MASK);
    }
    return JsonText.compact(message, Palette.PLAIN);
  }

  private String masked(Entry entry) {
    ObjectNode message = (ObjectNode) JsonText.read(entry.message());
    JsonNode arguments = message.get("arguments");
    if (arguments == null) {
      return entry.message();
    }
    String name = message.path("execute").asString(message.path("exec-oob").asString(""));
    if (Secrets.returnedBy(name, arguments) || Secrets.returnedAmongOthersBy(name)) {
      secret.put(entry.id(), name);
    }
    JsonNode masked = Secrets.masked(name, arguments);
    if (masked.equals(arguments)) {
      return entry.message();
    }
    message.set("arguments", masked);
    return JsonText.compact(message, Palette.PLAIN);
  }

  Path file() {
    return file;
  }

  /** Whether it has ended by itself: it is full, or can't be written. */
  synchronized boolean hasFailed() {
    return failure != null;
  }

  /** How it is, in a sentence. */
  synchronized String state() {
    Duration age = Duration.ofNanos(System.nanoTime() - start);
    return failure == null
        ? "recording to " + file + ": " + messages + " messages in " + TimeText.people(age)
        : "the recording " + file + " has ended: " + failure;
  }

  /** Ends it when all is written that was heard; waits for the disk, 5 s at most. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    try {
      if (!thread.join(TO_WRITE)) {
        fail("the disk did not take it in time");
        tell();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
