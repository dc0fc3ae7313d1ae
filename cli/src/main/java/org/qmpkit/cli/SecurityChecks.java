package org.qmpkit.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What SELinux and AppArmor have to say. */
final class SecurityChecks {
  private static final Pattern OURS =
      Pattern.compile("qmp|qemu|vchan|argo|v4v|xend_|java|libxl|monitor");
  private static final Pattern DENIED =
      Pattern.compile(
          "avc:\\s+denied\\s+\\{ ([^}]*) \\}.*?comm=\"?([^\" ]*).*tcontext=(\\S+) tclass=(\\S+)");
  private static final Pattern APPARMOR =
      Pattern.compile(
          "apparmor=\"DENIED\" operation=\"([^\"]*)\".*?profile=\"([^\"]*)\".*?name=\"([^\"]*)\"");
  private static final int MOST = 5;
  private static final String MODULE = "/usr/share/selinux/packages/qmpkit.pp.bz2";

  /** Is there while our policy module is in force. */
  private static final String BOOLEAN = "sys/fs/selinux/booleans/qmp_helper_exec";

  private final Host host;

  SecurityChecks(Host host) {
    this.host = host;
  }

  /**
   * Looks.
   *
   * @param files what must have its right label: sockets and devices
   */
  List<Finding> look(List<Path> files) {
    List<Finding> found = new ArrayList<>();
    boolean enforcing =
        switch (host.read("sys/fs/selinux/enforce").orElse("")) {
          case "1" -> {
            found.add(Finding.ok("selinux", "SELinux is enforcing"));
            yield true;
          }
          case "0" -> {
            found.add(Finding.ok("selinux", "SELinux is permissive: it forbids nothing"));
            yield false;
          }
          default -> {
            found.add(Finding.ok("selinux", "SELinux is not in use"));
            yield false;
          }
        };
    if (enforcing) {
      denials().forEach(found::add);
    }
    if (host.has("sys/fs/selinux/enforce")) {
      files.stream().flatMap(this::label).forEach(found::add);
    }
    if (host.read("sys/module/apparmor/parameters/enabled").orElse("N").equals("Y")) {
      apparmor().forEach(found::add);
    }
    return found;
  }

  private Stream<Finding> denials() {
    return host.tail("var/log/audit/audit.log")
        .map(DENIED::matcher)
        .filter(Matcher::find)
        .filter(each -> OURS.matcher(each.group(2) + " " + each.group(3)).find())
        .map(each ->
            each.group(2)
                + " may not "
                + each.group(1)
                + " a "
                + each.group(4)
                + " of "
                + each.group(3))
        .distinct()
        .limit(MOST)
        .map(
            denied -> Finding.warning("selinux-denial", "SELinux has denied: " + denied, wayOut()));
  }

  private String wayOut() {
    return host.has(BOOLEAN) || !host.has(MODULE.substring(1))
        ? "ausearch -m avc -ts recent | audit2allow -w    # says why, and what would let it"
        : "semodule -X 200 -i "
            + MODULE
            + " && restorecon -RF /usr/lib/qmpkit /etc/qmpkit /run/qmp /run/qmpkit    # our policy module; then start it again";
  }

  private Stream<Finding> label(Path file) {
    return host.run("matchpathcon", "-V", file.toString()).stream()
        .flatMap(String::lines)
        .filter(line -> line.contains(" should be "))
        .map(line ->
            Finding.warning(
                "selinux-label",
                "a wrong SELinux label: " + line.strip(),
                "restorecon -v " + file));
  }

  private Stream<Finding> apparmor() {
    return Stream.of("var/log/audit/audit.log", "var/log/kern.log", "var/log/syslog")
        .flatMap(host::tail)
        .map(APPARMOR::matcher)
        .filter(Matcher::find)
        .filter(each -> OURS.matcher(each.group(2) + " " + each.group(3)).find())
        .map(each -> each.group(2) + " may not " + each.group(1) + " " + each.group(3))
        .distinct()
        .limit(MOST)
        .map(denied ->
            Finding.warning(
                "apparmor-denial",
                "AppArmor has denied: " + denied,
                "aa-logprof    # or add the path to the profile, for libvirt's QEMU in"
                    + " /etc/apparmor.d/abstractions/libvirt-qemu"));
  }
}
