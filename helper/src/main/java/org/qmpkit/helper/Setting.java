package org.qmpkit.helper;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** One setting of the helper: a flag {@code --name} and a key of the configuration file. */
public enum Setting {
  LISTEN("listen", "ADDR", "where clients connect"),
  CONNECT("connect", "ADDR", "where QEMU's monitor is (with server=on: where QEMU dials us)"),
  RELAY("relay", "", "pass bytes untouched, for one client at a time, instead of sharing"),
  NAME("name", "TEXT", "what the route is called in the log; by default after its socket"),
  ROUTE("route", "\"ADDR => ADDR\"", "one more route: listen => connect; may be repeated"),
  CONFIG("config", "FILE", "read settings and routes from a TOML file, again at SIGHUP"),
  CLIENT_MESSAGE("client-message", "SIZE", "the longest message of a client; 1m"),
  QEMU_MESSAGE("qemu-message", "SIZE", "the longest message of QEMU; 10m"),
  VERBOSE("verbose", "", "log every client that comes and goes"),
  QUIET("quiet", "", "log only what needs attention");

  private final String key;
  private final String value;
  private final String help;

  Setting(String key, String value, String help) {
    this.key = key;
    this.value = value;
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

  /** The setting of a name. */
  public static Optional<Setting> of(String key) {
    return Arrays.stream(values()).filter(each -> each.key.equals(key)).findFirst();
  }

  /** All their names, for a message that says what would have been understood. */
  static String names() {
    return Arrays.stream(values()).map(Setting::key).collect(Collectors.joining(", "));
  }
}
