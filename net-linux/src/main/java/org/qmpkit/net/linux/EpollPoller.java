package org.qmpkit.net.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.qmpkit.net.linux.Libc.C;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Attempt;
import org.qmpkit.net.DescriptorEndpoint;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.NativePoller;
import org.qmpkit.net.Source;
import org.qmpkit.net.TransportException;
import org.qmpkit.net.Transports;
import org.qmpkit.net.UnixTransport;
import org.qmpkit.net.Xenstore;

/**
 * A {@link NativePoller} on epoll(7), level-triggered.
 *
 * <p>A descriptor that nobody wants anything of is not in the epoll set, since the kernel reports
 * hang-ups of all that are; and changes of interest are told to it once per poll, since most are
 * taken back before. A watch that is closed, from whichever thread, gives its descriptor back in
 * the loop's next poll: earlier, another thread could get its number while the loop still uses it.
 */
final class EpollPoller implements NativePoller {
  static final int IN = 1;
  static final int OUT = 4;
  private static final int ERR = 8;
  private static final int HUP = 16;
  private static final int RDHUP = 0x2000;

  private static final int ADD = 1;
  private static final int DEL = 2;
  private static final int MOD = 3;

  private static final int CLOEXEC = 0x80000;
  private static final int NONBLOCK = 0x800;
  private static final long NANOS_PER_MILLI = 1_000_000;
  private static final int EVENTS = 256;

  /** {@code struct epoll_event}: packed on x86-64, as it was on 32 bits. */
  private static final boolean PACKED = System.getProperty("os.arch", "").equals("amd64");

  private static final int EVENT_SIZE = PACKED ? 12 : 16;
  private static final int DATA = PACKED ? 4 : 8;

  /** What the slot of the wake-up is called; no watch has it. */
  private static final int WAKE_SLOT = -1;

  /** The size of {@link #scratch}, in bytes. */
  static final int SCRATCH_SIZE = 64 * 1024;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment events = arena.allocate((long) EVENT_SIZE * EVENTS, 8);
  private final MemorySegment event = arena.allocate(EVENT_SIZE, 8);
  private final MemorySegment count = arena.allocate(8, 8);
  private final MemorySegment one = arena.allocateFrom(JAVA_LONG, 1);
  private final Object wakeGate = new Object();
  private final int epoll;
  private final int wake;
  private @Nullable Watch[] watches = new Watch[16];
  private final ArrayDeque<Integer> freeSlots = new ArrayDeque<>();
  private final ArrayDeque<Watch> changed = new ArrayDeque<>();
  private final ArrayDeque<Watch> due = new ArrayDeque<>();
  private @Nullable Xenstore xenstore;
  private @Nullable ArgoMemory argo;
  private final ConcurrentLinkedQueue<Watch> closing = new ConcurrentLinkedQueue<>();
  private final MemorySegment scratch = arena.allocate(SCRATCH_SIZE, 16);
  private final Message message = new Message(arena);
  private int used;
  private boolean awake;
  private boolean open = true;

  /**
   * A poller that watches nothing yet.
   *
   * @throws IOException if the process has no descriptors left
   */
  EpollPoller() throws IOException {
    epoll = Libc.checked(Libc.call(C.epollCreate1(), CLOEXEC));
    wake = Libc.call(C.eventfd(), 0, CLOEXEC | NONBLOCK);
    int result = wake < 0 ? wake : control(ADD, wake, IN, WAKE_SLOT);
    if (result < 0) {
      Libc.call(C.close(), epoll);
      throw Errno.exception(-result);
    }
  }

  /** Memory that C can reach, for one call on the loop's thread. */
  MemorySegment scratch() {
    return scratch;
  }

  /** A header for recvmsg and sendmsg, for one call on the loop's thread. */
  Message message() {
    return message;
  }

  /** For calls of Argo's devices, on the loop's thread; made at the first use. */
  ArgoMemory argo() {
    if (argo == null) {
      argo = new ArgoMemory(arena, scratch);
    }
    return argo;
  }

  // ---- watches

  /** Watches a descriptor, without interest; closed as a file is when the watch is. */
  Watch watch(int descriptor, Source source) {
    return watch(descriptor, source, () -> Libc.call(C.close(), descriptor));
  }

