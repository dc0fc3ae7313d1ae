package org.qmpkit.shell;

import org.jspecify.annotations.Nullable;
import org.qmpkit.client.QmpCommand;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A command as the user gave it.
 *
 * @param oob whether it is to run out of band
 * @param id what the user wants to find in the answer; null for nothing
 */
record Request(String name, boolean oob, ObjectNode arguments, @Nullable JsonNode id) {
  static Request of(String name, ObjectNode arguments) {
    return new Request(name, false, arguments, null);
  }

  /** The same, out of band. */
  Request outOfBand() {
    return new Request(name, true, arguments, id);
  }

  /** How the library is asked for it. */
  QmpCommand command() {
    QmpCommand command = QmpCommand.of(name, arguments);
    return oob ? command.outOfBand() : command;
  }

  /** The request on the wire, as qmp-shell writes it. */
  ObjectNode message() {
    ObjectNode message = JsonNodeFactory.instance.objectNode();
    message.put(oob ? "exec-oob" : "execute", name);
    message.set("arguments", arguments);
    if (id != null) {
      message.set("id", id);
    }
    return message;
  }

  /**
   * A request in its own notation (spec, "Issuing Commands").
   *
   * @throws LineException if the JSON is none, or no request
   */
  static Request raw(String text) throws LineException {
    if (!(Value.json(text) instanceof ObjectNode object)) {
      throw new LineException("QMP input must be a JSON object");
    }
    String name = null;
    ObjectNode arguments = JsonNodeFactory.instance.objectNode();
    for (var member : object.properties()) {
      String key = member.getKey();
      switch (key) {
        case "execute", "exec-oob" -> {
          if (!member.getValue().isString()) {
            throw new LineException("QMP input member '" + key + "' must be a string");
          }
          if (name != null) {
            throw new LineException("QMP input member 'exec-oob' clashes with 'execute'");
          }
          name = member.getValue().asString();
        }
        case "arguments" -> {
          if (!(member.getValue() instanceof ObjectNode given)) {
            throw new LineException("QMP input member 'arguments' must be an object");
          }
          arguments = given;
        }
        case "id" -> {}
        default -> throw new LineException("QMP input member '" + key + "' is unexpected");
      }
    }
    if (name == null) {
      throw new LineException("QMP input lacks member 'execute'");
    }
    return new Request(name, object.has("exec-oob"), arguments, object.get("id"));
  }
}
