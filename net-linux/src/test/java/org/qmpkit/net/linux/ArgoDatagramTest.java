package org.qmpkit.net.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.qmpkit.net.Address;
import org.qmpkit.net.Connecting;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.PeerGoneException;
import org.qmpkit.net.Transport;
import org.qmpkit.net.TransportException;

/** Datagrams as a bare ring on the other side sees them, on emulated devices. */
@Tag("devices")
@Timeout(120)
final class ArgoDatagramTest {
  private static final AtomicInteger PORTS = new AtomicInteger(40_000);

  /** What the loop's clock is ahead of the system's. */
  private final AtomicLong ahead = new AtomicLong();

  private final int qemu = PORTS.getAndAdd(10);
  private final int helper = qemu + 1;
  private final Transport transport = new ArgoTransport();
  private final Arena arena = Arena.ofShared();
  private final List<ArgoRing> rings = new ArrayList<>();
  private Loop loop;

  @BeforeEach
  void open() throws IOException {
    loop = new Loop(new EpollPoller(), () -> System.nanoTime() + ahead.get());
  }

  @AfterEach
  void close() {
    loop.close();
    rings.forEach(ArgoRing::close);
    arena.close();
  }

  /** A ring of a port that talks to another port, both in this domain. */
  private ArgoRing ring(int port, int to) throws IOException {
    Address address = Address.parse("argo:0:" + to + ",localport=" + port);
    ArgoMemory memory = new ArgoMemory(arena, arena.allocate(1 << 16));
    ArgoRing ring = ArgoRing.bind(ArgoPlace.of("test", ArgoAbi.ARGO, address, true), memory);
    rings.add(ring);
    return ring;
  }

  private Address near(String options) {
    return Address.parse("argo:0:" + qemu + ",localport=" + helper + options);
  }

  private Endpoint connected() {
    return Outcomes.connected(transport, near(""), loop);
  }

  /** What comes next in a ring, while the loop turns. */
  private String next(ArgoRing ring) {
    int[] length = {-Errno.EAGAIN};
    Outcomes.until(
        loop,
        () -> {
          if (length[0] == -Errno.EAGAIN) {
            length[0] = ring.receive();
          }
          return length[0] != -Errno.EAGAIN;
        },
        "a datagram");
    return length[0] < 0
        ? Libc.text(length[0])
        : new String(ring.received(length[0]), StandardCharsets.US_ASCII);
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
  }

  private String read(Endpoint from, int count) {
    ByteBuffer into = ByteBuffer.allocate(count);
    boolean[] end = {false};
    from.onReady((readable, writable) -> end[0] |= from.read(into) < 0);
    from.interest(true, false);
    Outcomes.until(loop, () -> end[0] || !into.hasRemaining(), count + " bytes");
    from.interest(false, false);
    return new String(into.array(), 0, into.position(), StandardCharsets.US_ASCII);
  }

  /** Some turns in which what was given up is given back. */
  private void settle() {
    for (int i = 0; i < 4; i++) {
      loop.turn(Duration.ZERO);
    }
  }

  @Test
  void saysLiveAndDeadAndNothingElseOfItsOwn() throws IOException {
    ArgoRing far = ring(qemu, helper);
    Endpoint near = connected();
    assertEquals("dead\n", next(far));
    assertEquals("live", next(far));
    assertEquals(-Errno.EAGAIN, far.receive());
    assertEquals(2, near.write(bytes("{}")));
    assertEquals("{}", next(far));
    near.close();
    settle();
    assertEquals("dead", next(far));
  }

  @Test
  void theFirstGenerationIsOpenedWithoutAWord() throws IOException {
    ArgoRing far = ring(qemu, helper);
    Endpoint near = Outcomes.connected(transport, near(",generation=1"), loop);
    near.write(bytes("{}"));
    assertEquals("{}", next(far));
    near.close();
    settle();
    assertEquals(-Errno.EAGAIN, far.receive());
  }

  @Test
  void aQemuOfTheFirstGenerationMayComeLateAndFindsTheRing() throws IOException {
    Endpoint near = Outcomes.connected(transport, near(",generation=1"), loop);
    ahead.addAndGet(Duration.ofSeconds(11).toNanos());
    settle(); // looks for a peer, and there is none
    ArgoRing far = ring(qemu, helper);
    assertEquals(8, far.send("greeting"));
    assertEquals("greeting", read(near, 8));
    far.close();
    ahead.addAndGet(Duration.ofSeconds(11).toNanos());
    assertEquals("", read(near, 1), "one that has been there is missed");
  }

