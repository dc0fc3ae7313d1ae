package org.qmpkit.client;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Message;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Something that happened in QEMU (qmp-spec, "Asynchronous events").
 *
 * @param name the event's name, as {@code STOP}
 * @param data what QEMU says of it; an empty object if nothing
 * @param time when it happened by the clock of QEMU's host; null if QEMU could not tell
 * @param lost how many events of the same subscription were dropped just before this one
 */
public record Event(String name, JsonNode data, @Nullable Instant time, long lost) {
  static Event of(Message.Event event, long lost) {
    JsonNode message = Json.tree(event.document().toString());
    JsonNode data = message.get("data");
    return new Event(
        event.name(),
        data == null ? JsonNodeFactory.instance.objectNode() : data,
        time(message.path("timestamp")),
        lost);
  }

  private static @Nullable Instant time(JsonNode timestamp) {
    JsonNode seconds = timestamp.path("seconds");
    JsonNode micros = timestamp.path("microseconds");
    if (!seconds.canConvertToLong() || !micros.isInt()) {
      return null;
    }
    long whole = seconds.asLong();
    if (whole < 0 || whole > Instant.MAX.getEpochSecond() - 1 || micros.asInt() < 0) {
      return null;
    }
    return Instant.ofEpochSecond(whole).plus(micros.asInt(), ChronoUnit.MICROS);
  }
}
