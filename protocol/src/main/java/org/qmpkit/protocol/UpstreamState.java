package org.qmpkit.protocol;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.InFlight.Sent;
import org.qmpkit.protocol.Standing.State;

/**
 * How the connection to QEMU stands, since when and why: what {@code __org.qmpkit_status} tells.
 */
final class UpstreamState {
  private static final String NOT_YET = "not connected yet";

  private enum Stage {
    GONE,
    OPENED,
    GREETED,
    READY
  }

  private Stage stage = Stage.GONE;
  private String reason = NOT_YET;
  private String release = "";
  private long since;
  private boolean busyNoted;
  private String lastEvent = "";
  private long lastEventAt;

  void opened(long now) {
    stage = Stage.OPENED;
    since = now;
    busyNoted = false;
  }

  /** QEMU has greeted; the fence stands. */
  void greeted() {
    if (stage == Stage.OPENED) {
      stage = Stage.GREETED;
    }
  }

  void ready(String qemu, long now) {
    stage = Stage.READY;
    release = qemu;
    since = now;
  }

  void lost(String why, long now) {
    if (stage != Stage.GONE || reason.equals(NOT_YET)) {
      since = now;
    }
    stage = Stage.GONE;
    reason = why;
  }

  /** QEMU has sent an event of this name. */
  void happened(String event, long now) {
    lastEvent = event;
    lastEventAt = now;
  }

  /** When {@link #busySince} will have something to say, or Long.MAX_VALUE. */
  long deadline(long silence) {
    return isWaiting() && !busyNoted ? since + silence : Long.MAX_VALUE;
  }

  private boolean isWaiting() {
    return stage == Stage.OPENED || stage == Stage.GREETED;
  }

  private String awaited(long now) {
    String what = stage == Stage.OPENED ? "no greeting for " : "no answer to qmp_capabilities for ";
    return what + seconds(now - since) + " s";
  }

  /** Says once per connection that QEMU is busy with someone else. */
  @Nullable String busySince(long now, long silence) {
    if (!isWaiting() || busyNoted || now - since < silence) {
      return null;
    }
    busyNoted = true;
    return "busy: "
        + awaited(now)
        + (stage == Stage.OPENED
            ? "; another client holds the monitor, or it is a guest agent (then use --relay)."
            : "; a command of an earlier client still runs.")
        + " Waiting for it";
  }

  Standing standing(long now, long silence, List<Sent> inFlight) {
    if (stage == Stage.GONE) {
      return new Standing(State.GONE, reason);
    }
    if (isWaiting()) {
      return new Standing(now - since < silence ? State.CONNECTING : State.BUSY, awaited(now));
    }
    Sent oldest = inFlight.isEmpty() ? null : inFlight.getFirst();
    if (oldest != null && now - oldest.at() >= silence) {
      String age = seconds(now - oldest.at());
      return new Standing(State.BUSY, oldest.name() + " since " + age + " s for " + who(oldest));
    }
    return new Standing(State.CONNECTED, "");
  }

  String describe(
      long now,
      long silence,
      List<Sent> inFlight,
      int queued,
      int clients,
      List<String> behind,
      long dropped) {
    Standing standing = standing(now, silence, inFlight);
    return "{\"state\": "
        + JsonString.quote(standing.state().word())
        + ", \"reason\": "
        + JsonString.quote(standing.reason())
        + ", \"seconds\": "
        + seconds(now - since)
        + ", \"qemu\": "
        + JsonString.quote(release)
        + ", \"clients\": "
        + clients
        + ", \"queued\": "
        + queued
        + ", \"in-flight\": ["
        + inFlight.stream().map(each -> describe(each, now)).collect(Collectors.joining(", "))
        + "], \"behind\": ["
        + String.join(", ", behind)
        + "], \"dropped\": "
        + dropped
        + (lastEvent.isEmpty()
            ? ""
            : ", \"last-event\": {\"event\": "
                + JsonString.quote(lastEvent)
                + ", \"seconds\": "
                + seconds(now - lastEventAt)
                + "}")
        + "}";
  }

  private static String describe(Sent sent, long now) {
    return "{\"command\": "
        + JsonString.quote(sent.name())
        + ", \"client\": "
        + JsonString.quote(who(sent))
        + ", \"seconds\": "
        + seconds(now - sent.at())
        + ", \"queued\": "
        + seconds(sent.at() - sent.request().queuedAt)
        + "}";
  }

  private static String who(Sent sent) {
    if (sent.client().own) {
      return sent.client().name();
    }
    String now = sent.request().expired ? ", which waits no longer" : "";
    return sent.client().name() + (sent.client().gone ? ", which has left" : now);
  }

  static String seconds(long nanos) {
    return String.format(Locale.ROOT, "%.1f", nanos / 1e9);
  }
}
