package org.qmpkit.net.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.net.Address;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Transports;
import org.qmpkit.net.Xenstore;

/** xenstored behind a device of characters, as {@code /dev/xen/xenbus} is; here a raw terminal. */
@Timeout(60)
final class XenstoreDeviceTest {
  private static final int READ = 2;
  private static final int WATCH = 4;
  private static final int WATCH_EVENT = 15;

  @TempDir Path dir;
  private final ByteBuffer in = ByteBuffer.allocate(1 << 14).order(ByteOrder.nativeOrder());
  private final ArrayDeque<Byte> out = new ArrayDeque<>();
  private Loop loop;
  private Listener device;
  private @Nullable Endpoint kernel;
  private Xenstore xenstore;

  @BeforeEach
  void open() throws IOException {
    loop = new Loop(new EpollPoller());
    Address address = Address.parse("pty:" + dir.resolve("xenbus"));
    device = new PtyTransport().listen(address, loop);
    device.onWaiting(() -> {
      try {
        Endpoint made = device.accept();
        if (made != null) {
          kernel = made;
          in.clear();
          out.clear();
          made.onReady((readable, writable) -> serve(made));
          made.interest(true, false);
        }
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    });
    device.interest(true);
    xenstore = new Xenstore(loop, Transports.of(new PtyTransport()), address);
  }

  @AfterEach
  void close() {
    xenstore.close();
    loop.close();
  }

  /** Answers byte by byte, since a device may give less than a message. */
  private void serve(Endpoint to) throws IOException {
    if (to.read(in) < 0) {
      to.close();
      return;
    }
    in.flip();
    while (in.remaining() >= 16 && in.remaining() >= 16 + in.getInt(in.position() + 12)) {
      int type = in.getInt();
      int id = in.getInt();
      in.getInt();
      byte[] payload = new byte[in.getInt()];
      in.get(payload);
      String text = new String(payload, StandardCharsets.UTF_8);
      send(type, id, type == READ ? "value of " + text.strip().replace("\0", "") : "OK\0");
      if (type == WATCH) {
        send(WATCH_EVENT, 0, text);
      }
    }
    in.compact();
    if (!out.isEmpty() && to.write(ByteBuffer.wrap(new byte[] {out.getFirst()})) > 0) {
      out.removeFirst();
    }
    to.interest(true, !out.isEmpty());
  }

  private void send(int type, int id, String payload) {
    byte[] bytes = payload.getBytes(StandardCharsets.UTF_8);
    ByteBuffer message = ByteBuffer.allocate(16 + bytes.length).order(ByteOrder.nativeOrder());
    message.putInt(type).putInt(id).putInt(0).putInt(bytes.length).put(bytes);
    for (byte each : message.array()) {
      out.add(each);
    }
  }

  private <T> T now(CompletableFuture<T> future) {
    Outcomes.until(loop, future::isDone, "an answer");
    return future.join();
  }

  @Test
  void whatIsAskedIsAnsweredAndWatchesFire() {
    List<String> fired = new ArrayList<>();
    CompletableFuture<Optional<String>> first = xenstore.read("/a");
    CompletableFuture<Optional<String>> second = xenstore.read("/b");
    xenstore.watch("@releaseDomain", fired::add);
    assertEquals(Optional.of("value of /a"), now(first));
    assertEquals(Optional.of("value of /b"), now(second));
    Outcomes.until(loop, () -> !fired.isEmpty(), "the watch");
    assertEquals(List.of("@releaseDomain"), fired);
  }

  @Test
  void aDeviceThatIsLostIsOpenedAgain() {
    List<String> fired = new ArrayList<>();
    xenstore.watch("/a", fired::add);
    Outcomes.until(loop, () -> fired.size() == 1, "the watch");
    Endpoint before = kernel;
    assertTrue(before != null);
    before.close();
    Outcomes.until(loop, () -> fired.size() == 2, "the watch again");
    assertEquals(Optional.of("value of /b"), now(xenstore.read("/b")));
  }
}
