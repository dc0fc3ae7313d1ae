package org.qmpkit.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A program that is connected to a socket.
 *
 * @param name as the system has it, at most 15 characters
 * @param pid its number
 */
record Holder(String name, int pid) {
  private static final List<String> NAMES_OF_HELPERS =
      List.of("qmp-helper", "qmp_helper", "vchan-socket-proxy");

  /** Whether it is a part of libvirt. */
  boolean isLibvirt() {
    return name.matches("(libvirtd|virtqemud|rpc-).*");
  }

  /** The command line of a helper of ours; empty if it is none, or is gone. */
  Optional<List<String>> helper(Host host) {
    List<String> words =
        Arrays.asList(host.read("proc/" + pid + "/cmdline").orElse("").split("\0", -1));
    String called =
        words.stream()
            .filter(each -> each.startsWith("-Dqmpkit.called="))
            .map(each -> each.replaceFirst(".*[=/]", ""))
            .findFirst()
            .orElse("");
    boolean helps =
        NAMES_OF_HELPERS.contains(called)
            || (!called.isEmpty()
                && (words.contains("helper") || words.contains("vchan-socket-proxy")));
    return helps ? Optional.of(words) : Optional.empty();
  }

  /** Where a helper listens, if its command line says so, and of one place only. */
  static Optional<String> socket(List<String> commandLine) {
    int flag = commandLine.indexOf("--listen");
    boolean one =
        flag >= 0
            && flag == commandLine.lastIndexOf("--listen")
            && flag + 1 < commandLine.size()
            && !commandLine.contains("--route")
            && !commandLine.contains("--config");
    return one ? Optional.of(commandLine.get(flag + 1).replaceFirst(",.*", "")) : Optional.empty();
  }

  @Override
  public String toString() {
    return name + " (pid " + pid + ")";
  }
}
