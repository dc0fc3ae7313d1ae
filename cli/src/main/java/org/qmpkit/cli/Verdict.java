package org.qmpkit.cli;

import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.shell.ExitStatus;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How a monitor is, and why.
 *
 * @param state connected, busy or gone; or broken, for what is no monitor
 * @param text the same and why, in a sentence
 * @param via who answered: helper, qemu, or nobody
 * @param status an {@link ExitStatus}
 * @param details the status that a helper told, or null
 */
record Verdict(String state, String text, String via, int status, @Nullable JsonNode details) {
  private static final int LONGEST_LINE = 2000;

  /** The same for a terminal, on one line; what others have chosen in it can do no harm there. */
  String line() {
    return Visible.text(state + ": " + text, LONGEST_LINE);
  }

  /** The same as a JSON object on one line. */
  String json(Address address) {
    ObjectNode object =
        JsonNodeFactory.instance
            .objectNode()
            .put("address", address.toString())
            .put("state", state)
            .put("reason", text)
            .put("via", via);
    if (details != null) {
      object.set("helper", details);
    }
    return Json.text(object);
  }

  /** What is to be made of what was found there within so long. */
  static Verdict of(Address address, Duration timeout, Probe.Finding found) {
    JsonNode answer = found.answer();
    if (answer != null && answer.has("return")) {
      return ofHelper(answer.get("return"));
    }
    if (answer != null) {
      return ofQemu(address, found);
    }
    if (found.full()) {
      return held(address, "no connection in " + text(timeout) + ": others wait for one already");
    }
    if (!found.connected()) {
      String why = found.fault().isEmpty() ? "no connection in " + text(timeout) : found.fault();
      return new Verdict("gone", why, "nobody", ExitStatus.UNREACHABLE, null);
    }
    if (found.fault().contains("does not speak QMP")) {
      return new Verdict("broken", found.fault(), "nobody", ExitStatus.BROKEN, null);
    }
    if (!found.fault().isEmpty()) {
      return new Verdict("gone", found.fault(), "nobody", ExitStatus.UNREACHABLE, null);
    }
    if (found.greeting() == null) {
      return held(address, "connected, but not greeted for " + text(timeout));
    }
    String why =
        "greeted, but not answered for "
            + text(timeout)
            + ": QEMU runs an earlier command, or is stopped";
    return new Verdict("busy", why, "qemu", ExitStatus.NO_ANSWER, null);
  }

  /** Of one that lets nobody in: by whose doing can't be told from here. */
  private static Verdict held(Address address, String what) {
    return new Verdict(
        "busy",
        what
            + "; another client probably holds the monitor, or QEMU stands still. To share it, let"
            + " that client and you go through 'qmp helper --listen unix:/tmp/shared.qmp --connect "
            + address
            + "'",
        "qemu",
        ExitStatus.NO_ANSWER,
        null);
  }

  private static Verdict ofHelper(JsonNode status) {
    String state = status.path("state").asString("broken");
    String reason = status.path("reason").asString("");
    String shared =
        String.format(
            "shared by a helper; clients, this one included: %d; commands in flight: %d, queued: %d",
            status.path("clients").asInt(0),
            status.path("in-flight").size(),
            status.path("queued").asInt(0));
    return switch (state) {
      case "connected" ->
          new Verdict(
              state,
              "QEMU " + status.path("qemu").asString("?") + ", " + shared,
              "helper",
              ExitStatus.DONE,
              status);
      case "gone" -> new Verdict(state, reason, "helper", ExitStatus.UNREACHABLE, status);
      case "busy", "connecting" ->
          new Verdict("busy", reason + "; " + shared, "helper", ExitStatus.NO_ANSWER, status);
      default ->
          new Verdict(
              "broken", "a helper of another kind answers", "helper", ExitStatus.BROKEN, status);
    };
  }

  private static Verdict ofQemu(Address address, Probe.Finding found) {
    return new Verdict(
        "connected",
        String.format(
            Locale.ROOT,
            "QEMU %s itself, which serves one client at a time, answers in %.1f ms."
                + " To share it: qmp helper --listen unix:/tmp/shared.qmp --connect %s",
            version(found.greeting()),
            found.nanos() / 1e6,
            address),
        "qemu",
        ExitStatus.DONE,
        null);
  }

  /** The version that a greeting tells. */
  static String version(@Nullable JsonNode greeting) {
    JsonNode known = greeting == null ? MissingNode.getInstance() : greeting;
    JsonNode qemu = known.path("version").path("qemu");
    return qemu.path("major").asInt(0)
        + "."
        + qemu.path("minor").asInt(0)
        + "."
        + qemu.path("micro").asInt(0);
  }

  private static String text(Duration time) {
    return time.toMillis() % 1000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
  }
}
