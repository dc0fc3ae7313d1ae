package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A shared route without a system under it: a broker with {@link Link}s for connections, and a
 * clock that only the test moves. What it does with them is what the helper's route does.
 */
final class MemoryRoute {
  private static final int FROM_CLIENT = 64 * 1024;
  private static final int FROM_QEMU = 256 * 1024;
  private static final long PROBE = Duration.ofSeconds(2).toNanos();
  private static final long PATIENCE = Duration.ofSeconds(5).toNanos();
  private static final long FIRST_PAUSE = Duration.ofMillis(100).toNanos();
  private static final long LONGEST_PAUSE = Duration.ofSeconds(5).toNanos();
  private static final long PROOF = Duration.ofSeconds(1).toNanos();
  private static final long DRAIN = Duration.ofSeconds(2).toNanos();

  /** What comes of dialling. */
  enum Answer {
    ACCEPTED,
    REFUSED,
    NOTHING_YET
  }

  /** Where QEMU is dialled. */
  interface Door {
    Answer knock();

    Link enter();
  }

  final Backlog backlog = new Backlog(64 << 20);
  final List<String> notes = new ArrayList<>();
  final Broker broker;
  private final Door door;
  private final Map<Client, Link> links = new LinkedHashMap<>();
  private final Set<Client> halfClosed = new LinkedHashSet<>();
  private final ByteBuffer buffer = ByteBuffer.allocate(FROM_QEMU);
  private @Nullable Link qemu;
  private boolean attention;
  private boolean dialling;
  private boolean fresh = true;
  private boolean draining;
  private boolean closed;
  private long dialAt = Long.MAX_VALUE;
  private long connectedAt;
  private long giveUpAt = Long.MAX_VALUE;
  private long probeAt = Long.MAX_VALUE;
  private long drainedBy = Long.MAX_VALUE;
  private long pause = FIRST_PAUSE;
  private int numbers;
  // Below zero, so that no sum of times may count on its sign.
  private long now = -Duration.ofSeconds(3).toNanos();

  MemoryRoute(Limits limits, Door door) {
    this.door = door;
    broker =
        new Broker(
            limits,
            new Random(7),
            backlog,
            (severity, subject, text) -> notes.add(severity + " " + subject + " " + text),
            () -> attention = true);
    open();
  }

  boolean closed() {
    return closed;
  }

  /** A client connects by a link. */
  Link join(Link link) {
    links.put(broker.join("client " + ++numbers, now), link);
    settle();
    return link;
  }

  /** Moves what can be moved; tells whether anything was. */
  boolean turn() {
    boolean moved = readQemu();
    for (Client client : List.copyOf(links.keySet())) {
      Link link = links.get(client);
      if (link != null && !draining && client.wantsInput() && link.readable()) {
        moved = true;
        read(client, link);
      }
      if (!client.outbox().isEmpty()) {
        long before = client.outbox().size();
        look(client);
        moved |= client.outbox().size() < before;
      }
    }
    moved |= settle();
    return moved;
  }

  /** Lets a moment pass, and does what is due then. */
  void pass(Duration moment) {
    now += moment.toNanos();
    if (now >= dialAt) {
      dialAt = Long.MAX_VALUE;
      dialling = true;
      giveUpAt = now + PATIENCE;
    }
    if (dialling) {
      dial();
    }
    if (now >= probeAt) {
      probe();
    }
    if (!closed && broker.deadline() <= now) {
      broker.tick(now);
      assertTrue(broker.deadline() > now, "a deadline that a tick leaves in the past is a spin");
    }
    settle();
    if (draining && !closed && (broker.quiet() || now >= drainedBy)) {
      close();
    }
  }

  /** What SIGTERM does. */
  void drain() {
    if (!draining) {
      draining = true;
      drainedBy = now + DRAIN;
      dialling = false;
      dialAt = Long.MAX_VALUE;
      List.copyOf(links.keySet()).forEach(this::look);
    }
  }

  private void close() {
    closed = true;
    List.copyOf(links.keySet()).forEach(this::end);
    if (qemu != null) {
      qemu.close();
      qemu = null;
    }
    broker.end();
  }

  // ---- clients

