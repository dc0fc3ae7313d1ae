package org.qmpkit.net;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The file of a listening UNIX socket.
 *
 * <p>It is made in a private folder beside its place, gets its group and mode there, listens, and
 * only then appears at its path, in one step that replaces nothing: it is never open wider than in
 * the end, and never refuses while it starts. It is taken away only while it is still this one.
 */
final class SocketFile {
  private static final String LISTEN = "listen on";
  private static final int ATTEMPTS = 8;
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rwx------");

  /** One at a time within this process; between processes, {@link #moveAway} looks twice. */
  private static final Object PLACING = new Object();

  private final Path path;
  private final Object identity;
  private final SocketPoller.Bound bound;
  private final AtomicBoolean removed = new AtomicBoolean();

  private SocketFile(Path path, Object identity, SocketPoller.Bound bound) {
    this.path = path;
    this.identity = identity;
    this.bound = bound;
  }

  /**
   * Binds a socket and puts its file in place. On failure nothing is left behind.
   *
   * @throws TransportException if something that is not a dead socket has the path, or the system
   *     refuses
   */
  static SocketFile bind(SocketPoller poller, Address address, SocketPlace place, int backlog)
      throws TransportException {
    Path path = place.path();
    Path name = path.getFileName();
    if (name == null || Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      throw Occupant.inTheWay(address, "a folder");
    }
    Path folder = path.resolveSibling("");
    if (!Files.isDirectory(folder)) {
      throw noFolder(address, folder);
    }
    Occupant.refuseLiving(address, path);
    Path dir = privateFolder(address, folder);
    // Its own name if that fits: it is what ss(8) shows.
    Path file = dir.resolve(name);
    if (ShortPath.length(file) > ShortPath.SYSTEM_LIMIT - 1) {
      file = dir.resolve("s");
    }
    Path old = dir.resolve("o");
    if (old.equals(file)) {
      old = dir.resolve("s");
    }
    SocketPoller.Bound bound = null;
    SocketFile placed = null;
    try (ShortPath shortPath = ShortPath.within(dir, String.valueOf(file.getFileName()))) {
      bound = poller.bind(shortPath.address(), backlog);
      if (place.group() != null) {
        setGroup(address, file, place.group());
      }
      Files.setPosixFilePermissions(file, place.mode());
      Object identity = Occupant.identity(file);
      synchronized (PLACING) {
        put(address, file, path, old);
      }
      placed = new SocketFile(path, identity, bound);
      return placed;
    } catch (TransportException e) {
      throw e;
    } catch (IOException e) {
      throw failed(address, "the socket cannot be made", e);
    } finally {
      if (placed == null && bound != null) {
        bound.close();
      }
      delete(file);
      delete(dir);
    }
  }

  /**
   * The file of a socket that listens already, and is this one's to remove from here on.
   *
   * @throws TransportException if there is none at that path
   */
  static SocketFile adopt(Address address, Path path, SocketPoller.Bound bound)
      throws TransportException {
    try {
      return new SocketFile(path, Occupant.identity(path), bound);
    } catch (IOException e) {
      throw failed(address, "its file is not there", e);
    }
  }

  /** The socket that listens there. */
  SocketPoller.Bound bound() {
    return bound;
  }

  /** Takes the file away if it is still the one that was put there. Idempotent. */
  void remove() {
    if (removed.compareAndSet(false, true)) {
      try {
        if (Occupant.identity(path).equals(identity)) {
          Files.deleteIfExists(path);
        }
      } catch (IOException e) {
        // Gone already, or out of reach: then it is not ours to remove.
      }
    }
  }

  private static TransportException noFolder(Address address, Path folder) {
    if (Files.notExists(folder)) {
      return new TransportException(
          LISTEN,
          address,
          "there is no folder '" + folder + "'",
          "create it: mkdir -p " + folder,
          true,
          null);
    }
    return new TransportException(
        LISTEN,
        address,
        Files.exists(folder)
            ? "'" + folder + "' is not a folder"
            : "permission denied on the way to '" + folder + "'",
        "choose another path",
        false,
        null);
  }

  private static Path privateFolder(Address address, Path folder) throws TransportException {
    for (int i = 0; ; i++) {
      // A name nobody has; it needs no secret, since the folder is made anew or not at all.
      int number = ThreadLocalRandom.current().nextInt(1 << 30);
      Path dir = folder.resolve(".q" + Integer.toString(number, 36));
      try {
        Files.createDirectory(dir, PosixFilePermissions.asFileAttribute(PRIVATE));
        // Against a umask that takes from its owner too.
        Files.setPosixFilePermissions(dir, PRIVATE);
        return dir;
      } catch (FileAlreadyExistsException e) {
        if (i == ATTEMPTS) {
          throw failed(address, "no name is free in its folder", e);
        }
      } catch (IOException e) {
        delete(dir);
        throw failed(address, "its folder takes no new files", e);
      }
    }
  }

  private static void setGroup(Address address, Path file, GroupPrincipal group)
      throws TransportException {
    try {
      PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
      view.setGroup(group);
    } catch (IOException e) {
      throw new TransportException(
          LISTEN,
          address,
          "it cannot be given to group '" + group.getName() + "' (" + reason(e) + ")",
          "run as a member of that group, or leave group= out",
          false,
          e);
    }
  }

  /** Makes the file appear at its path; a dead socket there is moved to {@code old}. */
  private static void put(Address address, Path file, Path path, Path old)
      throws TransportException {
    for (int i = 0; i < ATTEMPTS; i++) {
      try {
        Files.createLink(path, file);
        return;
      } catch (IOException | UnsupportedOperationException e) {
        Object dead = Occupant.refuseLiving(address, path);
        if (dead != null) {
          moveAway(address, path, dead, old);
        } else if (!(e instanceof FileAlreadyExistsException)) {
          rename(address, file, path);
          return;
        }
      }
    }
    throw new TransportException(
        LISTEN,
        address,
        "others keep putting sockets there",
        "see that one program only listens there",
        true,
        null);
  }

  /** For file systems that refuse hard links; a rename replaces, but the place was just empty. */
  private static void rename(Address address, Path file, Path path) throws TransportException {
    try {
      Files.move(file, path, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw failed(address, "the socket cannot be put in place", e);
    }
  }

  private static void moveAway(Address address, Path path, Object dead, Path old)
      throws TransportException {
    // Moved rather than deleted: only then can be seen what it was, and what it was be put back.
    try {
      if (!Occupant.identity(path).equals(dead)) {
        return;
      }
      Files.move(path, old, StandardCopyOption.ATOMIC_MOVE);
      if (Occupant.identity(old).equals(dead)) {
        Files.delete(old);
      } else {
        Files.move(old, path, StandardCopyOption.ATOMIC_MOVE);
      }
    } catch (NoSuchFileException e) {
      // Somebody else removed it.
    } catch (IOException e) {
      throw failed(address, "the dead socket there cannot be replaced", e);
    }
  }

  private static TransportException failed(Address address, String what, IOException e) {
    return new TransportException(
        LISTEN,
        address,
        what + " (" + reason(e) + ")",
        e instanceof AccessDeniedException
            ? "run as a user who may write there, or choose another folder"
            : "choose another folder",
        false,
        e);
  }

  private static String reason(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    String reason = e instanceof FileSystemException file ? file.getReason() : e.getMessage();
    return reason == null ? e.getClass().getSimpleName() : reason;
  }

  private static void delete(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      // A stray name in a private folder harms nobody.
    }
  }
}
