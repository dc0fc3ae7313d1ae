package org.qmpkit.helper;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** One setting of the helper: a flag {@code --name} and a key of the configuration file. */
public enum Setting {
  LISTEN("listen", "ADDR", "where clients connect"),
  CONNECT("connect", "ADDR", "where QEMU's monitor is (with server=on: where QEMU dials us)"),
  RELAY("relay", "", "pass bytes untouched, for one client at a time, instead of sharing"),
  FD_CLEANUP("fd-cleanup", "", "have QEMU close the descriptors of clients that have left"),
  NAME("name", "TEXT", "what the route is called in the log; by default after its socket"),
  ROUTE("route", "\"ADDR => ADDR\"", "one more route: listen => connect; may be repeated"),
  ALL("all", "", "serve the monitor of every Linux stub domain of this Xen host; see below"),
  TRANSPORT("transport", "vchan|argo|v4v", "how stub domains are reached, with all  [vchan]"),
  CONTROL("control", "ADDR", "where drop-ins hand over, with all  [/run/qmpkit/helper.sock]"),
  XEN_RUN_DIR("xen-run-dir", "FOLDER", "where libxl looks for sockets, with all  [/var/run/xen]"),
  METRICS("metrics", "ADDR", "Prometheus reads there: a UNIX socket, or a port of the loopback"),
  CONFIG("config", "FILE", "read settings and routes from a TOML file, again at SIGHUP"),
  VERBOSE("verbose", "", "log every client that comes and goes"),
  QUIET("quiet", "", "log only what needs attention"),

  COMMAND_TIMEOUT(
      "command-timeout", Measure.TIMES, "none", "how long a command may take; see below"),
  REPLY("reply", Measure.SIZE, "none", "the longest answer clients are passed; libxl takes 1m"),
  CLIENT_MESSAGE("client-message", Measure.SIZE, "1m", "the longest message of a client"),
  QEMU_MESSAGE("qemu-message", Measure.SIZE, "10m", "the longest message of QEMU"),
  QEMU_MESSAGES("qemu-messages", Measure.SIZE, "40m", "unfinished messages of all QEMUs together"),
  UNASKED("unasked", Measure.SIZE, "8m", "bytes a second that QEMU may say and nobody asked for"),
  QUEUE("queue", Measure.COUNT, "64", "commands of one client that wait"),
  HIGH_WATER("high-water", Measure.SIZE, "1m", "unread bytes from which a client is not served"),
  OUTBOX("outbox", Measure.SIZE, "4m", "unread bytes from which an event cuts a client"),
  STALL("stall", Measure.TIME, "10s", "how long a client past its high water may read nothing"),
  OUTBOXES("outboxes", Measure.SIZE, "64m", "what is held for all clients together"),
  HISTORY("history", Measure.COUNT, "4096", "events kept for subscribers that come back"),
  HISTORY_BYTES("history-bytes", Measure.SIZE, "1m", "what these may take, of one route"),
  HISTORIES("histories", Measure.SIZE, "16m", "what these may take, of all routes together"),
  CLIENTS("clients", Measure.COUNT, "1024", "clients of this process, those of relays apart"),
  CLIENTS_PER_USER("clients-per-user", Measure.COUNT, "256", "of one user other than root"),
  CLIENTS_FOR_ROOT("clients-for-root", Measure.COUNT, "4", "of these, kept for root"),
  UNNEGOTIATED("unnegotiated", Measure.COUNT, "32", "clients of a route that never negotiated"),
  CONNECT_TIMEOUT("connect-timeout", Measure.TIME, "5s", "how long QEMU may take to accept"),
  RETRY("retry", Measure.TIME, "5s", "the longest pause between attempts to reach QEMU"),
  SILENCE("silence", Measure.TIME, "5s", "how long QEMU may not greet before it counts as busy"),
  DRAIN("drain", Measure.TIME, "2s", "how long what is in flight may take at the end");

  private final String key;
  private final String value;
  private final String help;
  private final Measure measure;
  private final String usual;

  Setting(String key, String value, String help) {
    this(key, value, Measure.NONE, "", help);
  }

  Setting(String key, Measure measure, String usual, String help) {
    this(key, measure.placeholder(), measure, usual, help);
  }

  Setting(String key, String value, Measure measure, String usual, String help) {
    this.key = key;
    this.value = value;
    this.measure = measure;
    this.usual = usual;
    this.help = help;
  }

  /** Its name, lower-case with dashes. */
  public String key() {
    return key;
  }

  /** What its value is called in a help text; empty for a switch, which is true or false. */
  public String value() {
    return value;
  }

  /** What it does, in a line. */
  public String help() {
    return help;
  }

  /** Its default as it would be written; empty unless it is a limit. */
  public String usual() {
    return usual;
  }

  /** Whether it limits something. */
  public boolean isLimit() {
    return measure != Measure.NONE;
  }

  Measure measure() {
    return measure;
  }

  /** The setting of a name. */
  public static Optional<Setting> of(String key) {
    return Arrays.stream(values()).filter(each -> each.key.equals(key)).findFirst();
  }

  /** All their names, for a message that says what would have been understood. */
  static String names() {
    return Arrays.stream(values()).map(Setting::key).collect(Collectors.joining(", "));
  }
}
