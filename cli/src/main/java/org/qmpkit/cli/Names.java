package org.qmpkit.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.qmpkit.net.Address;
import org.qmpkit.net.AddressException;
import org.qmpkit.shell.ExitStatus;
import org.qmpkit.shell.Similar;

/**
 * Names that stand for addresses: those that {@code qmp list} shows. What is an address or the path
 * of a file means the same as without them, and costs nothing; the machine is looked at for other
 * words only.
 */
final class Names {
  private static final int MOST_SHOWN = 10;
  private static final int LONGEST_SHOWN = 200;

  private final Host host;
  private final Map<String, String> environment;

  Names(Host host, Map<String, String> environment) {
    this.host = host;
    this.environment = environment;
  }

  /** Those of this machine. */
  static Names here() {
    return new Names(Host.machine(), System.getenv());
  }

  /** All that may stand for an address, in order. */
  static Set<String> of(Collection<Sighting> all) {
    return all.stream()
        .filter(Sighting::isTrusted)
        .flatMap(each -> each.names().stream())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /**
   * What a word means as the address of a monitor, to connect to. Blocks while the machine is
   * looked at.
   *
   * @param grammar reads an address, or throws {@link AddressException}
   * @throws UsageException if it is neither an address nor a name, or the name of several; with
   *     {@link ExitStatus#UNREACHABLE} if it would be the path of a file that is not there
   */
  Address find(String word, Function<String, Address> grammar) throws UsageException {
    Address address;
    try {
      address = grammar.apply(word);
    } catch (AddressException e) {
      List<Address> named = word.indexOf('/') < 0 ? named(word, search()) : List.of();
      if (named.size() == 1) {
        return named.getFirst();
      }
      throw new UsageException(
          named.isEmpty() ? String.valueOf(e.getMessage()) : severalText(word, named));
    }
    if (!isName(word, address)) {
      return address;
    }
    MonitorSearch search = search();
    List<Address> named = named(word, search);
    if (named.isEmpty() && word.indexOf(':') >= 0) {
      return address; // as qmp-shell has it, more a path than a name
    }
    return switch (named.size()) {
      case 0 -> throw none(word, search.found());
      case 1 -> named.getFirst();
      default -> throw new UsageException(severalText(word, named));
    };
  }

  /** Whether a word that was read as an address is rather a name: no file is there. */
  static boolean isName(String word, Address read) {
    return read.scheme().equals("unix")
        && read.target().equals(word)
        && word.indexOf('/') < 0
        && !word.startsWith("@")
        && !Files.exists(Path.of(word));
  }

  private MonitorSearch search() {
    MonitorSearch search = new MonitorSearch(host, environment);
    search.look();
    return search;
  }

  /**
   * The monitors of a name. A helper's socket stands for the monitor that it shares; and of several
   * monitors of one QEMU those count that nobody holds.
   */
  private static List<Address> named(String word, MonitorSearch search) {
    List<Sighting> named =
        search.found().stream()
            .filter(each -> each.isTrusted() && each.names().contains(word))
            .toList();
    List<Address> all = addresses(named.stream());
    List<Address> helpers = addresses(named.stream().filter(each -> each.through() != null));
    List<Sighting> own = named.stream().filter(each -> !helpers.contains(each.address())).toList();
    Set<Optional<QemuProcess>> qemus =
        own.stream().map(each -> Optional.ofNullable(each.qemu())).collect(Collectors.toSet());
    if (all.size() > 1 && qemus.size() == 1 && !qemus.contains(Optional.<QemuProcess>empty())) {
      List<Address> free =
          addresses(
              own.stream()
                  .filter(each ->
                      each.through() != null || search.table().connections(each.socket()) == 0));
      return free.size() == 1 ? free : all;
    }
    return all;
  }

  private static List<Address> addresses(Stream<Sighting> sightings) {
    return sightings
        .map(
            each -> each.through() == null ? each.address() : Address.unix(each.through().listen()))
        .distinct()
        .toList();
  }

  private static String severalText(String word, List<Address> named) {
    return "'"
        + shown(word)
        + "' is the name of "
        + named.size()
        + " monitors; give the address of one: "
        + named.stream()
            .limit(MOST_SHOWN)
            .map(each -> shown(each.toString()))
            .collect(Collectors.joining(", "));
  }

  private static UsageException none(String word, Collection<Sighting> all) {
    List<Sighting> others =
        all.stream().filter(each -> each.names().contains(word)).limit(MOST_SHOWN).toList();
    if (!others.isEmpty()) {
      return new UsageException(
          "'"
              + shown(word)
              + "' is a name that another user has given; if that is the one, give its address: "
              + others.stream()
                  .map(each -> shown(each.address().toString()))
                  .collect(Collectors.joining(", ")),
          ExitStatus.UNREACHABLE);
    }
    Set<String> names = of(all);
    String hint = shown(Similar.hint(word, names));
    String there =
        names.isEmpty()
            ? "; none was found"
            : (hint.isEmpty() ? "; there are " : hint + " There are ")
                + names.stream()
                    .limit(MOST_SHOWN)
                    .map(Names::shown)
                    .collect(Collectors.joining(", "))
                + (names.size() > MOST_SHOWN ? ", …" : "");
    return new UsageException(
        "there is no file '"
            + shown(word)
            + "' here, and no monitor of that name"
            + there
            + " ('qmp list' tells more)",
        ExitStatus.UNREACHABLE);
  }

  private static String shown(String text) {
    return Visible.text(text, LONGEST_SHOWN);
  }
}
