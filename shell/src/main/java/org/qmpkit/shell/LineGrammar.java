package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the lines of a QMP shell mean: qmp-shell's grammar, and what it lacks. docs/shell.md
 * describes it.
 *
 * <p>Holds the transaction that is being entered. One thread at a time; does not block, but for the
 * files that {@code key:=@FILE} names.
 */
final class LineGrammar {
  /** What qmp-shell prints below the error of a line, to the letter. */
  private static final String COMMAND_FORMAT =
      "command format: <command-name> [arg-name1=arg1] ... [arg-nameN=argN";

  private static final String JSON_FORMAT =
      "a request in JSON: {\"execute\": \"COMMAND\", \"arguments\": {…}}";

  private static final String ACTION_FORMAT =
      "an action in JSON: {\"type\": \"ACTION\", \"data\": {…}}";

  private static final String OPEN = "transaction(";
  private static final String CLOSE = ")";
  private static final String OOB = "exec-oob";

  /** The transaction that is being entered. */
  private record Transaction(ArrayNode actions, ObjectNode properties) {
    static Transaction begin() {
      return new Transaction(
          JsonNodeFactory.instance.arrayNode(), JsonNodeFactory.instance.objectNode());
    }

    Request request() {
      ObjectNode arguments = JsonNodeFactory.instance.objectNode();
      arguments.set("actions", actions);
      if (!properties.isEmpty()) {
        arguments.set("properties", properties);
      }
      return Request.of("transaction", arguments);
    }
  }

  private @Nullable Transaction transaction;

  /** Whether a transaction is being entered. */
  boolean inTransaction() {
    return transaction != null;
  }

  /** What is printed below the error of a line: how it should look. */
  String format(String line) {
    if (line.stripLeading().startsWith("{")) {
      return transaction == null ? JSON_FORMAT : ACTION_FORMAT;
    }
    String bar = Piped.hint(Tokens.of(line));
    return bar.isEmpty() || transaction != null ? COMMAND_FORMAT : COMMAND_FORMAT + "\n" + bar;
  }

  /** Drops the transaction that is being entered, if there is one. */
  void abandon() {
    transaction = null;
  }

  /**
   * The request that a line makes.
   *
   * @return null if it makes none: it is blank, a comment, or a part of a transaction
   * @throws LineException if it is no command
   */
  @Nullable Request read(String line) throws LineException {
    String start = line.stripLeading();
    if (start.startsWith("#")) {
      return null;
    }
    if (start.startsWith("{")) {
      return raw(start);
    }
    return read(new ArrayList<>(Tokens.of(line)));
  }

  /** As {@link #read(String)}, of what is in tokens already. Takes from the list. */
  @Nullable Request read(List<String> tokens) throws LineException {
    if (!tokens.isEmpty() && tokens.getFirst().equals(OPEN)) {
      tokens.removeFirst();
      Transaction begun = Transaction.begin();
      transaction = begun;
      // No type of action has a "=" in it: these are properties of the whole.
      int properties = 0;
      while (properties < tokens.size() && tokens.get(properties).indexOf('=') > 0) {
        properties++;
      }
      List<String> given = tokens.subList(0, properties);
      begun.properties().setAll(KeyValues.object(given));
      given.clear();
    }
    Transaction entered = transaction;
    if (entered != null && !tokens.isEmpty()) {
      return read(tokens, entered);
    }
    if (tokens.isEmpty()) {
      return null;
    }
    String name = tokens.removeFirst();
    if (name.equals(OOB) && !tokens.isEmpty() && tokens.getFirst().indexOf('=') < 0) {
      name = tokens.removeFirst();
      return Request.of(name, KeyValues.object(tokens)).outOfBand();
    }
    return Request.of(name, KeyValues.object(tokens));
  }

  private @Nullable Request read(List<String> tokens, Transaction entered) throws LineException {
    if (tokens.getFirst().equals(CLOSE)) {
      transaction = null;
      if (tokens.size() > 1) {
        throw new LineException("Unexpected input after close of Transaction sub-shell");
      }
      return entered.request();
    }
    String type = tokens.removeFirst();
    boolean closes = !tokens.isEmpty() && tokens.getLast().equals(CLOSE);
    if (closes) {
      tokens.removeLast();
    }
    ObjectNode action = JsonNodeFactory.instance.objectNode().put("type", type);
    action.set("data", KeyValues.object(tokens));
    entered.actions().add(action);
    if (!closes) {
      return null;
    }
    transaction = null;
    return entered.request();
  }

  private @Nullable Request raw(String text) throws LineException {
    if (transaction == null) {
      return Request.raw(text);
    }
    JsonNode action = Value.json(text);
    if (!(action instanceof ObjectNode) || !action.path("type").isString()) {
      throw new LineException("an action in JSON needs a member 'type'");
    }
    transaction.actions().add(action);
    return null;
  }
}
