package org.qmpkit.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What OpenXT's firewall, the rules of {@code viptables} in Xen, needs for QMP between dom0 and one
 * stub domain: the helper's port 5100 there and back. The first rule that fits counts; where none
 * does, all is let through. Rules outlive their domains.
 *
 * @param stubDomain its number
 */
record FirewallRules(int stubDomain) {
  private static final int OURS = 5100;
  private static final int QEMUS = 15_100;

  /** A rule as {@code viptables -L} prints it. */
  private static final Pattern RULE =
      Pattern.compile("\\d+ : (ACCEPT|REJECT) (\\*|\\d+):(\\*|\\d+) -> (\\*|\\d+):(\\*|\\d+)");

  private String towardsUs() {
    return "--dom-in " + stubDomain + " --dom-out 0 --port-out " + OURS;
  }

  private String fromUs() {
    return "--dom-in 0 --dom-out " + stubDomain + " --port-in " + OURS;
  }

  /** The commands that let QMP through. */
  List<String> add() {
    return List.of(
        "viptables -I 1 " + towardsUs() + " -j ACCEPT",
        "viptables -I 1 " + fromUs() + " -j ACCEPT");
  }

  /** The commands that take these rules away again, and no others. */
  List<String> remove() {
    return List.of("viptables -D " + towardsUs(), "viptables -D " + fromUs());
  }

  /** The same as xenmgr has it in a guest's configuration; it adds the way back by itself. */
  static String xenmgr() {
    return "my-stubdom -> 0:" + OURS;
  }

  /**
   * Which rules turn QMP away.
   *
   * @param listed what {@code viptables -L} printed
   */
  List<String> inTheWay(String listed) {
    List<String> found = new ArrayList<>();
    boolean towards = false;
    boolean back = false;
    for (String line : listed.lines().toList()) {
      Matcher rule = RULE.matcher(line.strip());
      if (rule.matches()) {
        boolean rejects = rule.group(1).equals("REJECT");
        boolean first = !towards && fits(rule, stubDomain, QEMUS, 0, OURS);
        boolean second = !back && fits(rule, 0, OURS, stubDomain, QEMUS);
        towards |= first;
        back |= second;
        if (rejects && (first || second)) {
          found.add(line.strip());
        }
      }
    }
    return found;
  }

  private static boolean fits(Matcher rule, int... address) {
    for (int i = 0; i < address.length; i++) {
      String part = rule.group(i + 2);
      if (!part.equals("*") && !part.equals(Integer.toString(address[i]))) {
        return false;
      }
    }
    return true;
  }
}
