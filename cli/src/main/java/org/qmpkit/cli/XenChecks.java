package org.qmpkit.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Xenstore;

/** What stands between dom0 and a monitor in a stub domain: Xen, its devices, xenstore, libxl. */
final class XenChecks {
  /**
   * A guest and where its QEMU is.
   *
   * @param stubDomain its number; -1 if it has none
   */
  record Domain(int guest, String name, int stubDomain) {}

  private static final String PROXY = "usr/bin/vchan-socket-proxy";
  private static final String DOMAINS = "/local/domain";

  private final Host host;
  private final List<Finding> found = new ArrayList<>();
  private @Nullable Domain domain;

  XenChecks(Host host) {
    this.host = host;
  }

  /** Whether this machine runs on Xen. */
  static boolean runsOnXen(Host host) {
    return host.read("sys/hypervisor/type").orElse("").equals("xen");
  }

  /** Whether there is something of Xen's, also where that itself does not run. */
  static boolean speaksOfXen(Host host) {
    return runsOnXen(host)
        || host.has("proc/xen")
        || new XenChecks(host).usesRings()
        || Xenstore.here().isPresent();
  }

  /** All that was found. */
  List<Finding> found() {
    return found;
  }

  /** The domain that was looked for, if it is there. */
  Optional<Domain> domain() {
    return Optional.ofNullable(domain);
  }

  /** Looks at the machine; what a vchan needs only where it is to be used. */
  void lookAtHost(boolean vchan) {
    if (!runsOnXen(host)) {
      found.add(
          Finding.fault(
              "xen", "this machine does not run on Xen", "run this in dom0 of the Xen host"));
      return;
    }
    String version =
        Stream.of("major", "minor")
            .map(each -> host.read("sys/hypervisor/version/" + each).orElse("?"))
            .reduce((a, b) -> a + "." + b)
            .orElse("?");
    found.add(Finding.ok("xen", "this machine runs on Xen " + version));
    Optional<String> capabilities = host.read("proc/xen/capabilities");
    if (capabilities.isEmpty()) {
      found.add(
          Finding.warning(
              "dom0",
              "whether this is dom0 is not known: /proc/xen is not mounted",
              "mount -t xenfs xenfs /proc/xen"));
    } else if (!capabilities.get().contains("control_d")) {
      found.add(
          Finding.warning(
              "dom0", "this is a guest: monitors of other domains are dom0's", "run it in dom0"));
    }
    if (vchan) {
      device("evtchn");
      device("gntdev");
      device("gntalloc");
      lookAtProxy();
    }
  }

  private void device(String name) {
    if (!host.has("dev/xen/" + name)) {
      found.add(
          Finding.fault(
              "xen-device",
              "there is no /dev/xen/" + name + ", which a vchan needs",
              "modprobe xen-" + name));
    }
  }

  /** Looks at what libxl starts for a Linux stub domain, whose monitor is on a vchan then. */
  void lookAtProxy() {
    Path proxy = host.at(PROXY);
    if (!Files.isExecutable(proxy)) {
      found.add(
          Finding.warning(
              "vchan-socket-proxy",
              "there is no /usr/bin/vchan-socket-proxy, where Debian's libxl looks for it: Linux"
                  + " stub domains do not start",
              proxyMend()));
    } else if (host.has("run/qmpkit/helper.sock") && !isOurs(proxy)) {
      found.add(
          Finding.fault(
              "vchan-socket-proxy",
              "/usr/bin/vchan-socket-proxy is Xen's, which does not know of the helper for the"
                  + " whole host: new stub domains do not start beside it",
              proxyMend()));
    }
  }

  /** A link of the package's is changed as such. */
  private String proxyMend() {
    Path ours = ourProxy();
    return Files.isSymbolicLink(host.at("etc/alternatives").resolve("vchan-socket-proxy"))
        ? "update-alternatives --set vchan-socket-proxy " + ours
        : "ln -sf " + ours + " /" + PROXY;
  }

  /** Beside the program that runs; in a checkout that program, which goes by its name. */
  private static Path ourProxy() {
    String launcher = System.getProperty("qmpkit.launcher");
    if (launcher == null) {
      return Path.of("/opt/qmpkit/bin/vchan-socket-proxy");
    }
    Path beside = Path.of(launcher).resolveSibling("vchan-socket-proxy");
    return Files.isExecutable(beside) ? beside : Path.of(launcher);
  }

