package org.qmpkit.testkit;

import java.util.List;
import java.util.Objects;
import org.qmpkit.recording.Recording.Event;
import org.qmpkit.recording.Replay;
import tools.jackson.core.JacksonException;

/**
 * What a fake says to a request.
 *
 * @param before the events ahead of the reply
 * @param reply its text; "" for none
 * @param after the events behind it
 */
record Said(List<String> before, String reply, List<String> after) {
  /** A reply without events. */
  static Said alone(String reply) {
    return new Said(List.of(), reply, List.of());
  }

  /**
   * What a recorded QEMU says.
   *
   * @throws JacksonException if the request is no JSON object
   */
  static Said of(Replay replay, String request) {
    Json.Request read = Json.request(request);
    String command = Objects.requireNonNullElse(read.execute(), "");
    if (command.equals("qmp_capabilities")) {
      String reply = FakeQemu.returning(request, "{}");
      return new Said(List.of(), reply, texts(replay.recording().early()));
    }
    Replay.Reply recorded = replay.reply(command, Json.arguments(request));
    return new Said(
        texts(recorded.before()), recorded.answer().message(read.id()), texts(recorded.after()));
  }

  private static List<String> texts(List<Event> events) {
    return events.stream().map(Event::text).toList();
  }
}
