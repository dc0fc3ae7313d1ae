package org.qmpkit.net.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.TransportException;

/** The symbolic link by which a terminal is found, whatever its name is at the time. */
final class PtyLink {
  private final Address address;
  private final Path path;

  /** The link at a path; nothing is made yet. */
  PtyLink(Address address, Path path) {
    this.address = address;
    this.path = path;
  }

  /**
   * Has it lead to another terminal, in one step.
   *
   * @param before the terminal of ours that it may lead to; empty for none
   * @throws TransportException if something else has the path, or the system refuses
   */
  void lead(String before, String to) throws TransportException {
    Path fresh = path.resolveSibling(path.getFileName() + "." + ProcessHandle.current().pid());
    try {
      refuseOthers(before);
      Files.deleteIfExists(fresh);
      Files.createSymbolicLink(fresh, Path.of(to));
      Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
    } catch (TransportException e) {
      throw e;
    } catch (IOException e) {
      throw refused(
          "the link cannot be made (" + e + ")", "name a place where you may make one", e);
    }
  }

  private void refuseOthers(String before) throws IOException, TransportException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!Files.isSymbolicLink(path)) {
      throw refused("something that is no link has the path", "name another path", null);
    }
    Path leads = Files.readSymbolicLink(path);
    if (!leads.toString().equals(before)
        && (!leads.startsWith("/dev/pts") || Files.exists(leads))) {
      throw refused(
          "a link to " + leads + " has the path, and that exists",
          "name another path, or remove the link if nobody needs it",
          null);
    }
  }

  /** Takes it away if it leads to that terminal still. */
  void remove(String terminal) {
    try {
      if (Files.readSymbolicLink(path).toString().equals(terminal)) {
        Files.delete(path);
      }
    } catch (IOException e) {
      // Gone already, or out of reach: then it is not ours to remove.
    }
  }

  private TransportException refused(String reason, String remedy, @Nullable IOException e) {
    return new TransportException(PtyTransport.LISTEN, address, reason, remedy, false, e);
  }
}