  private static boolean isOurs(Path proxy) {
    if (!Files.isRegularFile(proxy)) {
      return false;
    }
    try (var in = Files.newInputStream(proxy)) {
      // Ours hands over by this variable; the text is in the program.
      return new String(in.readNBytes(8 << 20), StandardCharsets.ISO_8859_1).contains("QMPKIT_");
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Looks for a domain and its stub domain in xenstore.
   *
   * @param wanted its number or name
   */
  void lookFor(String wanted) {
    if (!host.running()) {
      found.add(
          Finding.warning(
              "xenstore",
              "xenstore is not asked, which alone knows of domain '" + wanted + "'",
              "run this in dom0 of the Xen host, without --root"));
      return;
    }
    Optional<Address> place = Xenstore.here();
    if (place.isEmpty()) {
      found.add(
          Finding.fault(
              "xenstore", "there is no xenstored on this host", "systemctl start xenstored"));
      return;
    }
    try (StoreReader store = new StoreReader(place.get())) {
      Optional<Integer> guest = number(store, wanted);
      found.add(Finding.ok("xenstore", "xenstored answers at " + place.get()));
      if (guest.isEmpty()) {
        found.add(Finding.fault("domain", "there is no domain '" + wanted + "'", "xl list"));
        return;
      }
      lookAt(store, guest.get());
    } catch (IOException e) {
      found.add(
          Finding.fault(
              "xenstore",
              "xenstored does not answer: " + e.getMessage(),
              "systemctl status xenstored    # it can't be started anew without the whole host"));
    }
  }

  private static Optional<Integer> number(StoreReader store, String wanted) throws IOException {
    List<String> all = store.list(DOMAINS);
    if (all.contains(wanted) && wanted.matches("\\d{1,5}")) {
      return Optional.of(Integer.valueOf(wanted));
    }
    for (String each : all) {
      if (each.matches("\\d{1,5}")
          && store.read(DOMAINS + "/" + each + "/name").orElse("").equals(wanted)) {
        return Optional.of(Integer.valueOf(each));
      }
    }
    // As 'qmp list' calls it, if none is named so.
    String number = wanted.replaceFirst("^dom(?=\\d{1,5}$)", "");
    return !number.equals(wanted) && all.contains(number)
        ? Optional.of(Integer.valueOf(number))
        : Optional.empty();
  }

  private void lookAt(StoreReader store, int guest) throws IOException {
    String folder = DOMAINS + "/" + guest;
    String name = store.read(folder + "/name").orElse("domain " + guest);
    String stub = store.read(folder + "/image/device-model-domid").orElse("");
    if (!stub.matches("\\d{1,5}") || stub.equals("0")) {
      domain = new Domain(guest, name, -1);
      found.add(
          Finding.ok(
              "domain", name + " (domain " + guest + ") has its QEMU in dom0, if it has one"));
      return;
    }
    int stubDomain = Integer.parseInt(stub);
    domain = new Domain(guest, name, stubDomain);
    found.add(
        Finding.ok(
            "domain", name + " (domain " + guest + ") has its QEMU in stub domain " + stubDomain));
    String target = store.read(DOMAINS + "/" + stubDomain + "/target").orElse("");
    if (!target.equals(Integer.toString(guest))) {
      found.add(
          Finding.fault(
              "stub-domain",
              "domain "
                  + stubDomain
                  + " does not say that it is the stub domain of "
                  + guest
                  + " (its target is '"
                  + target
                  + "'): no helper serves it",
              "xl destroy "
                  + guest
                  + "    # and create it again: this comes of a start that failed half-way"));
    }
    String vchan = DOMAINS + "/" + stubDomain + "/device-model/" + guest + "/qmp-vchan";
    if (store.list(vchan).isEmpty() && !usesRings()) {
      found.add(
          Finding.fault(
              "vchan-server",
              "the stub domain offers no monitor: there is nothing in xenstore at " + vchan,
              "xl console "
                  + stubDomain
                  + "    # did its vchan-socket-proxy start? Its image needs Xen's or ours"));
    }
    String state = DOMAINS + "/0/device-model/" + stubDomain + "/qmp-proxy-state";
    String proxy = store.read(state).orElse("");
    if (!proxy.equals("running") && !usesRings()) {
      found.add(
          Finding.warning(
              "proxy-state",
              "no vchan-socket-proxy has told libxl that it runs ("
                  + state
                  + " is '"
                  + proxy
                  + "')",
              "tail /var/log/xen/qmp-proxy-" + name + "-dm.log"));
    }
  }

  /** Whether this host has Argo or V4V, and so its stub domains may have their monitors there. */
  boolean usesRings() {
    return host.has("dev/argo_dgram") || host.has("dev/v4v_dgram");
  }

  /**
   * Looks at the way to a stub domain by Argo or V4V.
   *
   * @param scheme argo or v4v
   */
  void lookAtRings(String scheme, int stubDomain) {
    String module = scheme.equals("argo") ? "xen-argo" : "v4v";
    if (!host.has("dev/" + scheme + "_dgram")) {
      boolean loaded =
          host.read("proc/modules")
              .orElse("")
              .lines()
              .anyMatch(line -> line.startsWith(module.replace('-', '_') + " "));
      found.add(
          Finding.fault(
              "ring-device",
              "there is no /dev/" + scheme + "_dgram" + (loaded ? ", though its module is" : ""),
              loaded ? "udevadm trigger" : "modprobe " + module));
      return;
    }
    found.add(Finding.ok("ring-device", "/dev/" + scheme + "_dgram is there"));
    if (!host.running() || !host.installed("viptables")) {
      return;
    }
    Optional<String> listed = host.run("viptables", "-L");
    if (listed.isEmpty()) {
      found.add(
          Finding.warning(
              "firewall", "the firewall's rules can't be listed", "run this as root of dom0"));
      return;
    }
    FirewallRules rules = new FirewallRules(stubDomain);
    List<String> inTheWay = rules.inTheWay(listed.get());
    if (inTheWay.isEmpty()) {
      found.add(Finding.ok("firewall", "the firewall lets QMP through, both ways"));
    } else {
      found.add(
          Finding.fault(
              "firewall",
              "the firewall turns QMP away, by rule " + String.join(" and by rule ", inTheWay),
              String.join("; ", rules.add())));
    }
  }
}