  private void read(Client client, Link link) {
    buffer.clear().limit(FROM_CLIENT);
    try {
      if (link.read(buffer) < 0) {
        broker.inputEnded(client, now);
        halfClosed.add(client);
        probeAt = Math.min(probeAt, now + PROBE);
      } else {
        broker.received(client, buffer.flip(), now);
        assertTrue(!buffer.hasRemaining(), "whatever was read is taken");
      }
    } catch (IOException e) {
      end(client);
    }
  }

  private void look(Client client) {
    Link link = links.get(client);
    if (link == null) {
      return;
    }
    try {
      int written = 1;
      while (written > 0 && !client.outbox().isEmpty()) {
        client.outbox().peek(buffer.clear());
        written = link.write(buffer.flip());
        if (written > 0) {
          broker.wrote(client, written, now);
        }
        if (link.bite < Integer.MAX_VALUE) {
          break;
        }
      }
    } catch (IOException e) {
      end(client);
      return;
    }
    if (client.finished()) {
      end(client);
    }
  }

  private void probe() {
    probeAt = Long.MAX_VALUE;
    for (Client client : List.copyOf(halfClosed)) {
      Link link = links.get(client);
      if (link != null && client.outbox().isEmpty()) {
        try {
          link.write(ByteBuffer.wrap(new byte[] {' '}));
        } catch (IOException e) {
          end(client);
        }
      }
    }
    if (!halfClosed.isEmpty()) {
      probeAt = now + PROBE;
    }
  }

  private void end(Client client) {
    halfClosed.remove(client);
    Link link = links.remove(client);
    if (link != null) {
      link.close();
      broker.left(client, now);
    }
  }

  // ---- QEMU

  private void open() {
    dialAt = fresh ? now : now + pause;
    pause = fresh ? pause : Math.min(2 * pause, LONGEST_PAUSE);
    fresh = false;
  }

  private void dial() {
    switch (door.knock()) {
      case ACCEPTED -> {
        dialling = false;
        qemu = door.enter();
        connectedAt = now;
        broker.opened(now);
      }
      case REFUSED -> failed("nobody listens");
      case NOTHING_YET -> {
        if (now >= giveUpAt) {
          failed("no answer");
        }
      }
    }
  }

  private void failed(String reason) {
    dialling = false;
    open();
    broker.lost(reason, now);
  }

  private boolean readQemu() {
    Link from = qemu;
    if (from == null || !from.readable()) {
      return false;
    }
    try {
      if (from.read(buffer.clear()) < 0) {
        lost("QEMU's monitor was closed");
        return true;
      }
      broker.receivedUpstream(buffer.flip(), now);
      assertTrue(!buffer.hasRemaining(), "whatever QEMU sends is taken");
    } catch (IOException e) {
      lost("cannot read QEMU's monitor: " + e.getMessage());
    }
    return true;
  }

  private boolean writeQemu() {
    Link to = qemu;
    Outbox outbox = broker.upstream();
    if (to == null || outbox == null || outbox.isEmpty()) {
      return false;
    }
    try {
      outbox.peek(buffer.clear());
      int written = to.write(buffer.flip());
      broker.wroteUpstream(written, now);
      return written > 0;
    } catch (IOException e) {
      // What QEMU said before it left is still to be read; the end of that closes the session.
      return false;
    }
  }

  private void lost(String reason) {
    if (broker.ready() && now - connectedAt >= PROOF) {
      fresh = true;
      pause = FIRST_PAUSE;
    }
    if (qemu != null) {
      qemu.close();
      qemu = null;
    }
    broker.lost(reason, now);
    if (!draining) {
      open();
    }
  }

  private boolean settle() {
    String broken = broker.broken();
    boolean moved = broken != null && qemu != null;
    if (moved) {
      lost(String.valueOf(broken));
    }
    moved |= attention;
    attention = false;
    moved |= writeQemu();
    for (Client client = broker.changed(); client != null; client = broker.changed()) {
      look(client);
      moved |= writeQemu();
    }
    return moved;
  }

  /** Whose turn it is to go wrong is the test's to say; this runs the others until all is still. */
  static void untilStill(List<Supplier<Boolean>> turns) {
    boolean moved = true;
    for (int rounds = 0; moved; rounds++) {
      assertTrue(rounds < 1_000_000, "it never comes to rest");
      moved = false;
      for (Supplier<Boolean> turn : turns) {
        moved |= turn.get();
      }
    }
  }
}
