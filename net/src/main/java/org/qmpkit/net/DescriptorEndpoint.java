package org.qmpkit.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * An {@link Endpoint} whose peer may pass open descriptors along with bytes, and be passed some. A
 * UNIX socket is one if its address says {@code fds=on}; the system closes what is passed to any
 * other.
 */
public interface DescriptorEndpoint extends Endpoint {

  /**
   * What came along with the bytes of the last read: with one of them, the system does not say
   * which, and nothing was read from behind the write that it came with. It is the caller's to
   * close. What nobody takes is closed by the next read, and by closing the endpoint.
   *
   * @return null if nothing came, or it was taken already
   */
  @Nullable Descriptors takeDescriptors();

  /**
   * Writes what fits, as {@link #write(ByteBuffer)}, and passes descriptors along with the first
   * byte that is written. They stay open on this side.
   *
   * @return the number of bytes taken; if 0, no descriptor was passed either
   * @throws DescriptorsRefusedException if the system does not pass these; the bytes can still be
   *     written without them
   */
  int write(ByteBuffer from, Descriptors along) throws IOException;
}
