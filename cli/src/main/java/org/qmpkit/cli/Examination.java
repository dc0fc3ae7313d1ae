package org.qmpkit.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Transport;
import org.qmpkit.net.Transports;
import org.qmpkit.shell.ExitStatus;

/** Looks at everything between this program and a monitor, from the machine to the monitor. */
final class Examination {
  private final Host host;
  private final Duration timeout;
  private final List<Finding> found = new ArrayList<>();

  /**
   * One that has not begun.
   *
   * @param timeout how long a monitor may take to answer
   */
  Examination(Host host, Duration timeout) {
    this.host = host;
    this.timeout = timeout;
  }

  /**
   * Looks; blocks.
   *
   * @param target an address, a domain of this Xen host, or null for the machine
   * @throws UsageException if it is neither
   */
  List<Finding> of(@Nullable String target) throws UsageException {
    found.add(
        Finding.ok(
            "versions",
            "qmp "
                + VersionTool.version()
                + ", Linux "
                + host.read("proc/sys/kernel/osrelease").orElse("?")));
    if (!host.running()) {
      found.add(
          Finding.ok(
              "root",
              "these are files below "
                  + host.root()
                  + " alone: no program is run, nobody is asked"));
    }
    if (target == null) {
      machine();
    } else if (isAddress(target)) {
      address(Addresses.parse(target));
    } else if (host.running() && !XenChecks.runsOnXen(host) && !target.matches("\\d+")) {
      named(target);
    } else {
      domain(target);
    }
    return found;
  }

  /** What has a colon or a slash in it is an address, as everywhere; else it is a name. */
  private static boolean isAddress(String target) {
    return target.contains("/") || target.contains(":");
  }

  private void machine() {
    if (XenChecks.runsOnXen(host)) {
      XenChecks xen = new XenChecks(host);
      xen.lookAtHost(false);
      if (!xen.usesRings()) {
        xen.lookAtProxy();
      }
      found.addAll(xen.found());
    }
    security(List.of());
    List<Address> monitors = new ArrayList<>();
    SharedSockets.USUAL.forEach(each -> monitors.addAll(SharedSockets.in(host.at(each))));
    if (monitors.isEmpty()) {
      found.add(Finding.ok("monitor", "there are no shared monitors in /run/qmp and /run/xen"));
    }
    monitors.forEach(each -> socketAndMonitor(Address.unix(place(each))));
  }

  /** Looks at what a name stands for, where there are no domains; else, of a domain, at why. */
  private void named(String wanted) throws UsageException {
    try {
      Address address = new Names(host, System.getenv()).find(wanted, Address::parse);
      found.add(Finding.ok("name", "'" + wanted + "' is " + address));
      address(address);
    } catch (UsageException e) {
      if (e.status() == ExitStatus.USAGE) {
        throw e;
      }
      found.add(Finding.fault("name", String.valueOf(e.getMessage()), "qmp list"));
      if (wanted.matches("dom\\d{1,5}") || XenChecks.speaksOfXen(host)) {
        domain(wanted);
      }
    }
  }

  private void domain(String wanted) {
    XenChecks xen = new XenChecks(host);
    xen.lookAtHost(!xen.usesRings());
    xen.lookFor(wanted);
    Optional<XenChecks.Domain> domain = xen.domain();
    if (domain.isEmpty()) {
      found.addAll(xen.found());
      return;
    }
    if (xen.usesRings() && domain.get().stubDomain() >= 0) {
      xen.lookAtRings(host.has("dev/argo_dgram") ? "argo" : "v4v", domain.get().stubDomain());
    }
    found.addAll(xen.found());
    if (!xen.usesRings() && domain.get().stubDomain() >= 0) {
      transport("vchan");
    }
    Path socket = host.at("run/xen/qmp-libxl-" + domain.get().guest());
    security(List.of(socket));
    socketAndMonitor(Address.unix(socket));
  }

  private void address(Address address) {
    XenChecks xen = new XenChecks(host);
    switch (address.scheme()) {
      case "argo", "v4v" -> {
        xen.lookAtHost(false);
        xen.lookAtRings(address.scheme(), number(address));
      }
      case "vchan" -> xen.lookAtHost(true);
      default -> {
        // Nothing of Xen's is between here and there.
      }
    }
    found.addAll(xen.found());
    transport(address.scheme());
    boolean file = address.scheme().equals("unix") && !address.target().startsWith("@");
    // Where a folder stands for the machine in a test, addresses are still those of this one.
    Path socket = host.running() ? Path.of(address.target()) : host.at(address.target());
    security(file ? List.of(socket) : List.of());
    if (file) {
      socketAndMonitor(host.running() ? address : Address.unix(socket));
    } else {
      monitor(address);
    }
  }

