package org.qmpkit.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against a store that answers as xenstored does, and worse. */
@Timeout(60)
final class XenstoreTest {
  /** One connection to the store, of whom it hears every request. */
  private final class Store {
    final Map<String, String> values = new TreeMap<>();
    final Map<String, String> tokens = new TreeMap<>();
    final List<String> heard = new ArrayList<>();
    final Listener listener;
    final ByteBuffer in = ByteBuffer.allocate(1 << 16).order(ByteOrder.nativeOrder());
    Endpoint client;
    boolean mute;

    /** How often a long folder changes while it is listed. */
    int changes;

    Store() throws IOException {
      listener = Transports.load().listen(address, loop);
      listener.onWaiting(() -> {
        try {
          client = listener.accept();
        } catch (IOException e) {
          throw new AssertionError(e);
        }
        if (client != null) {
          in.clear();
          client.onReady((r, w) -> read());
          client.interest(true, false);
        }
      });
      listener.interest(true);
    }

    void read() throws IOException {
      if (client.read(in) < 0) {
        client.close();
        return;
      }
      in.flip();
      while (in.remaining() >= 16 && in.remaining() >= 16 + in.getInt(in.position() + 12)) {
        int type = in.getInt();
        int id = in.getInt();
        in.getInt();
        byte[] payload = new byte[in.getInt()];
        in.get(payload);
        if (!mute) {
          answer(type, id, new String(payload, StandardCharsets.UTF_8).split("\0", -1));
        }
      }
      in.compact();
    }

    void answer(int type, int id, String[] words) throws IOException {
      heard.add(type + " " + String.join(" ", words).strip());
      switch (type) {
        case 1 -> {
          String names = names(words[0]);
          String error = names.isEmpty() ? "ENOENT\0" : names.length() > 4096 ? "E2BIG\0" : "";
          send(error.isEmpty() ? type : 16, id, error.isEmpty() ? names : error);
        }
        case 22 -> {
          // As xenstored: whole names that fit behind the generation; an empty one is the last.
          String rest = names(words[0]).substring(Integer.parseInt(words[1]));
          int end = rest.length() < 4000 ? rest.length() : rest.lastIndexOf('\0', 4000) + 1;
          String part = rest.substring(0, end) + (end == rest.length() ? "\0" : "");
          send(type, id, (changes > 0 ? changes-- : 0) + "\0" + part);
        }
        case 2 -> {
          String value = values.get(words[0]);
          send(value == null ? 16 : type, id, value == null ? "ENOENT\0" : value);
        }
        case 4 -> {
          tokens.put(words[1], words[0]);
          send(type, id, "OK\0");
          send(15, 0, words[0] + "\0" + words[1] + "\0");
        }
        case 11 -> {
          boolean may = !words[0].startsWith("/no");
          send(may ? type : 16, id, may ? "OK\0" : "EACCES\0");
          if (may) {
            values.put(words[0], words[1]);
          }
        }
        case 17 -> send(type, id, words[0].equals("7") ? "T\0" : "F\0");
        default -> send(type, id, "OK\0");
      }
    }

    String names(String folder) {
      return values.keySet().stream()
          .filter(each -> each.startsWith(folder + "/"))
          .map(each -> each.substring(folder.length() + 1) + "\0")
          .collect(Collectors.joining());
    }

    void fire(String path) throws IOException {
      for (Map.Entry<String, String> each : tokens.entrySet()) {
        send(15, 0, path + "\0" + each.getKey() + "\0");
      }
    }

    void send(int type, int id, String payload) throws IOException {
      byte[] bytes = payload.getBytes(StandardCharsets.UTF_8);
      ByteBuffer message = ByteBuffer.allocate(16 + bytes.length).order(ByteOrder.nativeOrder());
      message.putInt(type).putInt(id).putInt(0).putInt(bytes.length).put(bytes).flip();
      assertEquals(message.limit(), client.write(message));
    }
  }

  @TempDir Path dir;
  private Loop loop;
  private Address address;
  private Store store;
  private Xenstore xenstore;

  @BeforeEach
  void start() throws IOException {
    loop = new Loop(new SelectorPoller());
    address = Address.unix(dir.resolve("xs"));
    store = new Store();
    xenstore = new Xenstore(loop, Transports.load(), address);
  }

  @AfterEach
  void end() {
    xenstore.close();
    loop.close();
  }

  private void until(BooleanSupplier done) {
    long began = System.nanoTime();
    while (!done.getAsBoolean()) {
      assertTrue(System.nanoTime() - began < Duration.ofSeconds(40).toNanos(), "not in time");
      loop.turn(Duration.ofMillis(100));
    }
  }

  private <T> T now(CompletableFuture<T> future) {
    until(future::isDone);
    return future.join();
  }

