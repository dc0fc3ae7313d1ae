package org.qmpkit.net;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.random.RandomGenerator;

/**
 * Random numbers that nobody can guess, straight from the system; safe for use by several threads.
 * {@link SecureRandom} has the same source, but brings more of the security providers along than a
 * UNIX socket needs: 2 MB before the first client is greeted.
 */
public final class Entropy implements RandomGenerator {
  private static final String SOURCE = "/dev/urandom";

  /** Numbers from this system. */
  public Entropy() {}

  @Override
  public long nextLong() {
    try (InputStream in = new FileInputStream(SOURCE)) {
      return ByteBuffer.wrap(in.readNBytes(Long.BYTES)).getLong();
    } catch (IOException e) {
      return new SecureRandom().nextLong(); // a root folder without devices
    }
  }
}
