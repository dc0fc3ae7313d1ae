package org.qmpkit.helper;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Loop;
import org.qmpkit.net.UnixDatagrams;
import org.qmpkit.protocol.Journal.Severity;
import org.qmpkit.protocol.Standing;

/**
 * What systemd hears of this helper (sd_notify(3)): that it is ready, reads its configuration again
 * or ends; how its monitors are, for {@code systemctl status}; and, where a watchdog waits for it,
 * twice in its time that the loop still turns. The sign of life is a timer of the loop that serves
 * everything: a loop that is stuck gives none. Lives on the loop's thread; nothing blocks.
 */
final class Heartbeat {
  /** How often systemd hears of changes, unless its watchdog must hear of us sooner. */
  private static final Duration USUAL = Duration.ofSeconds(10);

  /** How much of what is wrong fits into a line. */
  private static final int LONGEST = 240;

  private final UnixDatagrams datagrams;
  private final String place;
  private final boolean watched;
  private final Duration pause;
  private final Loop loop;
  private final Supplier<String> summary;
  private final Log log;

  /** What systemd must still be told, where it could not be. */
  private String untold = "";

  private String told = "";
  private boolean complained;

  private Heartbeat(
      UnixDatagrams datagrams,
      String place,
      @Nullable Duration watchdog,
      Loop loop,
      Supplier<String> summary,
      Log log) {
    this.datagrams = datagrams;
    this.place = place;
    this.watched = watchdog != null;
    this.pause =
        watchdog == null || watchdog.dividedBy(2).compareTo(USUAL) > 0
            ? USUAL
            : watchdog.dividedBy(2);
    this.loop = loop;
    this.summary = summary;
    this.log = log;
    loop.schedule(pause, this::beat);
  }

  /**
   * One as the environment asks for it; none, and no native code is loaded, where nobody listens.
   *
   * @param environment NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID
   * @param summary how the monitors are, in a line
   */
  static Optional<Heartbeat> of(
      Map<String, String> environment, Loop loop, Supplier<String> summary, Log log) {
    String place = environment.get("NOTIFY_SOCKET");
    if (place == null || place.isEmpty()) {
      return Optional.empty();
    }
    if (!place.startsWith("/") && !place.startsWith("@")) {
      complain(log, "NOTIFY_SOCKET (" + place + ") is no UNIX socket");
      return Optional.empty();
    }
    Optional<UnixDatagrams> datagrams = UnixDatagrams.load();
    if (datagrams.isEmpty()) {
      complain(log, "it takes datagrams, which this build or system has not");
    }
    return datagrams.map(
        each -> new Heartbeat(each, place, watchdog(environment, log), loop, summary, log));
  }

  private static void complain(Log log, String why) {
    log.write(Severity.WARNING, "", "", "cannot tell systemd how this helper is: " + why);
  }

  /** The time in which systemd wants a sign of life of this very process, or null. */
  private static @Nullable Duration watchdog(Map<String, String> environment, Log log) {
    String micros = environment.getOrDefault("WATCHDOG_USEC", "");
    String pid = environment.getOrDefault("WATCHDOG_PID", "");
    if (micros.isEmpty() || !(pid.isEmpty() || pid.equals(ownPid()))) {
      return null;
    }
    if (!micros.matches("[1-9]\\d{0,14}")) {
      complain(log, "WATCHDOG_USEC (" + micros + ") is no number of microseconds");
      return null;
    }
    return Duration.ofNanos(Long.parseLong(micros) * 1000);
  }

  private static String ownPid() {
    return Long.toString(ProcessHandle.current().pid());
  }

  /** All routes listen, or the configuration has been read again. */
  void ready() {
    told = summary.get();
    tell("READY=1\nSTATUS=" + told);
  }

  /** The configuration is being read again; {@link #ready} follows. */
  void reloading() {
    // On Linux the JVM's nanoTime is CLOCK_MONOTONIC, which systemd wants.
    tell("RELOADING=1\nMONOTONIC_USEC=" + System.nanoTime() / 1000);
  }

  /** The helper drains, and will end. */
  void stopping(String why) {
    tell("STOPPING=1\nSTATUS=" + why + ": draining and ending");
  }

  private void beat() {
    loop.schedule(pause, this::beat);
    String now = summary.get();
    List<String> words = new ArrayList<>();
    if (watched) {
      words.add("WATCHDOG=1");
    }
    if (!now.equals(told)) {
      words.add("STATUS=" + now);
    }
    if (!untold.isEmpty()) {
      tell(untold);
    }
    if (!words.isEmpty() && send(String.join("\n", words))) {
      told = now;
    }
  }

  /** Tells what systemd must know; again with the next beat where it can't be told now. */
  private void tell(String words) {
    untold = send(words) ? "" : words;
  }

  private boolean send(String words) {
    try {
      datagrams.send(place, words.getBytes(StandardCharsets.UTF_8));
      return true;
    } catch (IOException e) {
      if (!complained) {
        complained = true;
        complain(log, place + ": " + e.getMessage() + " (trying again)");
      }
      return false;
    }
  }

  /** One line about the monitors of some routes; those that are not connected first. */
  static String summary(Collection<Route> routes) {
    List<String> unwell = new ArrayList<>();
    int monitors = 0;
    for (Route route : routes) {
      Standing standing = route.standing().orElse(null);
      if (standing != null) {
        monitors++;
        if (standing.state() != Standing.State.CONNECTED) {
          unwell.add(route.spec().name() + ": " + standing);
        }
      }
    }
    int relays = routes.size() - monitors;
    String line =
        (monitors - unwell.size())
            + " of "
            + monitors
            + " monitors connected"
            + (relays == 0 ? "" : ", " + relays + " relayed")
            + (unwell.isEmpty() ? "" : "; " + String.join("; ", unwell));
    String safe = line.replaceAll("\\p{Cntrl}", "?");
    return safe.length() <= LONGEST ? safe : safe.substring(0, LONGEST - 1) + "…";
  }
}
