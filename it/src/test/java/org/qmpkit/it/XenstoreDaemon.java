package org.qmpkit.it;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A xenstored for tests: values that are written, but not below {@code /others}; watches, and one
 * domain that may end.
 */
final class XenstoreDaemon implements AutoCloseable {
  private static final int READ = 2;
  private static final int WATCH = 4;
  private static final int WRITE = 11;
  private static final int WATCH_EVENT = 15;
  private static final int ERROR = 16;
  private static final int IS_DOMAIN_INTRODUCED = 17;

  private final ServerSocketChannel server;
  private final Map<String, String> values = new ConcurrentHashMap<>();
  private final Map<String, String> tokens = new ConcurrentHashMap<>();
  private volatile boolean domainThere = true;
  private volatile @Nullable SocketChannel client;

  XenstoreDaemon(Path socket) throws IOException {
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    Thread.ofVirtual().start(this::serve);
  }

  Optional<String> value(String path) {
    return Optional.ofNullable(values.get(path));
  }

  /** The domain is no more, and whoever watches for such hears of it. */
  void releaseDomain() throws IOException {
    domainThere = false;
    SocketChannel to = Objects.requireNonNull(client, "nobody is connected");
    send(to, WATCH_EVENT, 0, "@releaseDomain\0" + tokens.get("@releaseDomain") + "\0");
  }

  private void serve() {
    try {
      while (true) {
        SocketChannel accepted = server.accept();
        client = accepted;
        serve(accepted);
      }
    } catch (IOException e) {
      // The test is over.
    }
  }

  private void serve(SocketChannel from) throws IOException {
    ByteBuffer in = ByteBuffer.allocate(1 << 14).order(ByteOrder.nativeOrder());
    while (from.read(in) >= 0) {
      in.flip();
      while (in.remaining() >= 16 && in.remaining() >= 16 + in.getInt(in.position() + 12)) {
        int type = in.getInt();
        int id = in.getInt();
        in.getInt();
        byte[] payload = new byte[in.getInt()];
        in.get(payload);
        answer(from, type, id, new String(payload, UTF_8).split("\0", -1));
      }
      in.compact();
    }
  }

  private void answer(SocketChannel to, int type, int id, String[] words) throws IOException {
    switch (type) {
      case WRITE -> {
        boolean may = !words[0].startsWith("/others");
        if (may) {
          values.put(words[0], words[1]);
        }
        send(to, may ? type : ERROR, id, may ? "OK\0" : "EACCES\0");
      }
      case WATCH -> {
        tokens.put(words[0], words[1]);
        send(to, type, id, "OK\0");
        send(to, WATCH_EVENT, 0, words[0] + "\0" + words[1] + "\0");
      }
      case READ -> {
        String value = values.get(words[0]);
        send(to, value == null ? ERROR : type, id, value == null ? "ENOENT\0" : value);
      }
      case IS_DOMAIN_INTRODUCED -> send(to, type, id, domainThere ? "T\0" : "F\0");
      default -> send(to, type, id, "OK\0");
    }
  }

  private static synchronized void send(SocketChannel to, int type, int id, String payload)
      throws IOException {
    byte[] bytes = payload.getBytes(UTF_8);
    ByteBuffer message = ByteBuffer.allocate(16 + bytes.length).order(ByteOrder.nativeOrder());
    message.putInt(type).putInt(id).putInt(0).putInt(bytes.length).put(bytes).flip();
    while (message.hasRemaining()) {
      to.write(message);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    SocketChannel open = client;
    if (open != null) {
      open.close();
    }
  }
}
