package org.qmpkit.helper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.net.Address;
import org.qmpkit.net.UnixTransport;

@Timeout(120)
class MetricsSocketTest {
  @Test
  void aTextThatCannotBeMadeEndsItsReaderAtOnce(@TempDir Path folder) throws Exception {
    Path place = folder.resolve("metrics");
    List<String> failures = new ArrayList<>();
    try (HouseRig rig = new HouseRig(new UnixTransport());
        MetricsSocket metrics =
            new MetricsSocket(
                rig.house,
                Address.unix(place),
                () -> {
                  throw new IllegalStateException("no text");
                })) {
      rig.loop.onFailure((where, why) -> failures.add(String.valueOf(why.getMessage())));
      long began = System.nanoTime();
      // One more than there are places.
      for (int i = 0; i < 17; i++) {
        try (SocketChannel reader = SocketChannel.open(StandardProtocolFamily.UNIX)) {
          reader.connect(UnixDomainSocketAddress.of(place));
          reader.write(
              ByteBuffer.wrap("GET /metrics HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
          reader.configureBlocking(false);
          rig.until("the end of reader " + i, () -> ended(reader));
        }
      }
      Duration took = Duration.ofNanos(System.nanoTime() - began);
      assertTrue(took.toSeconds() < 8, () -> "a place was held for " + took);
      assertEquals(17, failures.size(), failures::toString);
      assertEquals(place.toString(), metrics.address().target());
    }
  }

  private static boolean ended(SocketChannel reader) {
    try {
      return reader.read(ByteBuffer.allocate(64)) < 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