  @Test
  void noDatagramIsLongerThanWhatQemuReadsOrBeginsLikeAWord() throws IOException {
    ArgoRing far = ring(qemu, helper);
    Endpoint near = connected();
    next(far);
    next(far);
    String text = "x".repeat(4096) + "dead" + "y".repeat(4000) + "live";
    ByteBuffer out = bytes(text);
    StringBuilder come = new StringBuilder();
    while (come.length() < text.length()) {
      near.write(out);
      loop.turn(Duration.ZERO);
      String piece = next(far);
      assertTrue(piece.length() <= 4096, piece.length() + " bytes");
      assertFalse(piece.startsWith("dead") || piece.startsWith("live"), piece);
      come.append(piece);
    }
    assertEquals(text, come.toString());
  }

  @Test
  void whatWasSentBeforeLiveIsNotForUs() throws IOException {
    ArgoRing far = ring(qemu, helper);
    boolean[] said = {false};
    Endpoint[] near = new Endpoint[1];
    transport.connect(
        near(""),
        loop,
        Duration.ofSeconds(60),
        new Connecting() {
          @Override
          public void connected(Endpoint endpoint) {
            near[0] = endpoint;
          }

          @Override
          public void failed(TransportException why) {
            throw new AssertionError(why);
          }
        });
    Outcomes.until(
        loop,
        () -> {
          if (!said[0] && far.receive() > 0) {
            said[0] = far.send("stale") > 0;
          }
          return near[0] != null;
        },
        "a connection");
    assertTrue(said[0]);
    far.send("fresh");
    assertEquals("fresh", read(near[0], 5));
  }

  @Test
  void datagramsOfOtherPortsAreDroppedAndCounted() throws IOException {
    ArgoRing far = ring(qemu, helper);
    ArgoRing other = ring(qemu + 2, helper);
    Endpoint near = connected();
    String name = near.peer();
    assertTrue(other.send("evil") > 0);
    assertTrue(far.send("good") > 0);
    assertEquals("good", read(near, 4));
    assertEquals(name + " (1 datagrams of others dropped)", near.peer());
  }

  @Test
  void nothingOvertakesWhatAFullRingRefused() throws IOException {
    ArgoRing far = ring(qemu, helper);
    Endpoint near = connected();
    next(far);
    next(far);
    // The last would find room where the one before it has none.
    String block = "a".repeat(4096);
    ByteBuffer out = bytes(block.repeat(5) + "small");
    boolean[] refused = {false};
    near.onReady((r, w) -> {
      near.write(out);
      refused[0] |= out.hasRemaining();
      near.interest(false, out.hasRemaining());
    });
    near.interest(false, true);
    Outcomes.until(loop, () -> refused[0], "a full ring");
    for (int i = 0; i < 5; i++) {
      assertEquals(block, next(far));
    }
    assertEquals("small", next(far));
  }

  @Test
  void aRingThatStaysFullIsGivenUp() throws IOException {
    ring(qemu, helper);
    Endpoint near = connected();
    while (near.write(bytes("a".repeat(4096))) > 0) {
      settle();
    }
    ahead.addAndGet(Pace.STUCK.plusSeconds(1).toNanos());
    settle();
    PeerGoneException why =
        assertThrows(PeerGoneException.class, () -> near.write(bytes("a".repeat(4096))));
    assertTrue(String.valueOf(why.getMessage()).contains("full for 30 s"), why.getMessage());
    assertEquals("", read(near, 1));
  }

  @Test
  void whoReadsNothingStopsWhoSendsAndLosesNothing() throws IOException {
    ArgoRing far = ring(qemu, helper);
    Endpoint near = connected();
    int sent = 0;
    for (int full = 0; full < 50; ) {
      full = far.send("0123456789abcdef") > 0 ? 0 : full + 1;
      sent += full == 0 ? 16 : 0;
      loop.turn(Duration.ZERO);
      assertTrue(sent < 1 << 20, "it takes and takes");
    }
    assertTrue(sent >= Inbox.FULL, sent + " bytes");
    assertEquals("0123456789abcdef".repeat(sent / 16), read(near, sent));
  }

