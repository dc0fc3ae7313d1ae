package org.qmpkit.protocol;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One client of a shared monitor: what it asked, what waits for it, whether it is still served.
 * Made by {@link Broker#join}; lives on the broker's thread.
 */
public final class Client {
  private final Broker broker;
  private final String name;
  private final Outbox outbox;
  private final ServerSession session;
  final Waiting inBand = new Waiting(this);
  final Waiting outOfBand = new Waiting(this);
  final Holdings holdings = new Holdings();
  boolean changed;
  boolean gone;
  long progressAt;
  long behindAt;
  boolean stalled;
  long greetedAt;

  /** Which events it has subscribed to; null while it is a plain client, which gets all. */
  @Nullable Filter filter;

  /** Whether it is no client, but the broker that asks by itself. */
  boolean own;

  /** Whether it samples QEMU's disks and does nothing else. */
  boolean samples;

  private boolean inputEnded;
  private boolean closing;
  private @Nullable String cut;
  private @Nullable ByteBuffer held;
  private long charged;

  Client(Broker broker, String name, Limits limits, Backlog backlog) {
    this.broker = broker;
    this.name = name;
    this.outbox = new Outbox(backlog);
    this.session = new ServerSession(limits, outbox);
  }

  /** In whose name a broker asks QEMU by itself: nobody waits, and no connection belongs to it. */
  static Client own(Broker broker, Limits limits, Backlog backlog) {
    Client own = new Client(broker, "this helper itself", limits, backlog);
    own.gone = true;
    own.own = true;
    return own;
  }

  /** What it is called in notes: "client 3". */
  public String name() {
    return name;
  }

  /** What is to be written to it; tell {@link Broker#wrote} what was. */
  public Outbox outbox() {
    return outbox;
  }

  /** Whether its input should be read now. */
  public boolean wantsInput() {
    return !deaf() && !inputEnded && !holds() && session.wantsInput() && !holdings.full();
  }

  /** Whether its connection should be closed: everything it is owed is written, or it was cut. */
  public boolean finished() {
    return cut != null || (ending() && outbox.isEmpty());
  }

  /** Why it was cut, or null if it wasn't. */
  public @Nullable String cutReason() {
    return cut;
  }

  Broker broker() {
    return broker;
  }

  ServerSession session() {
    return session;
  }

  /** Whether nothing more will be put into its outbox. */
  boolean ending() {
    return closing || (inputEnded && !holds() && session.settled());
  }

  /** Whether nothing that it says matters any more. */
  boolean deaf() {
    return gone || closing;
  }

  void endInput() {
    inputEnded = true;
  }

  void close() {
    closing = true;
    forget();
  }

  void cut(String reason) {
    cut = reason;
  }

  /** Charges the account of all clients with what is held of its input now, or no more if gone. */
  void charge(Backlog backlog) {
    long now = gone ? 0 : session.held() + (held == null ? 0 : held.remaining());
    backlog.add(now - charged);
    charged = now;
  }

  /** All that is held for it, of its input and of what it has not read, in bytes. */
  long weight() {
    return charged + outbox.size();
  }

  /** Whether input is kept that was read and not wanted yet; what comes next is to follow it. */
  boolean holds() {
    return held != null;
  }

  /** Keeps the input that was read but is not wanted yet, behind what is kept already. */
  void hold(ByteBuffer rest) {
    if (rest.hasRemaining()) {
      ByteBuffer first = held == null ? ByteBuffer.allocate(0) : held;
      held = ByteBuffer.allocate(first.remaining() + rest.remaining()).put(first).put(rest).flip();
    }
  }

  /**
   * The input that was kept, if it is wanted now; whoever takes of it says {@link #resumed}. It is
   * not copied again for each command that is taken of it.
   */
  @Nullable ByteBuffer resume() {
    return deaf() || !session.wantsInput() ? null : held;
  }

  void resumed() {
    if (held != null && !held.hasRemaining()) {
      held = null;
    }
  }

  /** Forgets its input, when nobody will be answered any more. */
  void forget() {
    held = null;
    holdings.drop();
  }
}
