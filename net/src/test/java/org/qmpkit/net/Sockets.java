package org.qmpkit.net;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** UNIX sockets and their files, made without the code under test. */
final class Sockets {
  private Sockets() {}

  static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(p -> String.valueOf(p.getFileName())).sorted().toList();
    }
  }

  static @Nullable Object identity(Path path) {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
          .fileKey();
    } catch (IOException e) {
      return null;
    }
  }

  static ServerSocketChannel rawServer(Path path, int backlog) throws IOException {
    return ServerSocketChannel.open(StandardProtocolFamily.UNIX)
        .bind(UnixDomainSocketAddress.of(path), backlog);
  }

  static Path deadSocket(Path path) throws IOException {
    rawServer(path, 1).close();
    return path;
  }

  /** Connects until the system has no place left. */
  static void fill(Path path, List<SocketChannel> clients) throws IOException {
    while (true) {
      SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX);
      client.configureBlocking(false);
      try {
        assertTrue(client.connect(UnixDomainSocketAddress.of(path)));
        clients.add(client);
      } catch (IOException e) {
        client.close();
        assertTrue(ChannelDial.isFull(e), e.toString());
        return;
      }
    }
  }
}