  /** Watches a descriptor, without interest. */
  Watch watch(int descriptor, Source source, Watch.Release release) {
    if (!open) {
      release.run();
      throw new IllegalStateException("cannot watch " + source.peer() + ": the loop is closed");
    }
    Integer free = freeSlots.poll();
    int slot = free == null ? used++ : free;
    if (slot == watches.length) {
      watches = Arrays.copyOf(watches, 2 * slot);
    }
    Watch watch = new Watch(descriptor, slot, source, release);
    watches[slot] = watch;
    return watch;
  }

  /** Says what is wanted of a descriptor from the next poll on. */
  void interest(Watch watch, int wanted) {
    if (watch.wanted != wanted && !watch.closed) {
      watch.wanted = wanted;
      if (!watch.changed) {
        watch.changed = true;
        changed.add(watch);
      }
    }
  }

  /** Has the next poll call a source as ready for nothing: it knows itself what it is ready for. */
  void call(Watch watch) {
    if (!watch.due && !watch.closed) {
      watch.due = true;
      due.add(watch);
    }
  }

  /** Nobody is called for it any more, and the next poll gives it back. From any thread. */
  void close(Watch watch) {
    synchronized (watch) {
      if (watch.closed) {
        return;
      }
      watch.closed = true;
    }
    closing.add(watch);
    wakeup();
  }

  private void giveBackClosed() {
    for (Watch watch = closing.poll(); watch != null; watch = closing.poll()) {
      if (watch.told != 0) {
        control(DEL, watch.descriptor, 0, watch.slot);
      }
      watches[watch.slot] = null;
      freeSlots.add(watch.slot);
      watch.release.run();
      if (open) {
        watch.afterwards.forEach(Runnable::run);
      }
    }
  }

  private void tellChanges() {
    for (int left = changed.size(); left > 0; left--) {
      Watch watch = changed.remove();
      watch.changed = false;
      if (watch.closed || watch.wanted == watch.told) {
        continue;
      }
      int operation = watch.told == 0 ? ADD : watch.wanted == 0 ? DEL : MOD;
      if (control(operation, watch.descriptor, watch.wanted, watch.slot) >= 0) {
        watch.told = watch.wanted;
      } else {
        // The system has no room for it, and it would never hear of anything again.
        watch.source.failed();
      }
    }
  }

  private int control(int operation, int descriptor, int wanted, int slot) {
    int mask = (wanted & IN) != 0 ? wanted | RDHUP : wanted;
    event.set(JAVA_INT, 0, mask);
    event.set(JAVA_INT_UNALIGNED, DATA, slot);
    event.set(JAVA_INT_UNALIGNED, DATA + 4, 0);
    return Libc.call(C.epollCtl(), epoll, operation, descriptor, event.address());
  }

  /** This host's xenstore, for the transports of this loop; null if it has none. */
  @Nullable Xenstore xenstore(Loop loop) {
    if (xenstore == null) {
      xenstore =
          Xenstore.here()
              .map(at ->
                  new Xenstore(loop, Transports.of(new UnixTransport(), new PtyTransport()), at))
              .orElse(null);
    }
    return xenstore;
  }

  // ---- polling

  @Override
  public int poll(long nanos, Dispatch dispatch) throws IOException {
    giveBackClosed();
    tellChanges();
    int ready =
        Libc.call(
            C.epollWait(), epoll, events.address(), EVENTS, due.isEmpty() ? millis(nanos) : 0);
    if (ready < 0 && ready != -Errno.EINTR) {
      throw new IOException(Libc.text(ready));
    }
    int dispatched = dispatchDue(dispatch);
    for (int i = 0; i < ready; i++) {
      long at = (long) i * EVENT_SIZE;
      int slot = events.get(JAVA_INT_UNALIGNED, at + DATA);
      if (slot == WAKE_SLOT) {
        beAwake();
      } else {
        dispatched += dispatch(watches[slot], events.get(JAVA_INT_UNALIGNED, at), dispatch);
      }
    }
    giveBackClosed();
    return dispatched;
  }