  @Test
  void aPeerThatWasKilledIsFoundByTheNextWrite() throws IOException {
    ArgoRing far = ring(qemu, helper);
    Endpoint near = connected();
    far.close();
    assertThrows(PeerGoneException.class, () -> near.write(bytes("{}")));
    assertEquals("", read(near, 1));
  }

  @Test
  void aPeerThatWasKilledIsFoundWithoutAWrite() throws IOException {
    ArgoRing far = ring(qemu, helper);
    Endpoint near = connected();
    next(far);
    next(far);
    ahead.addAndGet(Duration.ofSeconds(11).toNanos());
    settle();
    assertEquals(-Errno.EAGAIN, far.receive(), "asking leaves nothing");
    far.close();
    ahead.addAndGet(Duration.ofSeconds(11).toNanos());
    assertEquals("", read(near, 1));
  }

  @Test
  void aSecondRouteToThePortIsToldWhoHasIt() throws IOException {
    ring(qemu, helper);
    connected();
    TransportException why = Outcomes.failure(transport, near(""), loop, Duration.ofSeconds(60));
    assertTrue(why.retryable());
    assertTrue(
        why.getMessage().contains("port " + helper + " for domain 0 is taken"), why.reason());
    assertTrue(why.remedy().contains("fuser /dev/argo_dgram"), why.remedy());
  }

  @Test
  void whereNobodyReadsConnectingTimesOut() throws IOException {
    ArgoRing far = ring(qemu, helper);
    ArgoRing filler = ring(helper, qemu);
    while (filler.send("x".repeat(100)) > 0) {
      assertTrue(filler.foreign() == 0);
    }
    filler.close();
    TransportException why = Outcomes.failure(transport, near(""), loop, Duration.ofMillis(50));
    assertTrue(why.retryable());
    assertTrue(why.reason().contains("took nothing within 50 ms"), why.reason());
    assertTrue(far.receive() > 0);
  }

  @Test
  void aDomainThatIsNotThereIsSaid() {
    TransportException why =
        Outcomes.failure(transport, Address.parse("argo:77"), loop, Duration.ofSeconds(60));
    assertTrue(why.retryable());
    assertEquals("there is no domain 77", why.reason());
  }

  @Test
  void bytesForAClosedFarSideAreAnsweredWithAnEnd() throws IOException {
    ArgoRing near = ring(helper, qemu);
    try (Listener listener =
        transport.listen(Address.parse("argo:0:" + helper + ",localport=" + qemu), loop)) {
      assertTrue(near.send("{}") > 0);
      assertEquals("", next(near));
      assertNull(listener.accept());
    }
  }

  @Test
  void aClientThatLeavesWithoutReadingStopsNoOther() throws IOException {
    ArgoRing near = ring(helper, qemu);
    Listener listener =
        transport.listen(Address.parse("argo:0:" + helper + ",localport=" + qemu), loop);
    near.send("live");
    Endpoint first = accepted(listener);
    String some = "x".repeat(4000);
    // Until its inbox and the ring are full.
    while (near.send(some) > 0) {
      settle();
    }
    first.close();
    settle();
    Outcomes.until(loop, () -> near.send("live") > 0, "room for a word");
    Endpoint second = accepted(listener);
    near.send("two");
    assertEquals("two", read(second, 3));
  }

  @Test
  void aSecondLiveIsANewClient() throws IOException {
    ArgoRing near = ring(helper, qemu);
    Listener listener =
        transport.listen(Address.parse("argo:0:" + helper + ",localport=" + qemu), loop);
    near.send("live");
    Endpoint first = accepted(listener);
    near.send("one");
    assertEquals("one", read(first, 3));
    near.send("live");
    near.send("two");
    Endpoint second = accepted(listener);
    assertEquals("", read(first, 1));
    assertEquals("two", read(second, 3));
    first.close();
    settle();
    second.write(bytes("hello"));
    assertEquals("hello", next(near));
  }

  private Endpoint accepted(Listener listener) throws IOException {
    Endpoint[] accepted = new Endpoint[1];
    while (accepted[0] == null) {
      accepted[0] = listener.accept();
      loop.turn(Duration.ofMillis(1));
    }
    return accepted[0];
  }
}
