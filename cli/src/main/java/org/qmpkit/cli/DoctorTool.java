package org.qmpkit.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qmpkit.shell.ExitStatus;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code qmp doctor}: whether what stands between us and a monitor lets QMP through. */
final class DoctorTool implements Tool {
  private static final int WARNINGS = 1;
  private static final int LONGEST = 4000;

  @Override
  public String name() {
    return "doctor";
  }

  @Override
  public String summary() {
    return "find what stands between you and a monitor, and how to mend it";
  }

  @Override
  public String help() {
    return """
    Usage: qmp doctor [DOMAIN|ADDR] [--timeout 5s] [--output text|json] [--root FOLDER]
           qmp doctor DOMID --rules
           qmp doctor --test-mode

    Looks at all that is between this program and a monitor, and says in plain words what is in the
    way, each with the command that mends it; it changes nothing by itself. ADDR is where QEMU or a
    helper listens, DOMAIN a guest of this Xen host by number or name; elsewhere a name that 'qmp
    list' shows. Without either it looks at the machine, and at the monitors in /run/qmp and /run/xen.

      exit status 0  nothing is in the way
                  1  there are warnings
                  3  something is in the way

    --rules      for OpenXT: the rules of its firewall for a stub domain, and how to take them away
    --test-mode  what switches SELinux and the firewall off for everybody: the last resort, printed
                 and not done
    --root       look at the files below FOLDER, as of an image, instead of this machine, and at
                 nothing else: no program is run, no monitor or xenstore is asked
    --output     text, or one JSON object

    Examples:
      qmp doctor /var/run/xen/qmp-libxl-3
      qmp doctor my-guest
      qmp doctor argo:4
      qmp doctor 4 --rules
    """;
  }

  @Override
  public int run(List<String> arguments) throws UsageException {
    Arguments parsed =
        Arguments.parse(
            arguments, Set.of("timeout", "output", "root"), Set.of("rules", "test-mode"), Map.of());
    if (parsed.positionals().size() > 1) {
      throw new UsageException("give one domain or address, or none");
    }
    String target = parsed.positionals().isEmpty() ? null : parsed.positionals().getFirst();
    if (parsed.has("test-mode")) {
      return testMode();
    }
    if (parsed.has("rules")) {
      return rules(target);
    }
    boolean json =
        switch (parsed.flag("output").orElse("text")) {
          case "json" -> true;
          case "text" -> false;
          default -> throw new UsageException("--output must be text or json");
        };
    Duration timeout = Durations.parse("timeout", parsed.flag("timeout").orElse("5s"));
    Host host = host(parsed);
    if (!Files.isDirectory(host.root())) {
      throw new UsageException("--root (\"" + host.root() + "\") must be a folder");
    }
    List<Finding> found = new Examination(host, timeout).of(target);
    Finding.Level worst =
        found.stream().map(Finding::level).max(Enum::compareTo).orElse(Finding.Level.OK);
    System.out.print(json ? json(target, worst, found) : text(worst, found));
    return switch (worst) {
      case OK -> ExitStatus.DONE;
      case WARNING -> WARNINGS;
      case FAULT -> ExitStatus.UNREACHABLE;
    };
  }

  /** This machine, or what {@code --root} names. */
  private static Host host(Arguments parsed) {
    return parsed
        .flag("root")
        .map(folder -> new Host(Path.of(folder).toAbsolutePath().normalize(), false))
        .orElseGet(Host::machine);
  }

  private static int rules(@Nullable String target) throws UsageException {
    if (target == null || !target.matches("(argo:|v4v:)?[1-9]\\d{0,4}")) {
      throw new UsageException(
          "--rules needs the number of a stub domain, as 'qmp doctor 4 --rules'");
    }
    FirewallRules rules =
        new FirewallRules(Integer.parseInt(target.substring(target.indexOf(':') + 1)));
    System.out.println("# Lets QMP through between dom0 and stub domain " + rules.stubDomain());
    rules.add().forEach(System.out::println);
    System.out.println("# Takes that away again; rules outlive their domain");
    rules.remove().forEach(System.out::println);
    System.out.println(
        "# For xenmgr, which does the same at each start: a line of the guest's argo-firewall-rules"
            + " (before 2019: v4v-firewall-rules)");
    System.out.println("# " + FirewallRules.xenmgr());
    return ExitStatus.DONE;
  }

  private static int testMode() {
    System.out.print(
        """
        # THE LAST RESORT, to find out whether SELinux or the firewall is in the way at all. Both are
        # off for every domain and program of this host then. Not done by this program; not for a
        # machine that matters.
        setenforce 0
        viptables -F
        # And back, when you have tried:
        setenforce 1
        systemctl restart xenmgr || /etc/init.d/xenmgr restart    # makes the firewall's rules anew
        # Then let what is needed through, and nothing else: 'qmp doctor DOMID --rules',
        # ausearch -m avc -ts recent | audit2allow -w
        """);
    return ExitStatus.DONE;
  }

  private static String text(Finding.Level worst, List<Finding> found) {
    StringBuilder text = new StringBuilder();
    for (Finding each : found) {
      String word =
          switch (each.level()) {
            case OK -> "ok     ";
            case WARNING -> paint("33", "warning");
            case FAULT -> paint("31", "FAULT  ");
          };
      text.append(word).append("  ").append(Visible.text(each.text(), LONGEST)).append('\n');
      if (!each.remedy().isEmpty()) {
        text.append("         mend: ").append(Visible.text(each.remedy(), LONGEST)).append('\n');
      }
    }
    return text.append(
            switch (worst) {
              case OK -> "Nothing is in the way.\n";
              case WARNING -> "Nothing is in the way now; see the warnings.\n";
              case FAULT -> "Something is in the way; begin with the first FAULT.\n";
            })
        .toString();
  }

  private static String paint(String code, String text) {
    return Screen.hasColours() ? "\033[" + code + "m" + text + "\033[0m" : text;
  }

  private static String json(@Nullable String target, Finding.Level worst, List<Finding> found) {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    object.put("target", target == null ? "" : target);
    object.put("verdict", word(worst));
    ArrayNode findings = object.putArray("findings");
    for (Finding each : found) {
      findings
          .addObject()
          .put("id", each.id())
          .put("level", word(each.level()))
          .put("text", each.text())
          .put("remedy", each.remedy());
    }
    return Json.text(object) + "\n";
  }

  private static String word(Finding.Level level) {
    return switch (level) {
      case OK -> "ok";
      case WARNING -> "warning";
      case FAULT -> "fault";
    };
  }
}
