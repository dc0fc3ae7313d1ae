package org.qmpkit.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.qmpkit.helper.Helper;
import org.qmpkit.helper.PidNode;
import org.qmpkit.helper.RouteSpec;
import org.qmpkit.helper.Setting;
import org.qmpkit.helper.Settings;
import org.qmpkit.shell.ExitStatus;

/** {@code qmp helper}: the daemon. */
final class HelperTool implements Tool {
  @Override
  public String name() {
    return "helper";
  }

  @Override
  public String summary() {
    return "share one monitor among many clients, or relay it; for any number of monitors";
  }

  @Override
  public String help() {
    StringBuilder text =
        new StringBuilder(
            """
            Usage: qmp helper --listen ADDR --connect ADDR [--relay] [--name TEXT]
                   qmp helper --route "ADDR => ADDR" [--route ...]
                   qmp helper --config FILE
                   qmp helper GUEST STUBDOM [--transport argo|v4v]
                   qmp helper --all [--transport vchan|argo|v4v] [--control ADDR]

            Makes the UNIX socket that QEMU would have made, and carries its monitor there. Shared
            (the default), any number of clients use the monitor at once, each as if alone; with
            --relay bytes pass untouched, for one client at a time.

            GUEST STUBDOM is for OpenXT, as its qmp_helper: /var/run/xen/qmp-libxl-GUEST is the
            monitor of the QEMU in domain STUBDOM; with STUBDOM alone, as in 2016.

            """);
    list(text, each -> !each.isLimit());
    text.append(
        """

        Limits, with their defaults; most users need none of them. Amounts: 64k, 10m.
        Times: 250ms, 5s, 2m.

        """);
    list(text, Setting::isLimit);
    return text.append(
            """

            Addresses: unix:/path[,mode=0660][,group=NAME], tcp:HOST:PORT, a bare path, HOST:PORT,
            or QEMU's own spelling; 'qmp transports' lists what there is. ",fds=on" behind both
            ends of a route passes descriptors along, for getfd and add-fd; fd:N and fd:NAME are
            sockets that this process was started with.

            --command-timeout 30s,migrate=none,query-*=5s: from when a command was written to QEMU
            until it answers, and as long before that for its turn. The first that fits counts; the
            caller gets an error, and QEMU is not disturbed.

            --all, in dom0 of a Xen host: every Linux stub domain gets the sockets qmp-libxl-GUEST and
            qmp-libxenstat-GUEST (for xentop), from when it comes until it ends. Our
            vchan-socket-proxy, which libxl starts, hands its domain over, and takes it back when
            this helper is gone. It finds its way by xenstore, and needs libxenvchan.

            A configuration file has the same names:
              verbose = true
              [[route]]
              listen = "unix:/run/qmp/vm1.qmp,mode=0660,group=kvm"
              connect = "unix:/run/vm1/monitor.sock"

            SIGTERM and SIGINT drain it, at most 2 s, and end it with status 0; SIGHUP reads the
            configuration again, or ends it where there is none. The log goes to stderr.

            Examples:
              qmp helper --listen unix:/tmp/shared.qmp --connect unix:/tmp/qemu.qmp
              qmp helper --all
              qmp helper --route "/run/a.qmp => /run/a.sock" --route "/run/b.qmp => tcp:vm:4444"
            """)
        .toString();
  }

  private static void list(StringBuilder text, Predicate<Setting> which) {
    for (Setting setting : Setting.values()) {
      if (which.test(setting)) {
        String value = setting.value().isEmpty() ? "" : " " + setting.value();
        String usual = setting.usual().isEmpty() ? "" : " [" + setting.usual() + "]";
        text.append(
            String.format("  %-24s  %s%s%n", "--" + setting.key() + value, setting.help(), usual));
      }
    }
  }

  private static Set<String> keys(Predicate<Setting> which) {
    return Arrays.stream(Setting.values())
        .filter(which)
        .map(Setting::key)
        .collect(Collectors.toCollection(java.util.LinkedHashSet::new));
  }

  @Override
  public int run(List<String> arguments) throws UsageException {
    Arguments parsed = parsed(arguments);
    GuestRoute guest = parsed.positionals().isEmpty() ? null : GuestRoute.of(parsed.positionals());
    try {
      Settings settings = settings(parsed, guest);
      if (guest != null) {
        new PidNode(guest.pidNode()).run(settings, System.err);
        return ExitStatus.DONE;
      }
      Helper.run(settings, System.err);
      return ExitStatus.DONE;
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      System.err.println("qmp helper: " + e.getMessage());
      return ExitStatus.UNREACHABLE;
    }
  }

  /** Where a configuration is from here, of which another process was told. */
  @FunctionalInterface
  interface Place {
    /**
     * Finds it.
     *
     * @throws IOException if it is not to be read
     */
    Path of(String told) throws IOException;
  }

  /**
   * The routes of a helper with such a command line; its configuration is read.
   *
   * @throws UsageException if the command line makes no sense
   * @throws IOException if the configuration can't be read
   * @throws IllegalArgumentException if a setting makes no sense
   */
  static List<RouteSpec> routes(List<String> arguments, Place place)
      throws UsageException, IOException {
    Arguments told = parsed(arguments);
    List<Map.Entry<String, String>> flags = new ArrayList<>();
    for (Map.Entry<String, String> each : told.flags()) {
      boolean config = each.getKey().equals(Setting.CONFIG.key());
      flags.add(config ? Map.entry(each.getKey(), place.of(each.getValue()).toString()) : each);
    }
    Arguments parsed = new Arguments(flags, told.positionals());
    GuestRoute guest = parsed.positionals().isEmpty() ? null : GuestRoute.of(parsed.positionals());
    return Helper.routes(settings(parsed, guest));
  }

  private static Arguments parsed(List<String> arguments) throws UsageException {
    return Arguments.parse(
        arguments,
        keys(each -> !each.value().isEmpty()),
        keys(each -> each.value().isEmpty()),
        Map.of("v", "verbose", "q", "quiet"));
  }

  private static Settings settings(Arguments parsed, @Nullable GuestRoute guest)
      throws UsageException {
    String transport = Setting.TRANSPORT.key();
    Settings settings = new Settings();
    if (guest != null) {
      guest
          .settings(parsed.flag(transport).orElse(""))
          .forEach((setting, value) -> {
            if (parsed.flag(setting.key()).isEmpty()) {
              settings.set(setting, value);
            }
          });
    }
    for (Map.Entry<String, String> flag : parsed.flags()) {
      if (guest == null || !flag.getKey().equals(transport)) {
        settings.set(Setting.of(flag.getKey()).orElseThrow(), flag.getValue());
      }
    }
    return settings;
  }
}
