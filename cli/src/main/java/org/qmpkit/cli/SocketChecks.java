package org.qmpkit.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The file of a UNIX socket: whether it is there, whose it is, and who may connect. */
final class SocketChecks {
  private static final int MODE = 07777;
  private static final int KIND = 0170000;
  private static final int SOCKET = 0140000;
  private static final int STICKY = 01000;

  private SocketChecks() {}

  /** Looks at a socket's file. */
  static List<Finding> look(Path socket) {
    PosixFileAttributes file;
    int mode;
    try {
      file = Files.readAttributes(socket, PosixFileAttributes.class);
      mode = (int) Files.getAttribute(socket, "unix:mode");
    } catch (AccessDeniedException e) {
      return List.of(denied(socket, socket + " can't be looked at: permission denied"));
    } catch (IOException e) {
      return List.of(
          Finding.fault(
              "socket",
              "there is no " + socket + ", or it can't be looked at",
              "start what listens there: qmp helper --listen unix:" + socket + " --connect ADDR"));
    }
    if ((mode & KIND) != SOCKET) {
      return List.of(
          Finding.fault(
              "socket", socket + " is no socket", "find out whose file it is: ls -l " + socket));
    }
    List<Finding> found = new ArrayList<>();
    String whose =
        file.owner().getName()
            + ":"
            + file.group().getName()
            + " "
            + PosixFilePermissions.toString(file.permissions());
    found.add(Finding.ok("socket", socket + " is there (" + whose + ")"));
    if (file.permissions().contains(PosixFilePermission.OTHERS_WRITE)) {
      found.add(
          Finding.warning(
              "socket-mode",
              "every user may connect to " + socket + ", and has all power over the machine then",
              "chmod o-rw " + socket + "    # a helper's: ,mode=0660,group=NAME behind --listen"));
    }
    folder(socket).ifPresent(found::add);
    return found;
  }

  private static Optional<Finding> folder(Path socket) {
    Path folder = socket.toAbsolutePath().getParent();
    if (folder == null) {
      return Optional.empty();
    }
    try {
      int mode = (int) Files.getAttribute(folder, "unix:mode", new LinkOption[0]) & MODE;
      Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(folder);
      boolean open = permissions.contains(PosixFilePermission.OTHERS_WRITE) && (mode & STICKY) == 0;
      return open
          ? Optional.of(
              Finding.warning(
                  "socket-folder",
                  "every user may put a socket of theirs in the place of " + socket,
                  "chmod o-w " + folder))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * That we may not connect to a socket, and who may.
   *
   * @param text how that was found
   */
  static Finding denied(Path socket, String text) {
    return Finding.fault(
        "socket-mode",
        text,
        group(socket)
            .map(group ->
                "run this as root, or as one of group "
                    + group
                    + ": usermod -aG "
                    + group
                    + " USER    # from USER's next login on")
            .orElse(
                "run this as root, or give the socket to a group: a helper's by"
                    + " ,mode=0660,group=NAME behind --listen"));
  }

  /** Whose members may do what we may not: connect, or else search the folder in the way. */
  private static Optional<String> group(Path socket) {
    for (Path each = socket.toAbsolutePath(); each != null; each = each.getParent()) {
      try {
        PosixFileAttributes file = Files.readAttributes(each, PosixFileAttributes.class);
        PosixFilePermission needed =
            file.isDirectory()
                ? PosixFilePermission.GROUP_EXECUTE
                : PosixFilePermission.GROUP_WRITE;
        String group = file.group().getName();
        return file.permissions().contains(needed) && !group.equals("root")
            ? Optional.of(group)
            : Optional.empty();
      } catch (IOException e) {
        // What is in the way is further up.
      }
    }
    return Optional.empty();
  }

  /** That nobody listens at a socket, as a try to connect has shown. */
  static Finding dead(Path socket) {
    return Finding.fault(
        "socket-dead",
        socket + " is dead: nobody listens there",
        "start its program again; a helper takes the dead socket's place. Else: rm " + socket);
  }
}
