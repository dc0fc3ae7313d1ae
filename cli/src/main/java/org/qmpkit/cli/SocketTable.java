package org.qmpkit.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The UNIX stream sockets of a machine at one moment, as the system lists them, without connecting
 * to any. Empty where {@code ss} is not installed.
 *
 * <p>A socket is found by its file, not by the path it was bound to: it may have been moved into
 * its place, as a helper's is. Of programs of other users root alone is told which they are; that
 * they are there everybody is.
 */
final class SocketTable {
  /**
   * One end of a connection, or one that listens.
   *
   * @param bound the last part of the path it was bound to
   * @param number its own
   * @param peer the other end's number
   * @param device the number of the file system, as far as systems agree on it
   * @param rest whose it is, as {@code ss} writes it
   */
  private record End(
      boolean listens, String bound, String number, String peer, long device, String rest) {}

  /** A line of {@code ss -xape}: state, path, numbers, owners. */
  private static final Pattern LINE =
      Pattern.compile(
          "^u_str\\s+(ESTAB|LISTEN)\\s+\\d+\\s+\\d+\\s+(.*) (\\d+)\\s+\\* (\\d+)\\s(.*)");

  private static final Pattern OWNER = Pattern.compile("\"([^\"]+)\",pid=(\\d{1,9})");
  private static final Pattern FILE = Pattern.compile(" ino:(\\d+) dev:(\\d{1,9})/(\\d{1,9})");
  private static final String NO_FILE = "";

  private final Map<String, List<End>> byFile;
  private final Map<String, List<End>> byNumber;

  private final boolean failed;

  private SocketTable(List<MatchResult> lines, boolean failed) {
    this.failed = failed;
    byFile =
        lines.stream()
            .collect(
                Collectors.groupingBy(
                    each -> file(each.group(5)),
                    Collectors.mapping(SocketTable::end, Collectors.toList())));
    byNumber =
        byFile.values().stream().flatMap(List::stream).collect(Collectors.groupingBy(End::number));
  }

  /** Those of a machine now; blocks while its {@code ss} runs. */
  static SocketTable of(Host host) {
    Optional<String> printed = host.run("ss", "-xapeH");
    return new SocketTable(
        printed.stream()
            .flatMap(String::lines)
            .flatMap(line -> LINE.matcher(line).results())
            .toList(),
        printed.isEmpty() && host.running() && host.installed("ss"));
  }

  private static String file(String rest) {
    return FILE.matcher(rest).results().findFirst().map(each -> each.group(1)).orElse(NO_FILE);
  }

  private static End end(MatchResult line) {
    String rest = line.group(5);
    long device =
        FILE.matcher(rest)
            .results()
            .findFirst()
            .map(each -> Long.parseLong(each.group(2)) << 16 | Long.parseLong(each.group(3)))
            .orElse(-1L);
    return new End(
        line.group(1).equals("LISTEN"),
        line.group(2).replaceFirst(".*/", ""),
        line.group(3),
        line.group(4),
        device,
        rest);
  }

  /** Whether nothing is known. */
  boolean isEmpty() {
    return byFile.isEmpty();
  }

  /** Whether {@code ss} is installed and has failed, or told too much or too late. */
  boolean failed() {
    return failed;
  }

  /** Whether anybody listens at a socket, as far as the system tells. */
  boolean listens(Path socket) {
    return at(socket).anyMatch(End::listens);
  }

  /** How many connections there are to a socket. */
  long connections(Path socket) {
    return at(socket).filter(each -> !each.listens()).count();
  }

  /** The programs that listen at a socket, in order. */
  List<Holder> listening(Path socket) {
    return holders(at(socket).filter(End::listens));
  }

  /** The programs that are connected to a socket, in order. */
  List<Holder> connected(Path socket) {
    Set<String> peers =
        at(socket).filter(each -> !each.listens()).map(End::peer).collect(Collectors.toSet());
    return holders(peers.stream().flatMap(each -> byNumber.getOrDefault(each, List.of()).stream()));
  }

  private static List<Holder> holders(Stream<End> ends) {
    return ends.flatMap(each -> OWNER.matcher(each.rest()).results())
        .map(each -> new Holder(each.group(1), Integer.parseInt(each.group(2))))
        .distinct()
        .sorted(Comparator.comparing(Holder::toString))
        .toList();
  }

  /** Those of a file. Its number is its file system's, whose own number systems write variously. */
  private Stream<End> at(Path socket) {
    try {
      Path file = socket.toRealPath();
      String name = String.valueOf(file.getFileName());
      long device = (long) Files.getAttribute(file, "unix:dev");
      // Of the number of its file, which may have 64 bits, the system lists 32.
      long number = (long) Files.getAttribute(file, "unix:ino") & 0xFFFF_FFFFL;
      return byFile.getOrDefault(Long.toString(number), List.of()).stream()
          .filter(each -> each.device() == device || each.bound().equals(name));
    } catch (IOException e) {
      return Stream.empty();
    }
  }
}
