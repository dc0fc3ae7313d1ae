package org.qmpkit.net.linux;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Loop;
import org.qmpkit.net.PeerGoneException;
import org.qmpkit.net.Ready;
import org.qmpkit.net.Source;
import org.qmpkit.net.Timer;

/**
 * An {@link Endpoint} on Argo's or V4V's rings, by datagrams or a stream of the device.
 *
 * <p>What comes is taken out of the ring at once, whether or not anybody reads, up to {@link
 * Inbox#FULL}. What a full ring refuses is not taken from the writer, who is told by a timer when
 * to try again, since nothing else tells; so nothing overtakes it.
 *
 * <p>There is no half-close: an end of output is not told to the peer.
 */
final class ArgoEndpoint implements Endpoint, Source {
  /** What fills the inbox. */
  interface Feed {
    /** Something happened to the descriptor that is watched for this endpoint alone. */
    void drain();

    /** Whether there is room for more. */
    void room(boolean there);
  }

  /** So many messages are taken at once, for others to have their turn. */
  private static final int MOST = 64;

  /**
   * How often a ring to which nothing is sent is looked for: a peer that was killed tells nobody.
   * One that is there again before that, and opens anew, cannot be told from the one before.
   */
  private static final Duration PROBE = Duration.ofSeconds(5);

  /** How often where something was sent, and nothing has come since. */
  private static final Duration PROBE_UNANSWERED = Duration.ofSeconds(1);

  /** The shortest piece to which those that are too long for the peer are cut. */
  private static final int SHORTEST = 64;

  final Inbox inbox = new Inbox();
  private final Feed feed;
  private final EpollPoller poller;
  private final Loop loop;
  private final Watch watch;
  private final ArgoRing ring;
  private final String name;
  private final Pace pace = new Pace();
  private int chunk;
  private @Nullable Ready handler;
  private @Nullable Timer retry;
  private @Nullable Timer probe;
  private boolean wantsRead;
  private boolean wantsWrite;
  private boolean outputEnded;
  private boolean unanswered;

  /** The peer is not there yet, and it is not known when it will be. */
  private boolean expecting;

  /** Why nothing comes or goes any more; null while it does. */
  private @Nullable String end;

  /** What the reader is told once, where that is no orderly end. */
  private @Nullable IOException failure;

  private ArgoEndpoint(
      @Nullable Feed feed, EpollPoller poller, Loop loop, Watch watch, ArgoRing ring, String name) {
    this.feed = feed == null ? ownFeed() : feed;
    this.poller = poller;
    this.loop = loop;
    this.watch = watch;
    this.ring = ring;
    this.name = name;
    this.chunk = ring.place.chunk();
    watch.source = this;
    watch.afterwards.add(this::stopTimers);
  }

  /** Takes over a ring, with its descriptor under a watch that closes it, without interest. */
  static ArgoEndpoint on(EpollPoller poller, Loop loop, Watch watch, ArgoRing ring, String name) {
    ArgoEndpoint endpoint = new ArgoEndpoint(null, poller, loop, watch, ring, name);
    endpoint.begin();
    ReleasedDomain.watch(
        poller,
        loop,
        watch,
        ring.place.domid(),
        () -> {
          endpoint.drain(Integer.MAX_VALUE);
          endpoint.end("domain " + ring.place.domid() + " has ended");
        });
    return endpoint;
  }

  /** A conversation on a ring that somebody else has, who feeds it. */
  static ArgoEndpoint fed(
      Feed feed, EpollPoller poller, Loop loop, Watch watch, ArgoRing ring, String name) {
    ArgoEndpoint endpoint = new ArgoEndpoint(feed, poller, loop, watch, ring, name);
    endpoint.begin();
    return endpoint;
  }

  private void begin() {
    feed.room(true);
    probeLater();
  }

  private Feed ownFeed() {
    return new Feed() {
      @Override
      public void drain() {
        ArgoEndpoint.this.drain(MOST);
      }

      @Override
      public void room(boolean there) {
        poller.interest(watch, there ? EpollPoller.IN : 0);
      }
    };
  }

  // ---- what comes

  private void drain(int most) {
    for (int i = 0; i < most && end == null && (!inbox.full() || most > MOST); i++) {
      int length = ring.receive();
      if (length == -Errno.EAGAIN) {
        return;
      }
      if (length == 0) {
        end(ring.place.stream() ? "the peer is gone" : "the far side has ended the connection");
      } else if (length > 0) {
        arrived(ring.received(length));
      } else if (length != ArgoRing.FOREIGN) {
        lost(length);
      }
    }
  }

  /** Bytes for the reader. */
  void arrived(byte[] message) {
    expecting = false;
    unanswered = false;
    inbox.add(message);
  }

  /** Whether it takes more. */
  boolean roomy() {
    return end == null && !watch.closed && !inbox.full();
  }

  /** Nothing comes or goes any more: what is there is read yet, and then the end. */
  void end(String why) {
    if (end == null) {
      end = why;
      look();
    }
  }

