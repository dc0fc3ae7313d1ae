package org.qmpkit.net;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a UNIX socket is to listen, and who may connect.
 *
 * @param mode of the socket's file; 0600 unless the address has {@code mode=}
 * @param group of the socket's file, from {@code group=}; null for the process's own
 */
record SocketPlace(Path path, Set<PosixFilePermission> mode, @Nullable GroupPrincipal group) {
  private static final String LISTEN = "listen on";
  private static final String DEFAULT_MODE = "0600";
  private static final Pattern MODE = Pattern.compile("0?([0-7])([0-7])([0-7])");

  /**
   * The place that an address names.
   *
   * @throws TransportException if the path is none, or an option is wrong
   */
  static SocketPlace of(Address address) throws TransportException {
    Path path = path(LISTEN, address);
    return new SocketPlace(path, mode(address), group(address, path));
  }

  /**
   * The path of an address.
   *
   * @throws TransportException if it is none, or too long for a socket
   */
  static Path path(String attempted, Address address) throws TransportException {
    Path path;
    try {
      path = Path.of(address.target());
    } catch (InvalidPathException e) {
      throw unusable(attempted, address, String.valueOf(e.getMessage()), "correct it", e);
    }
    int length = ShortPath.length(path);
    if (length > ShortPath.SYSTEM_LIMIT) {
      throw unusable(
          attempted,
          address,
          "the path has " + length + " bytes, a socket's may have " + ShortPath.SYSTEM_LIMIT,
          "use a shorter one",
          null);
    }
    return path;
  }

  private static Set<PosixFilePermission> mode(Address address) throws TransportException {
    String mode = address.option("mode").orElse(DEFAULT_MODE);
    var digits = MODE.matcher(mode);
    if (!digits.matches()) {
      throw unusable(
          LISTEN,
          address,
          "mode '" + mode + "' is not three octal digits, as in 0660",
          "correct it",
          null);
    }
    StringBuilder text = new StringBuilder();
    for (int i = 1; i <= 3; i++) {
      int bits = Integer.parseInt(digits.group(i));
      text.append((bits & 4) != 0 ? 'r' : '-')
          .append((bits & 2) != 0 ? 'w' : '-')
          .append((bits & 1) != 0 ? 'x' : '-');
    }
    return PosixFilePermissions.fromString(text.toString());
  }

  private static @Nullable GroupPrincipal group(Address address, Path path)
      throws TransportException {
    String group = address.option("group").orElse("");
    if (group.isEmpty()) {
      return null;
    }
    try {
      return path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByGroupName(group);
    } catch (IOException e) {
      throw unusable(
          LISTEN,
          address,
          "there is no group '" + group + "' on this host",
          "create it: groupadd --system " + group,
          e);
    }
  }

  private static TransportException unusable(
      String attempted, Address address, String reason, String remedy, @Nullable Exception e) {
    return new TransportException(attempted, address, reason, remedy, false, e);
  }
}
