package org.qmpkit.net;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A spelling of a path that fits into a socket address; where the path itself does not, it goes
 * through a symbolic link in a private folder, which {@link #close} removes.
 */
final class ShortPath implements AutoCloseable {

  /** What the system allows, in bytes: {@code sun_path} is 108 with its final NUL. */
  static final int SYSTEM_LIMIT = 107;

  /** What the JDK passes on to the system, in bytes. */
  private static final int JDK_LIMIT = 106;

  /** A folder for temporary files longer than this, in bytes, would not help. */
  private static final int TEMPORARY_LIMIT = 60;

  private static final Charset FILE_NAMES =
      Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"), Charset.defaultCharset());

  private final Path path;
  private final @Nullable Path link;

  private ShortPath(Path path, @Nullable Path link) {
    this.path = path;
    this.link = link;
  }

  /** The length of a path in bytes, as the system counts it. */
  static int length(Path path) {
    return path.toString().getBytes(FILE_NAMES).length;
  }

  /**
   * A spelling to connect to.
   *
   * @throws IOException if the link it needs cannot be made
   */
  static ShortPath to(Path file) throws IOException {
    return length(file) <= JDK_LIMIT ? new ShortPath(file, null) : linked(file, "");
  }

  /**
   * A spelling to bind to: what a bind creates must not be a link itself.
   *
   * @param name short enough to fit behind a link
   * @throws IOException if the link it needs cannot be made
   */
  static ShortPath within(Path folder, String name) throws IOException {
    Path file = folder.resolve(name);
    return length(file) <= JDK_LIMIT ? new ShortPath(file, null) : linked(folder, name);
  }

  private static ShortPath linked(Path to, String name) throws IOException {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir", "/tmp"));
    if (length(temporary) > TEMPORARY_LIMIT) {
      temporary = Path.of("/tmp");
    }
    Path folder = Files.createTempDirectory(temporary, "q"); // mode 0700
    Path link = folder.resolve("d");
    try {
      Files.createSymbolicLink(link, to.toAbsolutePath());
    } catch (IOException e) {
      Files.deleteIfExists(folder);
      throw e;
    }
    return new ShortPath(name.isEmpty() ? link : link.resolve(name), link);
  }

  UnixDomainSocketAddress address() {
    return UnixDomainSocketAddress.of(path);
  }

  @Override
  public void close() {
    if (link != null) {
      try {
        Files.deleteIfExists(link);
        Path folder = link.getParent();
        if (folder != null) {
          Files.deleteIfExists(folder);
        }
      } catch (IOException e) {
        // A stray link in a private folder harms nobody.
      }
    }
  }
}
