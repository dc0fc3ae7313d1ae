package org.qmpkit.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.qmpkit.client.QmpOptions;
import org.qmpkit.net.Address;
import org.qmpkit.shell.Format;
import org.qmpkit.shell.ShellOptions;

/** The flags of {@code qmp shell} and {@code qmp wrap}, qmp-shell's own among them. */
final class ShellFlags {
  private static final Set<String> SWITCHES =
      Set.of("hmp", "skip-negotiation", "verbose", "pretty", "exit-on-error", "no-pager", "help");
  private static final Set<String> VALUED =
      Set.of("logfile", "record", "script", "execute", "output", "timeout");
  private static final Map<String, String> SHORTS =
      Map.of(
          "H", "hmp",
          "N", "skip-negotiation",
          "v", "verbose",
          "p", "pretty",
          "l", "logfile",
          "e", "exit-on-error",
          "h", "help");

  /** What {@code --help} says of them. */
  static final String HELP =
      """
        -H, --hmp               lines are commands of the human monitor
        -N, --skip-negotiation  for a guest agent, which neither greets nor negotiates
        -v, --verbose           print each request, too
        -p, --pretty            print JSON over several lines; as --output pretty
        -l, --logfile FILE      append each request with its answer to FILE, an object a line;
                                passwords are masked
        --record FILE           record what goes over the wire to FILE, which must be new
        --script FILE           execute the lines of FILE
        --execute LINE          execute LINE; again for more; ends with the status of the first
                                that fails
        -e, --exit-on-error     end a script at the first line that fails, with its status
        --output FORMAT         json, pretty, yaml or table [json]
        --timeout TIME          how long an answer may take, as 5s [no limit]
        --no-pager              never page through what does not fit the screen
      """;

  private final Arguments arguments;

  private ShellFlags(Arguments arguments) {
    this.arguments = arguments;
  }

  /**
   * Reads flags and positionals in any order, as qmp-shell does: {@code -vp}, {@code -lFILE} and
   * {@code --verb} will do.
   *
   * @throws UsageException if they make no sense
   */
  static ShellFlags parse(List<String> words) throws UsageException {
    return new ShellFlags(Arguments.parse(expanded(words, words.size()), VALUED, SWITCHES, SHORTS));
  }

  /**
   * Reads the flags before a command line; the rest is that, without the {@code --} before it.
   *
   * @param rest is given the command line
   * @throws UsageException if they make no sense
   */
  static ShellFlags parseBefore(List<String> words, List<String> rest) throws UsageException {
    int end = 0;
    while (end < words.size() && words.get(end).startsWith("-") && !words.get(end).equals("--")) {
      List<String> known = expanded(words.subList(end, end + 1), 1);
      String last = known.getLast();
      boolean takesNext = last.startsWith("--") && VALUED.contains(last.substring(2));
      end += takesNext ? 2 : 1;
    }
    int flags = Math.min(end, words.size());
    int from = flags < words.size() && words.get(flags).equals("--") ? flags + 1 : flags;
    rest.addAll(words.subList(from, words.size()));
    return parse(words.subList(0, flags));
  }

  /** Bundles taken apart, abbreviations written out. */
  private static List<String> expanded(List<String> words, int count) throws UsageException {
    List<String> expanded = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String word = words.get(i);
      if (word.equals("--")) {
        expanded.addAll(words.subList(i, words.size()));
        break;
      }
      if (word.startsWith("--")) {
        expanded.add(completed(word));
      } else if (word.startsWith("-") && word.length() > 2) {
        unbundle(word, expanded);
      } else {
        String flag = word.startsWith("-") ? SHORTS.get(word.substring(1)) : null;
        expanded.add(flag == null ? word : "--" + flag);
      }
      boolean takesNext =
          VALUED.contains(expanded.getLast().replaceFirst("^--", ""))
              && expanded.getLast().startsWith("--");
      if (takesNext && i + 1 < count) {
        expanded.add(words.get(++i));
      }
    }
    return expanded;
  }

  private static String completed(String word) throws UsageException {
    int equals = word.indexOf('=');
    String name = word.substring(2, equals < 0 ? word.length() : equals);
    if (equals >= 0 && SWITCHES.stream().anyMatch(each -> each.startsWith(name))) {
      throw new UsageException("--" + name + " takes no value");
    }
    if (SWITCHES.contains(name) || VALUED.contains(name)) {
      return word;
    }
    List<String> fits = new ArrayList<>();
    for (Set<String> flags : List.of(SWITCHES, VALUED)) {
      flags.stream().filter(each -> each.startsWith(name)).forEach(fits::add);
    }
    if (fits.size() > 1) {
      throw new UsageException(
          "--"
              + name
              + " may be "
              + String.join(" or ", fits.stream().sorted().map(each -> "--" + each).toList()));
    }
    return fits.isEmpty() ? word : "--" + fits.getFirst() + word.substring(2 + name.length());
  }

  private static void unbundle(String word, List<String> to) throws UsageException {
    for (int i = 1; i < word.length(); i++) {
      String flag = SHORTS.get(word.substring(i, i + 1));
      if (flag == null) {
        throw new UsageException("unknown option -" + word.charAt(i) + " in " + word);
      }
      if (VALUED.contains(flag)) {
        to.add("--" + flag + (i + 1 < word.length() ? "=" + word.substring(i + 1) : ""));
        return;
      }
      to.add("--" + flag);
    }
  }

  boolean help() {
    return arguments.has("help");
  }

  List<String> positionals() {
    return arguments.positionals();
  }

  /**
   * What they make of a shell.
   *
   * @throws UsageException if a value makes no sense, or flags contradict each other
   */
  ShellOptions options(Address address) throws UsageException {
    Format format = format(arguments);
    if (arguments.has("pretty") && arguments.flag("output").isEmpty()) {
      format = Format.PRETTY;
    }
    List<String> lines =
        arguments.flags().stream()
            .filter(each -> each.getKey().equals("execute"))
            .map(Map.Entry::getValue)
            .toList();
    Optional<Path> script = file("script");
    if (script.isPresent() && !lines.isEmpty()) {
      throw new UsageException("give --script or --execute, not both");
    }
    if (arguments.has("skip-negotiation") && arguments.flag("record").isPresent()) {
      throw new UsageException("--record is for a QEMU, which greets, and -N for a guest agent");
    }
    Optional<String> timeout = arguments.flag("timeout");
    Duration limit =
        timeout.isPresent() ? Durations.parse("timeout", timeout.get()) : QmpOptions.FOREVER;
    return new ShellOptions(
        address,
        arguments.has("hmp"),
        !arguments.has("skip-negotiation"),
        arguments.has("verbose"),
        format,
        file("logfile").orElse(null),
        file("record").orElse(null),
        lines,
        script.orElse(null),
        arguments.has("exit-on-error") || !lines.isEmpty(),
        limit,
        !arguments.has("no-pager"),
        ShellTool::more);
  }

  static Format format(Arguments arguments) throws UsageException {
    String name = arguments.flag("output").orElse("json");
    Optional<Format> format = Format.named(name);
    if (format.isEmpty()) {
      throw new UsageException("--output (\"" + name + "\") must be " + Format.names());
    }
    return format.get();
  }

  private Optional<Path> file(String flag) throws UsageException {
    Optional<String> name = arguments.flag(flag);
    try {
      return name.map(Path::of);
    } catch (InvalidPathException e) {
      throw new UsageException("--" + flag + " is no file name: " + e.getReason());
    }
  }
}
