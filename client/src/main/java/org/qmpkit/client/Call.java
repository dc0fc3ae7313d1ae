package org.qmpkit.client;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Timer;
import org.qmpkit.protocol.Message;
import org.qmpkit.protocol.Message.Answer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** One command on its way to QEMU, and what becomes of it. */
abstract sealed class Call {
  /** What became of a command. */
  sealed interface Outcome {
    /** QEMU answered. */
    record Answered(Answer answer) implements Outcome {}

    /** The connection ended first. */
    record Lost(Ending ending, boolean sent) implements Outcome {}

    /** The time was up first. */
    record Expired(boolean sent) implements Outcome {}
  }

  final Message.Command command;

  Call(Message.Command command) {
    this.command = command;
  }

  /** Hears the outcome, on the loop. */
  abstract void settle(Outcome outcome);

  final String attempted() {
    return "execute '" + command.name() + "'";
  }

  /**
   * The value of {@code return}.
   *
   * @param timeout how long it was waited
   * @throws QmpException what went wrong instead
   */
  final JsonNode value(Outcome outcome, Connection connection, Duration timeout)
      throws QmpException {
    return value(answer(outcome, connection, timeout), connection, attempted());
  }

  /**
   * The value of {@code return} as QEMU wrote it, but for white space between messages.
   *
   * @param timeout how long it was waited
   * @throws QmpException what went wrong instead
   */
  final String text(Outcome outcome, Connection connection, Duration timeout) throws QmpException {
    Answer answer = answer(outcome, connection, timeout);
    if (answer instanceof Message.Return returned) {
      return returned.value();
    }
    throw failure(tree(answer, connection, attempted()), connection, attempted());
  }

  private Answer answer(Outcome outcome, Connection connection, Duration timeout)
      throws QmpException {
    String attempted = attempted();
    Address address = connection.address();
    // No switch: its first use takes some 10 ms, which a short-lived process would feel.
    if (outcome instanceof Outcome.Answered answered) {
      return answered.answer();
    }
    if (outcome instanceof Outcome.Lost lost) {
      throw lost.ending().exception(connection.peer(), address, attempted, lost.sent());
    }
    boolean sent = ((Outcome.Expired) outcome).sent();
    throw new TimedOut(
        address,
        "cannot "
            + attempted
            + " at "
            + address
            + ": no answer within "
            + Deadline.text(timeout)
            + (sent ? "; it was sent, so it may run yet" : "; it was not sent")
            + connection.peer().ifSilent(address),
        sent);
  }

  private JsonNode value(Answer answer, Connection connection, String attempted)
      throws QmpException {
    JsonNode message = tree(answer, connection, attempted);
    if (answer instanceof Message.Return) {
      return message.get("return");
    }
    throw failure(message, connection, attempted);
  }

  private static JsonNode tree(Answer answer, Connection connection, String attempted)
      throws ProtocolViolation {
    try {
      return Json.tree(answer.document().toString());
    } catch (JacksonException e) {
      throw violation(connection, attempted, "the answer has " + e.getOriginalMessage(), e);
    }
  }

  private QmpException failure(JsonNode message, Connection connection, String attempted) {
    JsonNode error = message.get("error");
    JsonNode errorClass = error.get("class");
    JsonNode desc = error.get("desc");
    if (errorClass == null || !errorClass.isString() || desc == null || !desc.isString()) {
      return violation(connection, attempted, "an error without class and desc", null);
    }
    return new CommandFailed(
        connection.address(), command.name(), errorClass.asString(), desc.asString());
  }

  private static ProtocolViolation violation(
      Connection connection, String attempted, String why, @Nullable Exception cause) {
    return (ProtocolViolation)
        new Ending(Ending.Kind.BROKE, why, cause)
            .exception(connection.peer(), connection.address(), attempted, false);
  }

  /** One that a thread waits for. */
  static final class Waiting extends Call {
    final Waiter waiter = new Waiter();
    private final Consumer<Outcome> first;
    private @Nullable Outcome outcome;

    Waiting(Message.Command command) {
      this(command, _ -> {});
    }

    /**
     * One whose outcome somebody hears on the loop, before anything that comes behind it.
     *
     * @param first hears it first
     */
    Waiting(Message.Command command, Consumer<Outcome> first) {
      super(command);
      this.first = first;
    }

    /** What became of it; null as long as the waiter is not done. */
    @Nullable Outcome outcome() {
      return waiter.done() ? outcome : null;
    }

    @Override
    void settle(Outcome outcome) {
      first.accept(outcome);
      this.outcome = outcome;
      waiter.wake();
    }
  }

  /** One that a future stands for. */
  static final class Promised extends Call {
    final CompletableFuture<JsonNode> future = new CompletableFuture<>();
    private final AtomicBoolean claimed = new AtomicBoolean();
    private final Connection connection;
    private final Duration timeout;
    private @Nullable Timer timer;

    Promised(Message.Command command, Connection connection, Duration timeout) {
      super(command);
      this.connection = connection;
      this.timeout = timeout;
      connection.loop().lean();
      // Cancelled, or completed by the caller himself: nobody waits any more.
      var _ =
          future.whenComplete((_, _) -> {
            if (claim()) {
              connection.calls().abandon(this);
              connection.loop().run(this::forgetDeadline);
            }
          });
    }

    /** Sets its deadline, if it has one. On the loop. */
    void watch() {
      if (Deadline.isFinite(timeout) && !claimed.get()) {
        timer =
            connection
                .loop()
                .loop()
                .schedule(
                    timeout, () -> settle(new Outcome.Expired(connection.calls().abandon(this))));
      }
    }

    @Override
    void settle(Outcome outcome) {
      if (!claim()) {
        return;
      }
      forgetDeadline();
      try {
        connection.callbacks().execute(() -> complete(outcome));
      } catch (RuntimeException e) {
        // Shut down, or full: whoever waits must hear of it all the same.
        Thread.ofVirtual().start(() -> complete(outcome));
      }
    }

    private boolean claim() {
      boolean first = claimed.compareAndSet(false, true);
      if (first) {
        connection.loop().leaned();
      }
      return first;
    }

    private void forgetDeadline() {
      if (timer != null) {
        timer.cancel();
      }
    }

    private void complete(Outcome outcome) {
      try {
        future.complete(value(outcome, connection, timeout));
      } catch (QmpException | RuntimeException e) {
        future.completeExceptionally(e);
      }
    }
  }
}
