package org.qmpkit.net;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** What has the path already at which a socket is to listen. */
final class Occupant {
  private static final String LISTEN = "listen on";
  private static final int LOOKS = 8;
  private static final int TYPE = 0170000;
  private static final int SOCKET = 0140000;
  private static final int SYMLINK = 0120000;
  private static final int REGULAR = 0100000;
  private static final int FOLDER = 0040000;
  private static final int FIFO = 0010000;
  private static final int CHARACTER_DEVICE = 0020000;

  private Occupant() {}

  /**
   * Lets pass what may be replaced: nothing at all, or a socket that nobody answers on.
   *
   * @return the dead socket's identity; null if nothing is there
   * @throws TransportException if anything else has the path
   */
  static @Nullable Object refuseLiving(Address address, Path path) throws TransportException {
    for (int look = 1; ; look++) {
      Object identity = socket(address, path);
      String sign = identity == null ? null : signOfLife(path);
      if (sign == null) {
        return identity;
      }
      // If it is another one by now, nothing was learned of that one.
      if (look == LOOKS || isStill(path, identity)) {
        throw new TransportException(
            LISTEN, address, sign, "stop that program or choose another path", true, null);
      }
    }
  }

  /** The identity of the socket at a path; null if nothing is there. */
  private static @Nullable Object socket(Address address, Path path) throws TransportException {
    try {
      Object identity = identity(path);
      int type = type(path);
      if (type == SOCKET) {
        return identity;
      }
      throw inTheWay(
          address,
          switch (type) {
            case SYMLINK -> "a symbolic link";
            case REGULAR -> "a file";
            case FOLDER -> "a folder";
            case FIFO -> "a fifo";
            default -> "a device";
          });
    } catch (NoSuchFileException e) {
      return null;
    } catch (TransportException e) {
      throw e;
    } catch (IOException e) {
      throw new TransportException(
          LISTEN,
          address,
          "what is there cannot be looked at (" + e.getMessage() + ")",
          "choose another path",
          false,
          e);
    }
  }

  private static boolean isStill(Path path, @Nullable Object identity) {
    try {
      return identity(path).equals(identity);
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Device and inode of what is at a path, links not followed.
   *
   * @throws IOException if nothing is there, or it cannot be looked at
   */
  static Object identity(Path path) throws IOException {
    BasicFileAttributes attributes =
        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    Object key = attributes.fileKey();
    return key == null ? attributes.creationTime() : key;
  }

  /** The file type bits of {@code st_mode}. */
  private static int type(Path path) throws IOException {
    return Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS) instanceof Integer mode
        ? mode & TYPE
        : 0;
  }

  static TransportException inTheWay(Address address, String what) {
    return new TransportException(
        LISTEN, address, what + " is in the way", "remove it or choose another path", false, null);
  }

  /** True if a path, links followed, is a socket. */
  static boolean isSocket(Path path) {
    return is(path, SOCKET);
  }

  /** True if a path, links followed, is a device of characters. */
  static boolean isCharacterDevice(Path path) {
    return is(path, CHARACTER_DEVICE);
  }

  private static boolean is(Path path, int type) {
    try {
      return Files.getAttribute(path, "unix:mode") instanceof Integer mode && (mode & TYPE) == type;
    } catch (IOException e) {
      return false;
    }
  }

  /** What shows that the socket at a path is, or may be, in use; null if nobody listens on it. */
  private static @Nullable String signOfLife(Path path) {
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX);
        ShortPath shortPath = ShortPath.to(path)) {
      probe.configureBlocking(false);
      // Whatever it returns, and if it throws for a full backlog, somebody listens.
      probe.connect(shortPath.address());
      return "a program listens there already";
    } catch (ConnectException e) {
      return null; // ECONNREFUSED
    } catch (BindException e) {
      return "a socket is there that we may not connect to (" + e.getMessage() + ")";
    } catch (IOException e) {
      return ChannelDial.isFull(e)
          ? "a program listens there already, and its backlog is full"
          : "it cannot be told whether the socket there is alive (" + e.getMessage() + ")";
    }
  }
}
