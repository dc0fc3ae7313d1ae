package org.qmpkit.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.qmpkit.helper.DropIn;
import org.qmpkit.helper.Setting;
import org.qmpkit.helper.Settings;
import org.qmpkit.net.Address;
import org.qmpkit.shell.ExitStatus;

/** {@code vchan-socket-proxy}: the helper in the place of Xen's program, argument for argument. */
final class VchanSocketProxyTool implements Tool {
  private static final String NAME = "vchan-socket-proxy";

  /**
   * Set by the small program of this name (stub/dropin) where it has become this one: it has asked
   * the helper of the host, and has written "running". The value is the descriptor of the socket,
   * which listens already; empty if there is none.
   */
  private static final String LISTENS = "QMPKIT_LISTENS";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String summary() {
    return "what libxl starts for a Linux stub domain: Xen's arguments, and many clients at once";
  }

  @Override
  public String help() {
    return """
    Usage: vchan-socket-proxy [OPTION...] DOMID XENSTORE-PATH SOCKET|DESCRIPTOR|-

    In the place of Xen's program of this name. As a client (the default) it connects to the vchan
    server of domain DOMID, and shares the monitor there with everybody who connects to SOCKET: each
    gets the greeting and answers of its own, and a client that leaves in the middle leaves nothing
    behind for the next. With a descriptor, or - for standard input and output, bytes pass untouched.

      -m, --mode client|server       server: offer the vchan, and connect to SOCKET  [client]
      -s, --state-path PATH          write "running" there in xenstore when the socket is there
      -r, --reconnect-marker BYTE    the byte 1 begins each client's session  (Qubes, OpenXT)
      -v, --verbose                  log every client that comes and goes

    Where a "qmp helper --all" runs, that serves the domain in its place, at /run/qmpkit/helper.sock
    or where QMPKIT_CONTROL says; without it, or when it is gone, this program does by itself.

    It ends, with status 0, at SIGHUP and SIGTERM, when domain DOMID has ended, and when SOCKET is
    gone. libxl starts it as
      vchan-socket-proxy --state-path=/local/domain/0/device-model/7/qmp-proxy-state \\
        7 /local/domain/7/device-model/6/qmp-vchan /var/run/xen/qmp-libxl-6
    from /usr/bin, or from where Xen's ./configure --with-stubdom-qmp-proxy= says.
    """;
  }

  @Override
  public int run(List<String> arguments) throws UsageException {
    Arguments parsed =
        Arguments.parse(
            separated(arguments),
            Set.of("mode", "state-path", "reconnect-marker"),
            Set.of("verbose"),
            Map.of("m", "mode", "s", "state-path", "r", "reconnect-marker", "v", "verbose"));
    List<String> words = parsed.positionals();
    if (words.size() != 3) {
      throw new UsageException("expected DOMID XENSTORE-PATH SOCKET, found " + words);
    }
    String mode = parsed.flag("mode").orElse("client");
    boolean server = mode.equals("server");
    if (!server && !mode.equals("client")) {
      throw new UsageException("mode '" + mode + "' is neither client nor server");
    }
    String marker = parsed.flag("reconnect-marker").orElse("");
    if (!marker.isEmpty() && !marker.equals("1")) {
      throw new UsageException("reconnect-marker '" + marker + "' is not 1, which both sides use");
    }
    Address vchan =
        Addresses.parse(
            "vchan:"
                + words.get(0)
                + ":"
                + words.get(1).replace(",", ",,")
                + (server ? ",mode=server" : "")
                + (marker.isEmpty() ? "" : ",reconnect-marker=on"));
    Address local = local(words.get(2));
    Settings settings = new Settings();
    try {
      settings.set(Setting.LISTEN, (server ? vchan : local).toString());
      settings.set(Setting.CONNECT, (server ? local : vchan).toString());
      settings.set(Setting.RELAY, Boolean.toString(server || !local.scheme().equals("unix")));
      settings.set(Setting.VERBOSE, Boolean.toString(parsed.has("verbose")));
      // The server comes some seconds after us, and libxl speaks to it at once.
      settings.set(Setting.RETRY, "250ms");
      int domid = Integer.parseInt(words.get(0));
      boolean plain = !server && local.scheme().equals("unix") && marker.isEmpty();
      boolean begun = plain && System.getenv(LISTENS) != null;
      new DropIn(
              domid,
              server ? vchan : local,
              begun ? null : parsed.flag("state-path").orElse(null),
              plain && !begun ? words.get(1) : null)
          .run(settings, System.err);
      return ExitStatus.DONE;
    } catch (NumberFormatException e) {
      throw new UsageException("domain '" + words.get(0) + "' is not a number");
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      System.err.println(NAME + ": " + e.getMessage());
      return 1;
    }
  }

  /** Options as getopt_long reads them: {@code -mserver} too, and a marker's value behind it. */
  private static List<String> separated(List<String> arguments) {
    List<String> words = new ArrayList<>();
    for (String word : arguments) {
      if (word.matches("-[msr].+")) {
        words.add(word.substring(0, 2));
        words.add(word.substring(2));
      } else {
        words.add(word);
      }
    }
    return words;
  }

  private static Address local(String word) throws UsageException {
    if (word.equals("-")) {
      return Addresses.parse("stdio:");
    }
    if (word.matches("[0-9]+")) {
      return Addresses.parse("fd:" + word);
    }
    String listens = System.getenv(LISTENS);
    String inherited = listens == null || listens.isEmpty() ? "" : ",fd=" + listens;
    return Addresses.parse("unix:" + word.replace(",", ",,") + inherited);
  }
}
