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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * A xenstored for tests: values that are written, but not below {@code /others}; watches; and
 * domains that come and go, of which number 7 is there from the start.
 */
final class XenstoreDaemon implements AutoCloseable {
  private static final int DIRECTORY = 1;
  private static final int READ = 2;
  private static final int WATCH = 4;
  private static final int UNWATCH = 5;
  private static final int WRITE = 11;
  private static final int WATCH_EVENT = 15;
  private static final int ERROR = 16;
  private static final int IS_DOMAIN_INTRODUCED = 17;
  private static final int DIRECTORY_PART = 22;

  /** The most bytes that one message holds, and of names in a part. */
  private static final int MOST = 4096;

  private static final int PART = 4000;

  private record Watch(SocketChannel client, String path, String token) {
    boolean covers(String changed) {
      return changed.equals(path) || changed.startsWith(path + "/");
    }
  }

  private final ServerSocketChannel server;
  private final TreeMap<String, String> values = new TreeMap<>();
  private final List<Watch> watches = new ArrayList<>();
  private final List<SocketChannel> clients = new ArrayList<>();
  private final Set<Integer> domains = new TreeSet<>(Set.of(7));

  XenstoreDaemon(Path socket) throws IOException {
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    Thread.ofPlatform().daemon().start(this::accept);
  }

  synchronized Optional<String> value(String path) {
    return Optional.ofNullable(values.get(path));
  }

  // ---- what dom0 does

  /** Writes a value, as dom0. */
  synchronized void write(String path, String value) throws IOException {
    values.put(path, value);
    fire(path);
  }

  /** Removes a path and all below it, as dom0. */
  synchronized void remove(String path) throws IOException {
    List<String> gone =
        values.keySet().stream().filter(each -> (each + "/").startsWith(path + "/")).toList();
    gone.forEach(values::remove);
    for (String each : gone) {
      fire(each);
    }
  }

  /** A domain comes: it is introduced, and has a folder. */
  synchronized void introduce(int domain) throws IOException {
    domains.add(domain);
    write("/local/domain/" + domain + "/domid", Integer.toString(domain));
    fire("@introduceDomain");
  }

  /** A guest with its stub domain, as libxl makes them. */
  void introduce(int guest, int stubDomain) throws IOException {
    introduce(guest);
    introduce(stubDomain);
    write("/local/domain/" + stubDomain + "/target", Integer.toString(guest));
    write("/local/domain/" + guest + "/image/device-model-domid", Integer.toString(stubDomain));
  }

  /** The domain is no more; its folder stays, as after a crash. */
  synchronized void release(int domain) throws IOException {
    domains.remove(domain);
    fire("@releaseDomain");
  }

  /** Domain 7 is no more. */
  void releaseDomain() throws IOException {
    release(7);
  }

  // ---- the wire

  private void accept() {
    try {
      while (true) {
        SocketChannel accepted = server.accept();
        synchronized (this) {
          clients.add(accepted);
        }
        Thread.ofPlatform().daemon().start(() -> serve(accepted));
      }
    } catch (IOException e) {
      // The test is over.
    }
  }

  private void serve(SocketChannel from) {
    ByteBuffer in = ByteBuffer.allocate(1 << 14).order(ByteOrder.nativeOrder());
    try (from) {
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
    } catch (IOException e) {
      // The client is gone, or the test is over.
    } finally {
      synchronized (this) {
        watches.removeIf(each -> each.client().equals(from));
      }
    }
  }

  private synchronized void answer(SocketChannel to, int type, int id, String[] words)
      throws IOException {
    switch (type) {
      case WRITE -> {
        boolean may = !words[0].startsWith("/others");
        send(to, may ? type : ERROR, id, may ? "OK\0" : "EACCES\0");
        if (may) {
          write(words[0], words[1]);
        }
      }
      case WATCH -> {
        watches.add(new Watch(to, words[0], words[1]));
        send(to, type, id, "OK\0");
        send(to, WATCH_EVENT, 0, words[0] + "\0" + words[1] + "\0");
      }
      case UNWATCH -> {
        watches.remove(new Watch(to, words[0], words[1]));
        send(to, type, id, "OK\0");
      }
      case READ -> {
        String value = values.get(words[0]);
        send(to, value == null ? ERROR : type, id, value == null ? "ENOENT\0" : value);
      }
      case DIRECTORY -> {
        String names = names(words[0]);
        String error = names.isEmpty() ? "ENOENT\0" : names.length() > MOST ? "E2BIG\0" : "";
        send(to, error.isEmpty() ? type : ERROR, id, error.isEmpty() ? names : error);
      }
      case DIRECTORY_PART -> {
        // Behind the folder's generation whole names that fit; an empty one is the last.
        String names = names(words[0]);
        String rest = names.substring(Math.min(names.length(), Integer.parseInt(words[1])));
        int end = rest.length() < PART ? rest.length() : rest.lastIndexOf('\0', PART) + 1;
        String last = end == rest.length() ? "\0" : "";
        send(to, type, id, names.hashCode() + "\0" + rest.substring(0, end) + last);
      }
      case IS_DOMAIN_INTRODUCED ->
          send(to, type, id, domains.contains(Integer.parseInt(words[0])) ? "T\0" : "F\0");
      default -> send(to, type, id, "OK\0");
    }
  }

  private String names(String folder) {
    return values.keySet().stream()
        .filter(each -> each.startsWith(folder + "/"))
        .map(each -> each.substring(folder.length() + 1).replaceFirst("/.*", ""))
        .distinct()
        .map(each -> each + "\0")
        .collect(Collectors.joining());
  }

  private void fire(String changed) throws IOException {
    for (Watch each : List.copyOf(watches)) {
      if (each.covers(changed)) {
        try {
          send(each.client(), WATCH_EVENT, 0, changed + "\0" + each.token() + "\0");
        } catch (IOException e) {
          // That client is gone.
          watches.remove(each);
        }
      }
    }
  }

  private static void send(SocketChannel to, int type, int id, String payload) throws IOException {
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
    synchronized (this) {
      for (SocketChannel each : clients) {
        each.close();
      }
    }
  }
}
