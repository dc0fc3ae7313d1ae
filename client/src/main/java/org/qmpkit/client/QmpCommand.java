package org.qmpkit.client;

import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A command as it is asked for: name, arguments, and how to run it (qmp-spec, "Issuing Commands").
 * Immutable.
 */
public final class QmpCommand {
  private final String name;
  private final ObjectNode arguments;
  private final boolean oob;
  private final @Nullable Duration timeout;

  private QmpCommand(String name, ObjectNode arguments, boolean oob, @Nullable Duration timeout) {
    this.name = name;
    this.arguments = arguments;
    this.oob = oob;
    this.timeout = timeout;
  }

  /** A command without arguments. */
  public static QmpCommand of(String name) {
    return new QmpCommand(name, JsonNodeFactory.instance.objectNode(), false, null);
  }

  /**
   * A command with arguments.
   *
   * @param arguments by name; values are what Jackson writes as JSON: strings, numbers, booleans,
   *     maps, lists, records
   * @throws IllegalArgumentException if Jackson can't write a value
   */
  public static QmpCommand of(String name, Map<String, ?> arguments) {
    return of(name, Json.tree(arguments));
  }

  /**
   * A command with arguments.
   *
   * @param arguments a JSON object; copied
   * @throws IllegalArgumentException if it is of another kind
   */
  public static QmpCommand of(String name, JsonNode arguments) {
    if (arguments instanceof ObjectNode object) {
      return new QmpCommand(name, object.deepCopy(), false, null);
    }
    throw new IllegalArgumentException(
        "arguments of '" + name + "' must be a JSON object, not " + arguments.getNodeType());
  }

  /**
   * The same, run at once, past the commands that wait ({@code exec-oob}). Few commands can; QEMU
   * answers the others with an error.
   */
  public QmpCommand outOfBand() {
    return new QmpCommand(name, arguments, true, timeout);
  }

  /** The same with a deadline of its own for the answer; {@link QmpOptions#FOREVER} for none. */
  public QmpCommand within(Duration time) {
    QmpOptions.positive("timeout", time);
    return new QmpCommand(name, arguments, oob, time);
  }

  String name() {
    return name;
  }

  ObjectNode arguments() {
    return arguments;
  }

  boolean oob() {
    return oob;
  }

  Duration timeout(Duration otherwise) {
    return timeout == null ? otherwise : timeout;
  }

  @Override
  public String toString() {
    return name + (arguments.isEmpty() ? "" : " " + arguments);
  }
}
