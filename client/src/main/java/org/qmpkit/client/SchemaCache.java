package org.qmpkit.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where schemas are kept between programs, a file for each version of QEMU. What can't be read or
 * written is as if it were not there. Safe for use by several threads and processes.
 *
 * <p>A file is named by a hash of QEMU's version text, and begins with a hash of what follows. It
 * has 10 MiB at most, and there are 16 of them at most, the oldest being deleted.
 */
public final class SchemaCache {
  private static final String SUFFIX = ".schema";
  private static final int LARGEST = 10 << 20;
  private static final int MOST = 16;

  /** Hashed along, so that a file of another form, or of another program, is none of ours. */
  private static final byte[] FORM = "qmpkit schema 1\n".getBytes(UTF_8);

  private static final HexFormat HEX = HexFormat.of();

  private final @Nullable Path directory;

  private SchemaCache(@Nullable Path directory) {
    this.directory = directory;
  }

  /**
   * The user's: {@code $XDG_CACHE_HOME/qmpkit/schema}, where that is {@code ~/.cache} unless it is
   * set to an absolute path.
   */
  public static SchemaCache standard() {
    String named = System.getenv("XDG_CACHE_HOME");
    try {
      Path base = Path.of(named == null ? "" : named);
      if (!base.isAbsolute()) {
        base = Path.of(System.getProperty("user.home", ""), ".cache");
      }
      return base.isAbsolute() ? in(base.resolve("qmpkit").resolve("schema")) : none();
    } catch (InvalidPathException e) {
      return none();
    }
  }

  /** A directory, which is made when there is something to keep. */
  public static SchemaCache in(Path directory) {
    return new SchemaCache(directory);
  }

  /** None: every client asks QEMU. */
  public static SchemaCache none() {
    return new SchemaCache(null);
  }

  /** What was kept for a version of QEMU; null if nothing usable. */
  byte @Nullable [] load(String version) {
    if (directory == null) {
      return null;
    }
    Path file = file(directory, version);
    // A FIFO or a device would not end.
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return null;
    }
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      byte[] hash = new byte[32];
      if (in.readNBytes(hash, 0, hash.length) < hash.length) {
        return null;
      }
      byte[] schema = in.readNBytes(LARGEST + 1);
      return schema.length <= LARGEST && Arrays.equals(hash, sha256(FORM, schema)) ? schema : null;
    } catch (IOException | SecurityException e) {
      return null;
    }
  }

  /** Keeps a schema for a version of QEMU, if that can be done. */
  void store(String version, byte[] schema) {
    if (directory == null || schema.length > LARGEST) {
      return;
    }
    Path fresh = null;
    try {
      Files.createDirectories(directory);
      fresh = Files.createTempFile(directory, "new-", ".tmp");
      byte[] hash = sha256(FORM, schema);
      byte[] whole = Arrays.copyOf(hash, hash.length + schema.length);
      System.arraycopy(schema, 0, whole, hash.length, schema.length);
      Files.write(fresh, whole);
      Path file = file(directory, version);
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
      fresh = null;
      prune(directory, file);
    } catch (IOException | SecurityException e) {
      // It works without.
    } finally {
      delete(fresh);
    }
  }

  /** QEMU chooses its version text: it must neither lead elsewhere nor fill the disk. */
  private static Path file(Path directory, String version) {
    return directory.resolve(HEX.formatHex(sha256(version.getBytes(UTF_8))) + SUFFIX);
  }

  private static void prune(Path directory, Path newest) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(directory)) {
      files = all.filter(each -> each.toString().endsWith(SUFFIX) && !each.equals(newest)).toList();
    }
    if (files.size() >= MOST) {
      files.stream()
          .sorted(Comparator.comparing(SchemaCache::age))
          .limit(files.size() - MOST + 1)
          .forEach(SchemaCache::delete);
    }
  }

  private static FileTime age(Path file) {
    try {
      return Files.getLastModifiedTime(file);
    } catch (IOException e) {
      return FileTime.fromMillis(0);
    }
  }

  private static void delete(@Nullable Path file) {
    if (file != null) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        // Somebody else's turn.
      }
    }
  }

  private static byte[] sha256(byte[]... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (byte[] part : parts) {
        digest.update(part);
      }
      return digest.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
