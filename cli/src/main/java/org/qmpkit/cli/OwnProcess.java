package org.qmpkit.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A process that runs this program. */
final class OwnProcess {
  private static final String CALLED = "-Dqmpkit.called=";

  private OwnProcess() {}

  /** What the one of that number was told: a tool, and its arguments; empty if it is another's. */
  static Optional<List<String>> told(Host host, int pid) {
    return told(host.words(pid));
  }

  /** The same of a command line as the system has it: Java, its flags, the program, the rest. */
  static Optional<List<String>> told(List<String> words) {
    int program = 0;
    while (program < words.size() && !words.get(program).endsWith(Qmp.class.getName())) {
      program++;
    }
    if (program == words.size()) {
      return Optional.empty();
    }
    List<String> told = new ArrayList<>(words.subList(program + 1, words.size()));
    words.subList(0, program).stream()
        .filter(each -> each.startsWith(CALLED))
        .flatMap(each ->
            Stream.ofNullable(Qmp.toolOf(each.substring(CALLED.length()).replaceFirst(".*/", ""))))
        .findFirst()
        .ifPresent(told::addFirst);
    return told.isEmpty() ? Optional.empty() : Optional.of(told);
  }
}