  private String failureOf(CompletableFuture<?> future) {
    until(future::isDone);
    Throwable why = assertThrows(CompletionException.class, future::join).getCause();
    return String.valueOf(why.getMessage());
  }

  @Test
  void whatIsWrittenIsReadAndListedAndWhatIsNotThereIsEmpty() {
    now(xenstore.write("/a/b", "running"));
    now(xenstore.write("/a/c", ""));
    assertEquals(Optional.of("running"), now(xenstore.read("/a/b")));
    assertEquals(Optional.of(""), now(xenstore.read("/a/c")));
    assertEquals(List.of("b", "c"), now(xenstore.list("/a")));
    assertEquals(Optional.empty(), now(xenstore.read("/b")));
    assertEquals(List.of(), now(xenstore.list("/b")));
    assertTrue(now(xenstore.exists(7)));
    assertFalse(now(xenstore.exists(8)));
  }

  @Test
  void aFolderOfAnyLengthIsListed() {
    List<String> domains = new ArrayList<>();
    for (int i = 10_000; i < 13_000; i++) {
      store.values.put("/local/domain/" + i, "");
      domains.add(Integer.toString(i));
    }
    assertEquals(domains, now(xenstore.list("/local/domain")));
    assertEquals("22 /local/domain 15984", store.heard.getLast());
    store.changes = 3;
    assertEquals(domains, now(xenstore.list("/local/domain")), "though it changed meanwhile");
    store.changes = 100;
    assertEquals(
        "cannot list /local/domain in xenstore: it changes all the time",
        failureOf(xenstore.list("/local/domain")));
  }

  @Test
  void whatXenstoredRefusesIsSaidWithThePath() {
    assertEquals("cannot write /no/x in xenstore: EACCES", failureOf(xenstore.write("/no/x", "1")));
    assertTrue(failureOf(xenstore.write("/a", "x".repeat(5000))).contains("longer than 4096"));
  }

  @Test
  void aWatchFiresAtOnceAndAtEachChangeUntilItIsClosed() throws Exception {
    List<String> fired = new ArrayList<>();
    Xenstore.Watch watch = xenstore.watch("@releaseDomain", fired::add);
    until(() -> fired.size() == 1);
    store.fire("@releaseDomain");
    until(() -> fired.size() == 2);
    watch.close();
    now(xenstore.exists(7));
    assertEquals("5 @releaseDomain q1", store.heard.get(1));
    store.fire("@releaseDomain");
    now(xenstore.exists(7));
    assertEquals(2, fired.size());
  }

  @Test
  void whoWaitsWhenXenstoredGoesIsToldAndWatchesAreSetAnew() {
    List<String> fired = new ArrayList<>();
    xenstore.watch("/a", fired::add);
    until(() -> fired.size() == 1);
    store.mute = true;
    CompletableFuture<Boolean> waiting = xenstore.exists(7);
    loop.turn(Duration.ZERO);
    store.client.close();
    assertTrue(failureOf(waiting).startsWith("cannot look for domain 7 in xenstore: "));
    store.mute = false;
    until(() -> fired.size() == 2);
    assertTrue(now(xenstore.exists(7)));
  }

  @Test
  void aMessageThatIsTooLongEndsTheConnectionAndTheNextOneWorks() throws IOException {
    now(xenstore.exists(7));
    ByteBuffer endless = ByteBuffer.allocate(16).order(ByteOrder.nativeOrder());
    endless.putInt(2).putInt(1).putInt(0).putInt(1 << 30).flip();
    store.mute = true;
    CompletableFuture<Boolean> waiting = xenstore.exists(7);
    store.client.write(endless);
    assertTrue(failureOf(waiting).contains("sent a message of 1073741824 bytes"));
    store.mute = false;
    assertTrue(now(xenstore.exists(7)));
  }

  @Test
  void anAnswerThatNeverComesEndsInAnError() {
    now(xenstore.exists(7));
    store.mute = true;
    assertTrue(failureOf(xenstore.read("/a")).contains("no answer from"));
  }

  @Test
  void aSocketIsPreferredToADeviceWhichHasATransportOfItsOwn() {
    String socket = dir.resolve("xs").toString();
    assertEquals(Optional.of(address), Xenstore.among(List.of("/no/such", socket, "/dev/null")));
    assertEquals(
        Optional.of(Address.parse("pty:/dev/null")),
        Xenstore.among(List.of("/no/such", "/dev/null", socket)));
    assertEquals(Optional.empty(), Xenstore.among(List.of("/no/such")));
  }

  @Test
  void withoutXenstoredTheFailureSaysSo() {
    store.listener.close();
    assertTrue(failureOf(xenstore.read("/a")).contains("there is no such file"));
  }
}
