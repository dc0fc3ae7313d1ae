package org.qmpkit.cli;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.shell.ExitStatus;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code qmp health}: what is the matter with a monitor. */
final class HealthTool implements Tool {
  /**
   * A verdict.
   *
   * @param state connected, busy or gone; or broken, for what is no monitor
   * @param text the same and why, in a sentence
   * @param via who answered: helper, qemu, or nobody
   */
  private record Verdict(
      String state, String text, String via, int status, @Nullable JsonNode details) {}

  @Override
  public String name() {
    return "health";
  }

  @Override
  public String summary() {
    return "say whether a monitor is connected, busy or gone, and why";
  }

  @Override
  public String help() {
    return """
    Usage: qmp health ADDR [--timeout 5s] [--output text|json]

    Asks whoever answers at ADDR, a helper or QEMU itself, and says how the monitor is:
      connected  it answers                                      (exit status 0)
      busy       something holds it: which command, since when,
                 for whom; or another client, which only QEMU
                 knows                                           (exit status 4)
      gone       nobody is there, or the helper lost its QEMU     (exit status 3)
      broken     what answers there is no QMP                     (exit status 6)

    Prints a sentence on a terminal, else one JSON object; --output chooses.

    Examples:
      qmp health unix:/tmp/shared.qmp
      qmp health /run/vm1/monitor.sock --timeout 1s --output json
    """;
  }

  @Override
  public int run(List<String> arguments) throws UsageException {
    Arguments parsed = Arguments.parse(arguments, Set.of("timeout", "output"), Set.of(), Map.of());
    if (parsed.positionals().size() != 1) {
      throw new UsageException("give one address, as unix:/tmp/shared.qmp");
    }
    Duration timeout = Durations.parse("timeout", parsed.flag("timeout").orElse("5s"));
    boolean json =
        switch (parsed.flag("output").orElse("")) {
          case "json" -> true;
          case "text" -> false;
          case "" -> !Screen.isTerminal();
          default -> throw new UsageException("--output must be text or json");
        };
    Address address = Addresses.parse(parsed.positionals().getFirst());
    Verdict verdict = verdict(address, timeout, Probe.ask(address, timeout));
    System.out.println(json ? json(address, verdict) : verdict.state() + ": " + verdict.text());
    return verdict.status();
  }

  private static String json(Address address, Verdict verdict) {
    JsonMapper mapper = new JsonMapper();
    ObjectNode object =
        mapper
            .createObjectNode()
            .put("address", address.toString())
            .put("state", verdict.state())
            .put("reason", verdict.text())
            .put("via", verdict.via());
    if (verdict.details() != null) {
      object.set("helper", verdict.details());
    }
    return mapper.writeValueAsString(object);
  }

  private static Verdict verdict(Address address, Duration timeout, Probe.Finding found) {
    JsonNode answer = found.answer();
    if (answer != null && answer.has("return")) {
      return ofHelper(answer.get("return"));
    }
    if (answer != null) {
      return ofQemu(address, found);
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
    String why =
        found.greeting() == null
            ? "connected, but not greeted for "
                + text(timeout)
                + ": another client holds the monitor. To share it, let that client and you go"
                + " through 'qmp helper --listen unix:/tmp/shared.qmp --connect "
                + address
                + "'"
            : "greeted, but not answered for "
                + text(timeout)
                + ": QEMU runs an earlier command, or is stopped";
    return new Verdict("busy", why, "qemu", ExitStatus.NO_ANSWER, null);
  }

  private static Verdict ofHelper(JsonNode status) {
    String state = status.path("state").asString("broken");
    String reason = status.path("reason").asString("");
    String shared =
        String.format(
            "shared by a helper; clients, this one included: %d; commands in flight: %d, queued: %d",
            status.path("clients").asInt(),
            status.path("in-flight").size(),
            status.path("queued").asInt());
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
    JsonNode greeting = found.greeting() == null ? MissingNode.getInstance() : found.greeting();
    JsonNode qemu = greeting.path("version").path("qemu");
    return new Verdict(
        "connected",
        String.format(
            Locale.ROOT,
            "QEMU %d.%d.%d itself, which serves one client at a time, answers in %.1f ms."
                + " To share it: qmp helper --listen unix:/tmp/shared.qmp --connect %s",
            qemu.path("major").asInt(),
            qemu.path("minor").asInt(),
            qemu.path("micro").asInt(),
            found.nanos() / 1e6,
            address),
        "qemu",
        ExitStatus.DONE,
        null);
  }

  private static String text(Duration time) {
    return time.toMillis() % 1000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
  }
}
