package org.qmpkit.cli;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.qmpkit.helper.RouteSpec;
import org.qmpkit.net.Address;

/**
 * What runs on a machine that has to do with monitors, by the command lines of its processes.
 *
 * <p>At most {@link MonitorSearch#MOST} of each for those whose words count, and as many for
 * others, who come last.
 *
 * @param monitors the sockets at which QEMUs listen for QMP
 * @param routes those of helpers, without what these find out by themselves
 */
record Processes(List<Monitor> monitors, List<SharedAt> routes) {
  /** A socket of a QEMU. */
  record Monitor(QemuProcess qemu, Path socket) {}

  /**
   * A socket of a helper.
   *
   * @param connect where QEMU's own monitor is; null if that is no UNIX socket
   */
  record SharedAt(int pid, int user, RouteSpec route, Path listen, @Nullable Path connect) {}

  /** A path that is longer is no socket's. */
  private static final int LONGEST_PATH = 4096;

  private static final int LONGEST_CONFIG = 1 << 20;

  /** A route that takes more to write down is none of an honest helper. */
  private static final int LONGEST_ROUTE = 4096;

  private static final int SET_USER_ID = 04000;

  /** The user ids of a process: real, effective, saved, and of the file system. */
  private static final Pattern USERS =
      Pattern.compile("(?m)^Uid:\\t(\\d{1,10})\\t(\\d{1,10})\\t(\\d{1,10})\\t(\\d{1,10})$");

  /** Looks at all processes whose command line may be read. */
  static Processes of(Host host) {
    Processes found = new Processes(new ArrayList<>(), new ArrayList<>());
    try (DirectoryStream<Path> all = Files.newDirectoryStream(host.at("proc"), "[0-9]*")) {
      for (Path each : all) {
        String number = String.valueOf(each.getFileName());
        if (number.matches("\\d{1,9}")) {
          found.look(host, each, Integer.parseInt(number));
        }
      }
    } catch (IOException e) {
      // Of a machine without /proc only folders tell.
    }
    found.monitors.sort(Comparator.comparing(each -> !Users.isTrusted(each.qemu().user())));
    found.routes.sort(Comparator.comparing(each -> !Users.isTrusted(each.user())));
    return found;
  }

  private void look(Host host, Path process, int pid) {
    List<String> words = host.words(pid);
    if (words.isEmpty()) {
      return;
    }
    Optional<List<String>> told = OwnProcess.told(words);
    Optional<QemuProcess> qemu = QemuProcess.of(pid, user(host, pid), words);
    if (qemu.isPresent()) {
      for (String each : qemu.get().sockets()) {
        Optional<Path> socket = path(host, process, each);
        if (socket.isPresent() && hasRoom(monitors, it -> it.qemu().user(), qemu.get().user())) {
          monitors.add(new Monitor(qemu.get(), socket.get()));
        }
      }
    } else if (told.isPresent() && told.get().getFirst().equals("helper")) {
      lookAtHelper(host, process, pid, told.get().subList(1, told.get().size()));
    }
  }

  private void lookAtHelper(Host host, Path process, int pid, List<String> told) {
    int user = user(host, pid);
    try {
      for (RouteSpec each :
          HelperTool.routes(told, config -> configuration(host, process, user, config))) {
        Optional<Path> listen = socket(host, process, each.listen());
        boolean honest = each.toString().length() <= LONGEST_ROUTE;
        if (listen.isPresent() && honest && hasRoom(routes, SharedAt::user, user)) {
          Path connect = socket(host, process, each.connect()).orElse(null);
          routes.add(new SharedAt(pid, user, each, listen.get(), connect));
        }
      }
    } catch (UsageException | IllegalArgumentException | IOException e) {
      // Its configuration is not for us to read, or has changed since: its sockets are found by
      // folder, if at all.
    }
  }

  /**
   * Where the configuration of a helper is from here.
   *
   * @throws IOException if that is no file, or is of somebody whose files are not for us to open
   */
  private static Path configuration(Host host, Path process, int user, String told)
      throws IOException {
    Path config =
        path(host, process, told)
            .orElseThrow(() -> new IOException("its folder is not known"))
            .toRealPath();
    // Files of /proc and /sys, which may block, have no size.
    long size = Files.isRegularFile(config) ? Files.size(config) : 0;
    if (size == 0
        || size > LONGEST_CONFIG
        || !Users.isTrusted(user)
        || !Users.isTrusted(Users.of(config))) {
      throw new IOException(config + " is not read");
    }
    return config;
  }

  /** Whether there are not yet too many, of those whose words count or of the others. */
  private static <T> boolean hasRoom(List<T> all, ToIntFunction<T> userOf, int user) {
    boolean trusted = Users.isTrusted(user);
    return all.size() < MonitorSearch.MOST
        || all.stream().filter(it -> Users.isTrusted(userOf.applyAsInt(it)) == trusted).count()
            < MonitorSearch.MOST;
  }

  private static Optional<Path> socket(Host host, Path process, Address address) {
    return address.scheme().equals("unix") && !address.target().startsWith("@")
        ? path(host, process, address.target())
        : Optional.empty();
  }

  /** Where a path leads that a process was given. */
  private static Optional<Path> path(Host host, Path process, String given) {
    if (given.isEmpty() || given.length() > LONGEST_PATH) {
      return Optional.empty();
    }
    try {
      if (given.startsWith("/")) {
        return Optional.of(host.at(given));
      }
      Path folder = Files.readSymbolicLink(process.resolve("cwd"));
      return Optional.of(host.at(folder.toString()).resolve(given).normalize());
    } catch (InvalidPathException | IOException e) {
      // The folder of a process of another user is not told.
      return Optional.empty();
    }
  }

  /**
   * Who runs a process, nobody if that is not told. Where it is of several users, as a program with
   * the set-user-ID bit is, it is the one who counts least: he has chosen its command line. Where
   * it is seen to have the bit it is nobody's, since such a program may have left its user behind,
   * as sudo does before it asks for the password.
   */
  private static int user(Host host, int pid) {
    try {
      Path program = host.at("proc/" + pid + "/exe");
      if (((int) Files.getAttribute(program, "unix:mode") & SET_USER_ID) != 0) {
        return -1;
      }
    } catch (IOException e) {
      // What another user runs root alone is told.
    }
    Matcher users = USERS.matcher(host.read("proc/" + pid + "/status").orElse(""));
    if (!users.find()) {
      return -1;
    }
    return IntStream.rangeClosed(1, users.groupCount())
        .map(each -> (int) Long.parseLong(users.group(each)))
        .boxed()
        .min(Comparator.comparing(Users::isTrusted))
        .orElseThrow();
  }
}
