package org.qmpkit.shell;

import java.time.temporal.ChronoField;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.CommandFailed;
import org.qmpkit.client.Event;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What QEMU said, as messages again, in QEMU's own order of members. */
final class Answers {
  private Answers() {}

  static ObjectNode success(JsonNode value, @Nullable JsonNode id) {
    ObjectNode message = JsonNodeFactory.instance.objectNode();
    message.set("return", value);
    if (id != null) {
      message.set("id", id);
    }
    return message;
  }

  static ObjectNode error(CommandFailed failure, @Nullable JsonNode id) {
    ObjectNode message = JsonNodeFactory.instance.objectNode();
    if (id != null) {
      message.set("id", id);
    }
    message.putObject("error").put("class", failure.errorClass()).put("desc", failure.desc());
    return message;
  }

  /** An event; the time is -1 where QEMU could not tell it, as QEMU has it. */
  static ObjectNode event(Event event) {
    ObjectNode message = JsonNodeFactory.instance.objectNode();
    ObjectNode timestamp = message.putObject("timestamp");
    if (event.time() == null) {
      timestamp.put("seconds", -1).put("microseconds", -1);
    } else {
      timestamp
          .put("seconds", event.time().getEpochSecond())
          .put("microseconds", event.time().get(ChronoField.MICRO_OF_SECOND));
    }
    message.put("event", event.name());
    if (!event.data().isEmpty()) {
      message.set("data", event.data());
    }
    return message;
  }
}
