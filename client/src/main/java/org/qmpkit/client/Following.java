package org.qmpkit.client;

import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Message;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** How a subscription with cursors begins: by the helper's answer to a command of its own. */
final class Following {
  private static final String SUBSCRIBE = "__org.qmpkit_subscribe";

  private Following() {}

  /**
   * Begins one; blocks.
   *
   * @param since the cursor behind which it begins; null for here
   * @throws CommandFailed if that is no cursor
   * @throws UnsupportedOperationException if no helper that can do it is at this address
   */
  static Subscription begin(
      Connection connection, EventFilter filter, @Nullable String since, QmpOptions options)
      throws QmpException, InterruptedException {
    Subscription subscription = new Subscription(connection, filter, since);
    boolean begun = false;
    try {
      if (!isSubscription(ask(connection, subscription, since, options))) {
        throw new ProtocolViolation(
            connection.address(),
            attempted(connection) + "the answer has no cursor; no helper's is so",
            null);
      }
      begun = true;
      return subscription;
    } catch (CommandFailed e) {
      if (e.errorClass().equals("CommandNotFound")) {
        throw new UnsupportedOperationException(
            attempted(connection)
                + "only qmp helper gives cursors, and this is none, or an older one; use subscribe",
            e);
      }
      throw e;
    } finally {
      if (!begun) {
        subscription.close();
      }
    }
  }

  private static String attempted(Connection connection) {
    return "cannot follow events at " + connection.address() + ": ";
  }

  private static JsonNode ask(
      Connection connection, Subscription subscription, @Nullable String since, QmpOptions options)
      throws QmpException, InterruptedException {
    // All of them: the connection's other subscriptions are not to miss any.
    QmpCommand command =
        QmpCommand.of(SUBSCRIBE, since == null ? Map.of() : Map.of("since", since));
    Call.Waiting call =
        new Call.Waiting(
            Json.command(command, options.messageLimit()),
            outcome -> answered(connection, subscription, outcome));
    Duration timeout = options.replyTimeout();
    return call.value(connection.await(call, timeout, "follow"), connection, timeout);
  }

  /** On the loop: it begins with the answer, ahead of what comes behind that. */
  private static void answered(
      Connection connection, Subscription subscription, Call.Outcome outcome) {
    if (outcome instanceof Call.Outcome.Answered(Message.Return answer)) {
      JsonNode value;
      try {
        value = Json.tree(answer.document().toString()).path("return");
      } catch (JacksonException e) {
        // Whoever waits for the answer meets the same, and says so.
        return;
      }
      if (isSubscription(value)) {
        connection
            .subscriptions()
            .follow(subscription, value.path("cursor").asString(), value.path("replayed").asInt());
      }
    }
  }

  private static boolean isSubscription(JsonNode answer) {
    return answer.path("cursor").isString() && answer.path("replayed").isInt();
  }
}
