package org.qmpkit.cli;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.qmpkit.helper.RouteSpec;
import org.qmpkit.net.Address;

/**
 * What runs on a machine that has to do with monitors, by the command lines of its processes.
 *
 * @param qemus every QEMU
 * @param monitors the sockets at which these listen for QMP
 * @param routes those of helpers, without what these find out by themselves
 */
record Processes(List<QemuProcess> qemus, List<Monitor> monitors, List<SharedAt> routes) {
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

  /** Looks at all processes whose command line may be read. */
  static Processes of(Host host) {
    Processes found = new Processes(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
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
    return found;
  }

  private void look(Host host, Path process, int pid) {
    List<String> words = host.words(pid);
    if (words.isEmpty()) {
      return;
    }
    Optional<List<String>> told = OwnProcess.told(words);
    Optional<QemuProcess> qemu = QemuProcess.of(pid, user(process), words);
    if (qemu.isPresent()) {
      qemus.add(qemu.get());
      for (String each : qemu.get().sockets()) {
        path(host, process, each)
            .ifPresent(socket -> monitors.add(new Monitor(qemu.get(), socket)));
      }
    } else if (told.isPresent() && told.get().getFirst().equals("helper")) {
      lookAtHelper(host, process, pid, told.get().subList(1, told.get().size()));
    }
  }

  private void lookAtHelper(Host host, Path process, int pid, List<String> told) {
    int user = user(process);
    try {
      for (RouteSpec each : HelperTool.routes(here(host, process, told))) {
        Optional<Path> listen = socket(host, process, each.listen());
        if (listen.isPresent()) {
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
   * The arguments of a helper, with its configuration's place as it is from here.
   *
   * @throws IOException if that is no file, or is of somebody whose files are not for us to open
   */
  private static List<String> here(Host host, Path process, List<String> told) throws IOException {
    List<String> here = new ArrayList<>(told);
    int flag = here.indexOf("--config");
    if (flag >= 0 && flag + 1 < here.size()) {
      Path config =
          path(host, process, here.get(flag + 1))
              .orElseThrow(() -> new IOException("its folder is not known"));
      boolean plain = Files.isRegularFile(config) && Files.size(config) <= LONGEST_CONFIG;
      if (!plain || !Users.isTrusted(user(process))) {
        throw new IOException(config + " is not read");
      }
      here.set(flag + 1, config.toString());
    }
    return here;
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

  /** Who runs a process; nobody if it is gone. */
  private static int user(Path process) {
    try {
      return Users.of(process);
    } catch (IOException e) {
      return -1;
    }
  }
}
