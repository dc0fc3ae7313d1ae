package org.qmpkit.client;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Connecting;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Timer;
import org.qmpkit.net.TransportException;
import org.qmpkit.net.Transports;
import org.qmpkit.protocol.ClientSession;
import org.qmpkit.protocol.ClientSession.Heard;
import org.qmpkit.protocol.ClientSession.Phase;
import org.qmpkit.protocol.Message.Greeting;

/**
 * One connection to a monitor, from the first attempt to its end: moves bytes between an endpoint
 * and a session. On its loop, but where it says otherwise.
 */
final class Connection implements Connecting {
  private static final Duration LAST_WORD = Duration.ofSeconds(1);
  private static final Duration TO_CLOSE = Duration.ofSeconds(5);

  private final Address address;
  private final QmpOptions options;
  private final Peer peer;
  private final QmpLoop loop;
  private final boolean ownsLoop;
  private final Calls calls;
  private final ClientSession session;
  private final Waiter opened;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Subscriptions subscriptions = new Subscriptions();
  private final Dialing dialing;
  private final Fence fence;
  private @Nullable Endpoint endpoint;
  private @Nullable Timer patience;
  private volatile boolean connected;
  private volatile Phase phase = Phase.GREETING;
  private volatile long dropped;
  private volatile String status = "";
  private volatile Greeting greeting = Greeting.none();
  private volatile boolean greeted;
  private volatile @Nullable Tap tap;

  /** A connection that is not attempted yet, for the thread that is to wait for it. */
  Connection(Address address, QmpOptions options, Peer peer, QmpLoop loop, boolean ownsLoop) {
    this.address = address;
    this.options = options;
    this.peer = peer;
    this.loop = loop;
    this.ownsLoop = ownsLoop;
    calls = new Calls(options.queueLimit());
    session = peer.session(options.messageLimit());
    opened = new Waiter();
    dialing = new Dialing(address, options.connectTimeout(), loop, this);
    fence = new Fence(session, loop, this::fenced);
  }

  Address address() {
    return address;
  }

  Peer peer() {
    return peer;
  }

  QmpLoop loop() {
    return loop;
  }

  Calls calls() {
    return calls;
  }

  Subscriptions subscriptions() {
    return subscriptions;
  }

  Executor callbacks() {
    return options.callbacks();
  }

  /** What it was greeted with. */
  Greeting greeting() {
    return greeting;
  }

  /**
   * Connects and negotiates; blocks. Called by the thread that made it.
   *
   * @throws QmpException if that does not come about in time; the connection is ended then
   */
  void open(Transports transports) throws QmpException, InterruptedException {
    loop.add(this);
    boolean done = false;
    try {
      boolean told =
          loop.runAndAwait(() -> dial(transports), opened, Deadline.in(options.connectTimeout()));
      if (!told && !connected && !address.server()) {
        // The transport's time is up as well, and it knows better what kept it.
        loop.await(opened, Deadline.in(LAST_WORD));
      }
      Ending ending = calls.ending();
      if (ending != null) {
        throw ending.cause() instanceof TransportException failed
            ? new Disconnected(address, String.valueOf(failed.getMessage()), false, failed)
            : ending.exception(peer, address, "connect", false);
      }
      if (!greeted) {
        Duration waited = options.connectTimeout();
        throw new Silence(address, peer, waited, connected, phase, dropped > 0, status).exception();
      }
      done = true;
    } finally {
      if (!done) {
        close();
      }
    }
  }

  private void dial(Transports transports) {
    if (calls.ending() == null) {
      if (peer == Peer.MONITOR) {
        Duration whole = options.connectTimeout();
        patience = loop.loop().schedule(whole.minus(whole.dividedBy(4)), () -> guarded(this::ask));
      }
      dialing.begin(transports);
    }
  }

  /** While there is time to hear it: a helper tells what keeps it from greeting, QEMU does not. */
  private void ask() {
    if (endpoint != null && session.phase() == Phase.GREETING && session.dropped() == 0) {
      session.askStatus();
      write();
    }
  }

  @Override
  public void connected(Endpoint made) {
    if (calls.ending() != null) {
      made.close();
      return;
    }
    connected = true;
    endpoint = made;
    made.onReady(this::ready);
    made.interest(true, false);
    phase = session.phase();
    if (phase == Phase.READY) {
      greeted(Greeting.none());
    }
    guarded(this::write);
  }

  private void greeted(Greeting heard) {
    greeting = heard;
    greeted = true;
    stopWaiting();
    opened.wake();
  }

  private void stopWaiting() {
    if (patience != null) {
      patience.cancel();
      patience = null;
    }
  }

  @Override
  public void failed(TransportException why) {
    end(new Ending(Ending.Kind.LOST, why.reason(), why));
  }

  /**
   * A thread that turns the loop would wait for itself.
   *
   * @throws IllegalStateException if this one does
   */
  void refuseOnLoop(String call) {
    if (loop.isTurning()) {
      throw new IllegalStateException(
          call
              + "() blocks, and was called from a callback on the loop of "
              + address
              + ", which it would wait for; use executeAsync, or callbacks on threads of their own");
    }
  }

  /**
   * Lets a command wait for its turn. From any thread.
   *
   * @throws QueueFull if too many wait already
   * @throws QmpException if the connection is over
   */
  void enqueue(Call call) throws QmpException {
    Calls.Added added = calls.add(call);
    if (added instanceof Calls.Added.Full) {
      throw new QueueFull(address, call.command.name(), options.queueLimit());
    }
    if (added instanceof Calls.Added.Over over) {
      throw over.ending().exception(peer, address, call.attempted(), false);
    }
  }

