package org.qmpkit.protocol;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Message.Command;
import org.qmpkit.protocol.Message.Greeting;
import org.qmpkit.protocol.ServerSession.Phase;

/**
 * What somebody who stands in for a QEMU does towards one client: it greets, negotiates, and
 * refuses what is no request, in QEMU's own words. What is left, command by command, is for the
 * caller to answer. One thread at a time; never blocks.
 */
public final class StandIn {
  private static final Limits LIMITS =
      Limits.DEFAULT.withMessages(Limits.DEFAULT.qemuMessage(), Limits.DEFAULT.qemuMessage());

  private final Outbox outbox = new Outbox(new Backlog(Long.MAX_VALUE));
  private final ServerSession session = new ServerSession(LIMITS, outbox);
  private @Nullable Request asked;

  /**
   * One that greets.
   *
   * @param greeting what with, in ASCII; of its capabilities only {@code oob} is offered
   * @throws IllegalArgumentException if that is no greeting
   */
  public StandIn(String greeting) {
    Scanner scanner = new Scanner(Dialect.QEMU_OUTPUT, LIMITS.qemuMessage());
    Scanned scanned = scanner.next(ByteBuffer.wrap(Ascii.bytes(greeting)));
    if (scanned instanceof Document document
        && Message.fromQemu(document) instanceof Greeting read) {
      session.greet(read);
    } else {
      throw new IllegalArgumentException("greeting must be one that QEMU sends: " + greeting);
    }
  }

  /**
   * Takes bytes up to the end of a command that is to be answered.
   *
   * @return null if the bytes ended first, or if more input is not wanted now: too much waits to be
   *     written
   * @throws IllegalStateException if the last command is not answered
   */
  public @Nullable Command next(ByteBuffer in) {
    if (asked != null) {
      throw new IllegalStateException("'" + asked.command().name() + "' is to be answered first");
    }
    asked = session.next(in);
    return asked == null ? null : asked.command();
  }

  /**
   * Answers the command that was taken.
   *
   * @param message in ASCII, on one line, with the command's id
   * @throws IllegalStateException if there is none
   */
  public void answer(String message) {
    if (asked == null) {
      throw new IllegalStateException("there is no command to be answered");
    }
    session.answer(asked, line(message));
    asked = null;
  }

  /** Sends an event, in ASCII and on one line, to a client that has negotiated. */
  public void event(String message) {
    session.event(line(message));
  }

  /** Whether the client has negotiated. */
  public boolean ready() {
    return session.phase() == Phase.READY;
  }

  /** What waits to be written. */
  public Outbox outbox() {
    return outbox;
  }

  /** So many bytes of {@link #outbox} were written. */
  public void wrote(int count) {
    outbox.remove(count);
  }

  private static Line line(String message) {
    return Line.of(message + "\r\n");
  }
}
