package org.qmpkit.cli;

import java.util.List;
import java.util.Optional;

/**
 * A program that is connected to a socket.
 *
 * @param name as the system has it, at most 15 characters
 * @param pid its number
 */
record Holder(String name, int pid) {
  private static final List<String> HELPERS = List.of("helper", "vchan-socket-proxy");

  /** Whether it is a part of libvirt. */
  boolean isLibvirt() {
    return name.matches("(libvirtd|virtqemud|rpc-).*");
  }

  /** What a helper of ours was told on its command line; empty if it is none, or is gone. */
  Optional<List<String>> helper(Host host) {
    return OwnProcess.told(host, pid)
        .filter(told -> HELPERS.contains(told.getFirst()))
        .map(told -> told.subList(1, told.size()));
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