  /** Where the file of a shared monitor is. */
  private Path place(Address found) {
    Path file = Path.of(found.target());
    return host.running() ? file : host.at(host.root().relativize(file).toString());
  }

  private static int number(Address address) {
    String digits = address.target().split(":", 2)[0];
    return digits.matches("\\d{1,5}") ? Integer.parseInt(digits) : 0;
  }

  private void security(List<Path> files) {
    found.addAll(new SecurityChecks(host).look(files));
  }

  /** Whether this very machine can use such addresses at all. */
  private void transport(String scheme) {
    if (host.here()) {
      Transports.load().all().stream()
          .filter(each -> each.scheme().equals(scheme))
          .map(Transport::unavailable)
          .flatMap(Optional::stream)
          .limit(1)
          .forEach(why ->
              found.add(
                  Finding.fault(
                      "transport",
                      scheme + ": can't be used here: " + why,
                      "qmp transports    # lists what can")));
    }
  }

  private void socketAndMonitor(Address address) {
    Path socket = Path.of(address.target());
    List<Finding> file = SocketChecks.look(socket);
    found.addAll(file);
    if (file.stream().noneMatch(each -> each.level() == Finding.Level.FAULT)) {
      List<Holder> listening = SocketTable.of(host).listening(socket);
      if (!listening.isEmpty()) {
        found.add(Finding.ok("listener", "there listens " + names(listening)));
      }
      monitor(address);
    }
  }

  private void monitor(Address address) {
    if (!host.running()) {
      return;
    }
    // Before we connect: else we would be among them.
    List<Holder> holders =
        address.scheme().equals("unix")
            ? SocketTable.of(host).connected(Path.of(address.target()))
            : List.of();
    Probe.Finding answer = Probe.ask(address, timeout);
    Verdict verdict = Verdict.of(address, timeout, answer);
    String text = address + " is " + verdict.state() + ": " + verdict.text();
    switch (verdict.status()) {
      case ExitStatus.DONE -> found.add(Finding.ok("monitor", text));
      case ExitStatus.NO_ANSWER -> {
        if (verdict.via().equals("helper")) {
          found.add(
              Finding.warning(
                  "monitor", text, "qmp top " + address + "    # shows when what runs is over"));
        } else if (answer.greeting() != null) {
          // Its one place was ours, so nobody is in the way.
          found.add(
              Finding.warning("monitor", text, "wait; qmp health " + address + " tells how it is"));
        } else {
          found.add(held(address, text, holders));
        }
      }
      case ExitStatus.BROKEN ->
          found.add(
              Finding.fault(
                  "monitor", text, "find out what listens there; a guest agent needs --relay"));
      default -> {
        boolean unreached = address.scheme().equals("unix") && verdict.via().equals("nobody");
        Path socket = Path.of(address.target());
        if (unreached && verdict.text().contains("nobody listens there")) {
          found.add(SocketChecks.dead(socket));
        } else if (unreached && verdict.text().contains("permission denied")) {
          found.add(SocketChecks.denied(socket, text));
        } else {
          found.add(
              Finding.fault("monitor", text, "qmp health " + address + "    # until it is mended"));
        }
      }
    }
  }

  /** Of a monitor that did not greet. */
  private Finding held(Address address, String text, List<Holder> holders) {
    if (holders.isEmpty()) {
      return Finding.fault(
          "holder",
          text + "; who that is can't be seen, and it may be nobody",
          Users.isRoot()
              ? "see whether QEMU is stopped or hangs; a client that 'ss -xp' does not show is in a"
                  + " container or on another machine"
              : "run this as root, which sees every program; if it names none, QEMU is stopped or"
                  + " hangs");
    }
    String who = text + "; connected: " + names(holders);
    if (holders.stream().anyMatch(Holder::isLibvirt)) {
      return Finding.fault(
          "holder",
          who,
          "leave it to libvirt, and give the machine a monitor of your own: virsh edit, with"
              + " <qemu:commandline> -qmp unix:…,server=on,wait=off");
    }
    for (Holder each : holders) {
      Optional<List<String>> helper = each.helper(host);
      if (helper.isPresent()) {
        String seen = "tr '\\0' ' ' </proc/" + each.pid() + "/cmdline    # says which it is";
        return Finding.fault(
            "holder",
            who + "; a helper shares it already",
            "connect to that helper's socket: "
                + Holder.socket(helper.get()).map(where -> "qmp shell " + where).orElse(seen));
      }
    }
    return Finding.fault(
        "holder",
        who,
        "end "
            + names(holders)
            + ", and share the monitor: qmp helper --listen unix:/run/shared.qmp --connect "
            + address);
  }

  private static String names(List<Holder> holders) {
    return holders.stream().map(Holder::toString).collect(Collectors.joining(", "));
  }
}
