package org.qmpkit.shell;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Timer;
import org.qmpkit.protocol.Message.Command;
import org.qmpkit.protocol.StandIn;
import org.qmpkit.recording.Recording.Event;
import org.qmpkit.recording.Replay;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** One client of a replayed QEMU. On its loop. */
final class ReplayedClient {
  /** The most of its input that is kept unread. */
  private static final int READ = 64 * 1024;

  /** How long a client that ended its input may take no bytes. */
  private static final Duration TO_READ = Duration.ofSeconds(10);

  /** As many replies may have events to come; those of later ones come at once. */
  private static final int MOST_LATER = 1024;

  /** Something to be said at its time. */
  private record Step(Duration after, Runnable say) {}

  private final Loop loop;
  private final Endpoint endpoint;
  private final Replay replay;
  private final boolean paced;
  private final Runnable ended;
  private final StandIn qemu;
  private final Set<Timer> timers = new HashSet<>();
  private final ByteBuffer unread = ByteBuffer.allocate(READ).flip();
  private boolean greeted;
  private boolean working;
  private boolean inputEnded;

  /** It said that it quits: no command is answered any more. */
  private boolean quitting;

  /** It said all that was to be said behind that. */
  private boolean quits;

  private boolean open = true;
  private int later;

  /**
   * One that has just connected.
   *
   * @param paced whether what is said takes the time that it took
   * @param ended hears once that it is over
   */
  ReplayedClient(Loop loop, Endpoint endpoint, Replay replay, boolean paced, Runnable ended) {
    this.loop = loop;
    this.endpoint = endpoint;
    this.replay = replay;
    this.paced = paced;
    this.ended = ended;
    qemu = new StandIn(replay.recording().greeting());
    endpoint.onReady((readable, _) -> {
      if (readable) {
        read();
      }
      turn();
    });
    turn();
  }

  private void read() {
    if (unread.hasRemaining() || inputEnded) {
      return;
    }
    try {
      if (endpoint.read(unread.clear()) < 0) {
        inputEnded = true;
        schedule(TO_READ, this::giveUp);
      }
      unread.flip();
    } catch (IOException e) {
      close();
    }
  }

  /** Who ended its input still gets its answers, but is not waited for when they are there. */
  private void giveUp() {
    if (working && open) {
      schedule(TO_READ, this::giveUp);
    } else {
      close();
    }
  }

  private void schedule(Duration after, Runnable task) {
    timers.removeIf(each -> !each.pending());
    timers.add(loop.schedule(after, task));
  }

  /** Answers and writes as far as it goes. */
  private void turn() {
    // Too much that waits to be written stops the answers: once it is written they go on.
    do {
      answer();
      write();
    } while (open && !working && !quitting && unread.hasRemaining() && qemu.outbox().isEmpty());
    if (!open) {
      return;
    }
    boolean written = qemu.outbox().isEmpty();
    boolean settled = inputEnded && !working && !quitting && !unread.hasRemaining();
    if (written && (quits || settled)) {
      close();
    } else {
      boolean reads = !working && !quitting && !inputEnded && !unread.hasRemaining();
      endpoint.interest(reads, !written);
    }
  }

  private void answer() {
    while (open && !working && !quitting) {
      Command command = qemu.next(unread);
      if (!greeted && qemu.ready()) {
        greeted = true;
        replay.recording().early().forEach(each -> qemu.event(each.text()));
      }
      if (command == null) {
        return;
      }
      answer(command);
    }
  }

  private void answer(Command command) {
    Replay.Reply reply = replay.reply(command.name(), arguments(command));
    boolean quit = reply.answer().success() && command.name().equals("quit");
    ArrayDeque<Step> steps = new ArrayDeque<>();
    addAll(reply, reply.before(), steps);
    steps.add(
        new Step(
            reply.answer().at().minus(reply.at()),
            () -> {
              qemu.answer(reply.answer().message(id(command)));
              working = false;
              quitting = quit;
            }));
    addAll(reply, reply.after(), steps);
    // It ends as QEMU does, when it has said so, and what came of it.
    steps.add(new Step(Duration.ZERO, () -> quits |= quit));
    working = true;
    later++;
    say(steps, System.nanoTime());
  }

  private void addAll(Replay.Reply reply, List<Event> events, ArrayDeque<Step> to) {
    events.forEach(
        each -> to.add(new Step(each.at().minus(reply.at()), () -> qemu.event(each.text()))));
  }

  private void say(ArrayDeque<Step> steps, long start) {
    while (!steps.isEmpty() && open) {
      Duration left = steps.element().after().minusNanos(System.nanoTime() - start);
      if (paced && left.isPositive() && later <= MOST_LATER) {
        schedule(
            left,
            () -> {
              say(steps, start);
              if (open) {
                turn();
              }
            });
        return;
      }
      steps.remove().say().run();
    }
    later--;
  }

  /** Null if there are none; what no recording has if they are no tree. */
  private static @Nullable JsonNode arguments(Command command) {
    String text = command.arguments();
    try {
      return text == null ? null : JsonText.read(text);
    } catch (JacksonException e) {
      return JsonNodeFactory.instance.missingNode();
    }
  }

  /** As QEMU writes it, whatever it was sent as; null if there was none. */
  private static @Nullable String id(Command command) {
    String text = command.id();
    try {
      return text == null ? null : JsonText.compact(JsonText.read(text), Palette.PLAIN);
    } catch (JacksonException e) {
      return text;
    }
  }

  private void write() {
    try {
      int written = 1;
      while (open && written > 0 && !qemu.outbox().isEmpty()) {
        ByteBuffer buffer = loop.buffer();
        qemu.outbox().peek(buffer);
        written = endpoint.write(buffer.flip());
        qemu.wrote(written);
      }
    } catch (IOException e) {
      // It has left.
      close();
    }
  }

  /** Ends it; again does nothing. */
  void close() {
    if (open) {
      open = false;
      timers.forEach(Timer::cancel);
      timers.clear();
      endpoint.close();
      ended.run();
    }
  }
}