  /**
   * Sends a command when its turn comes, and waits for its answer; blocks.
   *
   * @param method what was called, as for {@link #refuseOnLoop}
   * @throws QmpException as {@link #enqueue}
   */
  Call.Outcome await(Call.Waiting call, Duration timeout, String method)
      throws QmpException, InterruptedException {
    refuseOnLoop(method);
    Deadline deadline = Deadline.in(timeout);
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted before '" + call.command.name() + "' was sent");
    }
    enqueue(call);
    return await(call, deadline);
  }

  private Call.Outcome await(Call.Waiting call, Deadline deadline) throws InterruptedException {
    boolean settled = false;
    boolean sent = false;
    try {
      settled = loop.runAndAwait(this::pump, call.waiter, deadline);
    } finally {
      if (!settled) {
        sent = calls.abandon(call);
        if (peer == Peer.AGENT) {
          loop.run(() -> giveUp(call));
        }
      }
    }
    Call.Outcome outcome = call.outcome();
    return outcome == null ? new Call.Outcome.Expired(sent) : outcome;
  }

  /** Sends a command that a future stands for. From any thread. */
  void send(Call.Promised call) {
    loop.run(() -> {
      call.watch();
      pump();
    });
  }

  /** Lets the answer to a command that nobody waits for any more be dropped. */
  private void giveUp(Call abandoned) {
    boolean late = calls.forget(abandoned);
    if (calls.ending() == null) {
      fence.givenUp(late);
    }
  }

  private void fenced() {
    phase = session.phase();
    guarded(this::write);
  }

  /** Sends what may be sent, and writes what fits. */
  private void pump() {
    guarded(() -> {
      if (session.phase() == Phase.READY) {
        Calls.Sent next;
        while ((next = calls.next()) != null) {
          session.send(next.call().command, next.id());
          Tap hears = tap;
          if (hears != null) {
            hears.sent(next.id(), next.call().command.text(next.id()));
          }
        }
      }
      write();
    });
  }

  private void ready(boolean readable, boolean writable) {
    if (readable) {
      guarded(this::read);
    }
    pump();
  }

  /** A fault of ours must not leave anybody waiting. */
  private void guarded(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException | Error e) {
      end(new Ending(Ending.Kind.LOST, "a fault of qmpkit: " + e, e));
      throw e;
    }
  }

  /** Reads what is there, and says whether there was something. */
  private boolean read() {
    Endpoint from = endpoint;
    if (from == null) {
      return false;
    }
    ByteBuffer buffer = loop.loop().buffer();
    try {
      if (from.read(buffer) < 0) {
        end(new Ending(Ending.Kind.LOST, "QEMU ended the connection", null));
        return false;
      }
    } catch (IOException e) {
      end(new Ending(Ending.Kind.LOST, "the connection failed: " + e.getMessage(), e));
      return false;
    }
    buffer.flip();
    boolean some = buffer.hasRemaining();
    Heard heard;
    while (endpoint != null && (heard = session.next(buffer)) != null) {
      hear(heard);
    }
    phase = session.phase();
    dropped = session.dropped();
    status = session.status();
    return some;
  }

  private void hear(Heard heard) {
    // No switch: its first use takes some 10 ms, which a short-lived process would feel.
    Tap hears = tap;
    if (heard instanceof Heard.Answered answered) {
      if (hears != null) {
        hears.answered(answered.id(), answered.answer().document().toString());
      }
      calls.answered(answered.id(), answered.answer());
    } else if (heard instanceof Heard.Happened happened) {
      if (hears != null) {
        hears.happened(happened.event().document().toString());
      }
      subscriptions.happened(happened.event());
    } else if (heard instanceof Heard.Ready ready) {
      if (ready.greeting().oob()) {
        calls.offersOob();
      }
      greeted(ready.greeting());
    } else if (heard instanceof Heard.Restarted) {
      end(new Ending(Ending.Kind.LOST, "QEMU greeted anew in mid-stream", null));
    } else if (heard instanceof Heard.Broke broke) {
      end(new Ending(Ending.Kind.BROKE, broke.reason(), null));
    }
  }

  private void write() {
    Endpoint to = endpoint;
    if (to == null) {
      return;
    }
    try {
      int written = 1;
      while (written > 0 && !session.outbox().isEmpty()) {
        ByteBuffer buffer = loop.loop().buffer();
        session.outbox().peek(buffer);
        written = to.write(buffer.flip());
        session.wrote(written);
      }
      to.interest(true, !session.outbox().isEmpty());
    } catch (IOException e) {
      // What QEMU said before it left is still to be heard.
      while (read()) {}
      end(new Ending(Ending.Kind.LOST, "QEMU ended the connection", e));
    }
  }

  /** From any thread; null for nobody. */
  void tap(@Nullable Tap who) {
    tap = who;
  }

  /** Ends it for good, and whatever waits for it; the first ending counts. */
  void end(Ending why) {
    if (calls.ending() != null) {
      return;
    }
    loop.remove(this);
    dialing.close();
    fence.close();
    stopWaiting();
    if (endpoint != null) {
      endpoint.close();
      endpoint = null;
    }
    calls.end(why);
    subscriptions.end(why);
    opened.wake();
    ended.countDown();
    if (ownsLoop) {
      loop.close();
    }
  }

  /**
   * Ends it from this side and waits until that is done; again does nothing. From any thread; on
   * the loop itself it does not wait.
   */
  void close() {
    Ending why = new Ending(Ending.Kind.CLOSED, "the client was closed", null);
    if (loop.isTurning()) {
      end(why);
      return;
    }
    loop.run(() -> end(why));
    try {
      if (!ended.await(TO_CLOSE.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IllegalStateException("the loop of " + address + " does not turn");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
