package org.qmpkit.net;

import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a stream begins or ends: {@code scheme:target[,key=value...]}.
 *
 * <p>{@code server} and {@code wait} are QEMU's own options and are part of every address but an
 * {@code exec:} one; {@code server=on} means that we listen and the other side dials us.
 *
 * @param scheme one of {@link #SCHEMES}
 * @param target what the scheme reaches: a path, {@code HOST:PORT}, a command; commas are literal
 * @param options what was written behind the target, in that order, with {@code server}, {@code
 *     wait} and {@code nowait} as {@code on} or {@code off}; unmodifiable
 */
public record Address(String scheme, String target, Map<String, String> options) {

  /** Every scheme an address may have, whether or not this build has a transport for it. */
  public static final List<String> SCHEMES =
      List.of(
          "unix", "tcp", "tls", "vsock", "hvsock", "argo", "v4v", "vchan", "exec", "pty", "fd",
          "stdio");

  static final Pattern HOST_PORT = Pattern.compile("(\\[[^]/]*]|[^:/\\[\\]]*):([0-9]+)");

  private static final List<String> COMMON_OPTIONS = List.of("server", "wait");
  private static final Pattern OPTION_KEY = Pattern.compile("[a-z][a-z0-9-]*");
  private static final int MAX_PORT = 65_535;

  /**
   * An address of checked parts.
   *
   * @throws AddressException if a part breaks the rules of its scheme
   */
  public Address {
    check(scheme + ":" + target, scheme, target, options);
    options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
  }

  /**
   * Reads an address as every tool but the shell does.
   *
   * <p>A known scheme comes first; else {@code X:digits} is tcp, where X has neither {@code /} nor,
   * outside brackets, {@code :}; else a word with a {@code /} or without a {@code :} is a UNIX
   * path. {@code ,,} is a comma inside a target or value.
   *
   * @throws AddressException if the text is none of these, or breaks the rules of its scheme
   */
  public static Address parse(String text) {
    return AddressReader.read(text, false);
  }

  /**
   * Reads an address as the shell does: a word that has no known scheme and is not {@code X:digits}
   * is a UNIX path to the letter, commas included, as qmp-shell has it.
   *
   * @throws AddressException if the text is empty, or breaks the rules of its scheme
   */
  public static Address parseInShell(String text) {
    return AddressReader.read(text, true);
  }

  /** The UNIX socket at a path, without options. */
  public static Address unix(Path path) {
    return new Address("unix", path.toString(), Map.of());
  }

  /**
   * A TCP port of a host, without options.
   *
   * @param host a name or a literal, IPv6 without its brackets; empty for the loopback
   * @param port 0 to 65535; 0 lets a listener choose
   */
  public static Address tcp(String host, int port) {
    return new Address("tcp", bracketed(host) + ":" + port, Map.of());
  }

  /** The value of an option, if it was given. */
  public Optional<String> option(String key) {
    return Optional.ofNullable(options.get(key));
  }

  /**
   * The value of an option that is {@code on} or {@code off}.
   *
   * @param otherwise the value when the option was not given
   * @throws AddressException if the option has another value
   */
  public boolean flag(String key, boolean otherwise) {
    String value = options.get(key);
    return value == null ? otherwise : onOff(toString(), key, value);
  }

  /** True if the address says {@code server=on}: listen here, the other side dials us. */
  public boolean server() {
    return flag("server", false);
  }

  /**
   * The host of a {@code tcp} or {@code tls} address, IPv6 without its brackets; empty for the
   * loopback.
   *
   * @throws IllegalStateException if the scheme has no host
   */
  public String host() {
    String host = hostPort().group(1);
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  /**
   * The port of a {@code tcp} or {@code tls} address, 0 to 65535.
   *
   * @throws IllegalStateException if the scheme has no port
   */
  public int port() {
    return Integer.parseInt(hostPort().group(2));
  }

  /** The same address with another port, as a listener has it that was asked for port 0. */
  public Address withPort(int port) {
    return new Address(scheme, bracketed(host()) + ":" + port, options);
  }

  /**
   * Lets a transport refuse the options it does not know; {@code server} and {@code wait} always
   * pass.
   *
   * @param known the keys that the transport knows
   * @throws AddressException if another option was given; the text lists the known ones
   */
  public void checkOptions(Collection<String> known) {
    for (String key : options.keySet()) {
      if (!known.contains(key) && !COMMON_OPTIONS.contains(key)) {
        TreeSet<String> all = new TreeSet<>(known);
        all.addAll(COMMON_OPTIONS);
        throw new AddressException(
            toString(),
            "option '" + key + "' is not known here; known are " + String.join(", ", all),
            scheme + ":" + target + ",server=on");
      }
    }
  }

  /** The canonical spelling; {@link #parse} reads it back to an equal address. */
  @Override
  public String toString() {
    if (scheme.equals("exec")) {
      return scheme + ":" + target;
    }
    StringBuilder text = new StringBuilder(scheme).append(':').append(target.replace(",", ",,"));
    options.forEach(
        (key, value) -> text.append(',').append(key).append('=').append(value.replace(",", ",,")));
    return text.toString();
  }

  /** Checks the parts of an address; the text of the exception names the input as written. */
  static void check(String input, String scheme, String target, Map<String, String> options) {
    if (!SCHEMES.contains(scheme)) {
      throw new AddressException(
          input,
          "scheme '" + scheme + "' is none of " + String.join(", ", SCHEMES),
          "unix:/run/qmp.sock");
    }
    checkCharacters(input, scheme, target);
    switch (scheme) {
      case "tcp", "tls" -> checkHostPort(input, scheme, target);
      case "unix" -> {
        if (target.isEmpty() || target.equals("@")) {
          throw new AddressException(input, "the path is empty", "unix:/run/qmp.sock");
        }
      }
      case "stdio" -> {
        if (!target.isEmpty()) {
          throw new AddressException(input, "stdio has no target", "stdio:");
        }
      }
      default -> {
        if (target.isBlank()) {
          throw new AddressException(
              input, "nothing follows '" + scheme + ":'", AddressReader.example(scheme));
        }
      }
    }
    if (scheme.equals("exec") && !options.isEmpty()) {
      throw new AddressException(
          input, "exec takes no options, the whole rest is the command", "exec:cat");
    }
    checkOptionTexts(input, options);
  }

  private static void checkCharacters(String input, String scheme, String target) {
    // A command may span lines; everything else ends up in one-line messages.
    boolean command = scheme.equals("exec");
    for (int i = 0; i < target.length(); i++) {
      char c = target.charAt(i);
      if (c == 0 || (!command && Character.isISOControl(c))) {
        throw new AddressException(
            input.replaceAll("\\p{Cntrl}", "?"),
            String.format("character %d of the target is the control character U+%04X", i + 1, +c),
            AddressReader.example(scheme));
      }
    }
  }

  private static void checkHostPort(String input, String scheme, String target) {
    Matcher parts = HOST_PORT.matcher(target);
    if (!parts.matches()) {
      throw new AddressException(
          input,
          "'" + target + "' is not HOST:PORT, with an IPv6 host in brackets",
          scheme + ":[::1]:4444");
    }
    String port = parts.group(2);
    if (port.length() > 5 || Integer.parseInt(port) > MAX_PORT) {
      throw new AddressException(
          input, "port " + port + " is not within 0 to " + MAX_PORT, scheme + ":localhost:4444");
    }
    if (parts.group(1).chars().anyMatch(Character::isWhitespace)) {
      throw new AddressException(
          input, "host '" + parts.group(1) + "' has a blank in it", scheme + ":localhost:4444");
    }
  }

  private static void checkOptionTexts(String input, Map<String, String> options) {
    options.forEach((key, value) -> {
      if (!OPTION_KEY.matcher(key).matches()) {
        throw new AddressException(
            input,
            "option '" + key + "' is not a name of small letters, digits and '-'",
            "unix:/run/qmp.sock,mode=0660");
      }
      if (value.chars().anyMatch(Character::isISOControl)) {
        throw new AddressException(
            input,
            "the value of option '" + key + "' has a control character in it",
            "unix:/run/qmp.sock,mode=0660");
      }
      if (COMMON_OPTIONS.contains(key)) {
        onOff(input, key, value);
      }
    });
  }

  private static boolean onOff(String input, String key, String value) {
    return switch (value) {
      case "on" -> true;
      case "off" -> false;
      default ->
          throw new AddressException(
              input,
              "option '" + key + "' is '" + value + "', neither on nor off",
              "unix:/run/qmp.sock," + key + "=on");
    };
  }

  private static String bracketed(String host) {
    return host.indexOf(':') < 0 ? host : "[" + host + "]";
  }

  private Matcher hostPort() {
    Matcher parts = HOST_PORT.matcher(target);
    if (!(scheme.equals("tcp") || scheme.equals("tls")) || !parts.matches()) {
      throw new IllegalStateException(this + " has no host and port");
    }
    return parts;
  }
}
