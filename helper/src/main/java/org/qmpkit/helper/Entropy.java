package org.qmpkit.helper;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.random.RandomGenerator;

/**
 * Random numbers that nobody can guess, straight from the system. {@link SecureRandom} has the same
 * source, but brings more of the security providers along than a UNIX socket needs: 2 MB before the
 * first client is greeted.
 */
final class Entropy implements RandomGenerator {
  private static final String SOURCE = "/dev/urandom";

  @Override
  public long nextLong() {
    try (InputStream in = new FileInputStream(SOURCE)) {
      return ByteBuffer.wrap(in.readNBytes(Long.BYTES)).getLong();
    } catch (IOException e) {
      return new SecureRandom().nextLong(); // a root folder without devices
    }
  }
}