  /** Writes wait for the peer where nobody is there yet. */
  void expect() {
    expecting = true;
  }

  private void lost(int result) {
    if (ArgoRing.isGone(result) || result == -Errno.EPIPE || result == -Errno.ECONNRESET) {
      end("the peer is gone (" + Libc.text(result) + ")");
    } else {
      String why = new ArgoRefused(ArgoRefused.Step.SEND, -result).inWords(ring.place);
      failure = new IOException("cannot talk to " + peer() + ": " + why);
      end(why);
    }
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    if (watch.closed) {
      return -1;
    }
    int count = inbox.read(into);
    if (count > 0) {
      feed.room(roomy());
      return count;
    }
    if (end == null || !into.hasRemaining()) {
      return 0;
    }
    IOException told = failure;
    if (told != null) {
      failure = null;
      throw told;
    }
    return -1;
  }

  // ---- what goes

  @Override
  public int write(ByteBuffer from) throws IOException {
    if (watch.closed || outputEnded) {
      throw new PeerGoneException(name, "this side has ended its output", null);
    }
    int before = from.remaining();
    boolean takes = true;
    while (from.hasRemaining() && takes && end == null && pace.willing(loop.now())) {
      takes = writeOnce(from);
    }
    String why = end;
    if (why != null && from.remaining() == before) {
      throw new PeerGoneException(name, why, null);
    }
    return before - from.remaining();
  }

  /** Whether there may be room for more. */
  private boolean writeOnce(ByteBuffer from) {
    boolean datagram = !ring.place.stream();
    int length = datagram ? Chunks.first(from, chunk) : Math.min(from.remaining(), chunk);
    int result = ring.send(from, length);
    if (result > 0) {
      from.position(from.position() + result);
      pace.taken();
      if (!unanswered) {
        unanswered = true;
        probeLater();
      }
      return true;
    }
    if ((result == -Errno.EMSGSIZE || result == -Errno.ENOBUFS) && chunk > SHORTEST) {
      chunk = Math.max(SHORTEST, chunk / 2);
      return true;
    }
    boolean absent = expecting && ArgoRing.isGone(result);
    if (result != 0 && !absent && !isBusy(result)) {
      lost(result);
      return false;
    }
    pace.refused(loop.now());
    if (!absent && pace.stuck(loop.now())) {
      end("its ring has been full for " + Pace.STUCK.toSeconds() + " s: nobody reads there");
    }
    return false;
  }

  private static boolean isBusy(int result) {
    return result == -Errno.EAGAIN || result == -Errno.EBUSY || result == -Errno.ENOMEM;
  }

  private void probeLater() {
    if (probe != null) {
      probe.cancel();
    }
    if (!ring.place.stream()) {
      probe = loop.schedule(unanswered ? PROBE_UNANSWERED : PROBE, this::probe);
    }
  }

  private void probe() {
    int result = end == null && !expecting ? ring.probe() : 0;
    if (result < 0) {
      lost(result);
    }
    probeLater();
  }

  @Override
  public void shutdownOutput() {
    outputEnded = true;
  }

  // ---- readiness

  @Override
  public void onReady(Ready handler) {
    this.handler = handler;
  }

  @Override
  public void interest(boolean read, boolean write) {
    if (handler == null && (read || write)) {
      throw new IllegalStateException("interest in " + name + " without onReady");
    }
    wantsRead = read;
    wantsWrite = write;
    look();
  }

  private boolean readable() {
    return wantsRead && (!inbox.isEmpty() || end != null);
  }

  private boolean writable() {
    return wantsWrite && (end != null || pace.willing(loop.now()));
  }

  /** Asks to be called when there is something to be done. */
  void look() {
    if (watch.closed) {
      return;
    }
    feed.room(roomy());
    if (readable() || writable()) {
      poller.call(watch);
    } else if (wantsWrite && (retry == null || !retry.pending())) {
      retry = loop.schedule(Duration.ofNanos(pace.left(loop.now())), this::look);
    }
  }

  @Override
  public void ready(boolean happened, boolean unused) throws IOException {
    if (happened) {
      feed.drain();
    }
    Ready current = handler;
    boolean readable = readable();
    boolean writable = writable();
    if (current != null && (readable || writable)) {
      current.ready(readable, writable);
    }
    look();
  }

  private void stopTimers() {
    for (Timer timer : new @Nullable Timer[] {retry, probe}) {
      if (timer != null) {
        timer.cancel();
      }
    }
  }

  @Override
  public void failed() {
    close();
  }

  /** The address; and how much was dropped because somebody else had sent it. */
  @Override
  public String peer() {
    long foreign = ring.foreign();
    return foreign == 0 ? name : name + " (" + foreign + " datagrams of others dropped)";
  }

  @Override
  public Optional<String> user() {
    return Optional.empty();
  }

  @Override
  public void close() {
    poller.close(watch);
  }

  @Override
  public String toString() {
    return peer();
  }
}