  private static long millis(long nanos) {
    if (nanos <= 0) {
      return 0;
    }
    long millis = nanos / NANOS_PER_MILLI + (nanos % NANOS_PER_MILLI == 0 ? 0 : 1);
    return millis > Integer.MAX_VALUE ? -1 : millis;
  }

  private int dispatchDue(Dispatch dispatch) {
    int dispatched = 0;
    // Those that become due meanwhile wait for the next poll.
    for (int left = due.size(); left > 0; left--) {
      Watch watch = due.remove();
      watch.due = false;
      if (!watch.closed) {
        dispatch.ready(watch.source, false, false);
        dispatched++;
      }
    }
    return dispatched;
  }

  /** Null where a handler before it in this poll has ended it: then nothing was given back yet. */
  private static int dispatch(@Nullable Watch watch, int ready, Dispatch dispatch) {
    if (watch == null || watch.closed) {
      return 0;
    }
    boolean gone = (ready & (ERR | HUP)) != 0;
    boolean readable = (watch.wanted & IN) != 0 && (gone || (ready & (IN | RDHUP)) != 0);
    boolean writable = (watch.wanted & OUT) != 0 && (gone || (ready & OUT) != 0);
    if (!readable && !writable) {
      return 0;
    }
    dispatch.ready(watch.source, readable, writable);
    return 1;
  }

  @Override
  public void wakeup() {
    synchronized (wakeGate) {
      if (open && !awake) {
        awake = true;
        Libc.call(C.write(), wake, one.address(), 8);
      }
    }
  }

  private void beAwake() {
    synchronized (wakeGate) {
      awake = false;
      Libc.call(C.read(), wake, count.address(), 8);
    }
  }

  @Override
  public void close() {
    synchronized (wakeGate) {
      if (!open) {
        return;
      }
      open = false;
    }
    for (Watch watch : watches.clone()) {
      if (watch != null) {
        watch.source.close();
        // A source may be about to hand it on.
        close(watch);
      }
    }
    giveBackClosed();
    Libc.call(C.close(), wake);
    Libc.call(C.close(), epoll);
    arena.close();
  }

  // ---- sockets

  /** A socket that is to be an endpoint. */
  private record Adopted(String peer) implements Source {
    @Override
    public void ready(boolean readable, boolean writable) {}

    @Override
    public void failed() {}

    @Override
    public void close() {}
  }

  @Override
  public Attempt dial(SocketAddress to, Loop loop, String peer, Dialled dialled) {
    return SocketDial.start(to, loop, this, peer, dialled);
  }

  @Override
  public Bound bind(SocketAddress at, int backlog) throws IOException {
    return BoundSocket.bind(at, backlog, scratch);
  }

  @Override
  public Listener listen(
      Bound bound, Loop loop, Address address, PeerName names, Runnable afterwards) {
    if (!(bound instanceof BoundSocket socket)) {
      throw new IllegalArgumentException("this socket was bound by another poller");
    }
    return new SocketListener(socket, loop, this, address, names, afterwards);
  }

  @Override
  public Bound inherited(int descriptor, Address address) throws TransportException {
    Inherited.Socket socket = Inherited.OWN.find("listen on", address, descriptor, scratch);
    if (!socket.listens() || socket.family() != SocketAddresses.UNIX) {
      throw Inherited.unusable(
          "listen on",
          address,
          "descriptor " + descriptor + " is no UNIX socket that listens",
          "leave out fd=" + descriptor);
    }
    Inherited.OWN.take("listen on", address, socket);
    return BoundSocket.inherited(descriptor, socket.family());
  }

  @Override
  public SocketAddress abstractName(String name) {
    return new KernelName(name);
  }

  /** Takes over a connected socket that does not block. */
  SocketEndpoint adopt(int socket, int family, String peer) {
    return SocketEndpoint.on(watch(socket, new Adopted(peer)), this, family, peer);
  }

  @Override
  public DescriptorEndpoint withDescriptors(Endpoint endpoint) {
    if (!(endpoint instanceof SocketEndpoint socket)) {
      throw new IllegalArgumentException(endpoint.peer() + " is on another poller");
    }
    return new PassingEndpoint(socket);
  }
}
