package org.qmpkit.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channel;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.qmpkit.recording.Recording;
import org.qmpkit.recording.Replay;
import tools.jackson.core.JacksonException;

/**
 * A scripted QEMU on a UNIX socket, for what the real one won't do on demand.
 *
 * <p>Like QEMU it serves one client at a time, lets two more wait in its backlog of one, and finds
 * the end of a request by its brackets. It answers {@code qmp_capabilities} and everything else
 * with an empty return and the request's id as it was sent, anything that is no object with an
 * error without an id. It never makes a client wait for its own reading, unless told to.
 *
 * <p>Methods may be called from any thread. Those that wait give up after 10 s with an {@link
 * AssertionError} that tells what was received.
 */
public final class FakeQemu implements AutoCloseable {
  /** The greeting of a QEMU 7.2 that offers out-of-band execution; the default. */
  public static final String GREETING = greetingWith("\"oob\"");

  /** The greeting of a QEMU 7.2 whose monitor cannot run commands out of band. */
  public static final String GREETING_WITHOUT_OOB = greetingWith("");

  private final Path socket;
  private final @Nullable Path directory;
  private final ServerSocketChannel server;
  private final Thread acceptor;
  private final List<String> received = new ArrayList<>();
  private final ByteArrayOutputStream receivedBytes = new ByteArrayOutputStream();
  private final Set<Fault> nextFaults = EnumSet.noneOf(Fault.class);
  private Duration patience = Deadline.USUAL;
  private String greeting = GREETING;
  private @Nullable Function<String, @Nullable String> answers;
  private @Nullable Replay replay;
  private @Nullable FakeSession current;
  private @Nullable Throwable broken;
  private int connections;
  private boolean holding;
  private boolean closed;

  private FakeQemu(Path socket, @Nullable Path directory) throws IOException {
    this.socket = socket;
    this.directory = directory;
    Files.deleteIfExists(socket);
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      server.bind(UnixDomainSocketAddress.of(socket), 1);
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
    acceptor = Thread.ofPlatform().daemon().name("FakeQemu at " + socket).unstarted(this::serve);
  }

  /**
   * Starts one with its socket in a private directory.
   *
   * @throws IOException if it cannot listen
   */
  public static FakeQemu start() throws IOException {
    Path directory = Files.createTempDirectory("qmpkit-fake-");
    return started(new FakeQemu(directory.resolve("qmp.sock"), directory));
  }

  /**
   * Starts one at {@code socket}, replacing what is there.
   *
   * @throws IOException if it cannot listen
   */
  public static FakeQemu startAt(Path socket) throws IOException {
    return started(new FakeQemu(socket, null));
  }

  /**
   * Starts one that is what a recording tells, with its socket in a private directory: it greets
   * so, answers so, and says what happened before and behind each answer, at once.
   *
   * @param recording a file as {@link Recording#read} reads it, libvirt's among them
   * @throws IOException if the recording can't be read, or it cannot listen
   */
  public static FakeQemu from(Path recording) throws IOException {
    Recording read = Recording.read(recording);
    return start().replays(read);
  }

  private static FakeQemu started(FakeQemu fake) {
    // Loads the parser now: that takes longer than some clients wait for their first answer.
    var _ = returning("{}", "{}");
    fake.acceptor.start();
    return fake;
  }

  /**
   * The success of {@code request} with {@code value}, under the request's own id if it has one.
   */
  public static String returning(String request, String value) {
    String id = Json.request(request).id();
    return "{\"return\": " + value + (id == null ? "}" : ", \"id\": " + id + "}");
  }

  /** The failure of {@code request}, under the request's own id if it has one. */
  public static String failing(String request, String errorClass, String desc) {
    String id = Json.request(request).id();
    String error = "\"error\": {\"class\": \"" + errorClass + "\", \"desc\": \"" + desc + "\"}}";
    return (id == null ? "{" : "{\"id\": " + id + ", ") + error;
  }

  /** The monitor's socket. */
  public Path path() {
    return socket;
  }

  /** Greets later clients with {@code message}, given without a line end. */
  public synchronized FakeQemu greeting(String message) {
    greeting = message;
    return this;
  }

  /**
   * Answers requests by {@code handler}, on a thread of this fake: it gets the request's text and
   * gives the reply's, without a line end. "" is no reply, null the default one. What it throws
   * ends the connection and comes out of {@link #close}.
   */
  public synchronized FakeQemu answers(Function<String, @Nullable String> handler) {
    answers = handler;
    return this;
  }

  /**
   * Greets later clients as a recording does, and answers by it what no {@link #answers handler}
   * does; all clients go on in one {@link Replay}.
   */
  public synchronized FakeQemu replays(Recording recording) {
    greeting = recording.greeting();
    replay = new Replay(recording);
    return this;
  }

  /** Gives up waiting after {@code wait} instead of 10 s. */
  synchronized FakeQemu patience(Duration wait) {
    patience = wait;
    return this;
  }

  /** Shows {@code faults} to the next client, and to that one only. */
  public synchronized FakeQemu next(Fault... faults) {
    nextFaults.addAll(Arrays.asList(faults));
    return this;
  }

  /**
   * Shows {@code faults} to the client that is connected; waits for one if there is none.
   *
   * @throws IllegalArgumentException if a fault is one of the greeting, which is over
   * @throws AssertionError if no client comes
   */
  public void now(Fault... faults) {
    for (Fault fault : faults) {
      if (fault.when == Fault.When.GREETING) {
        throw new IllegalArgumentException(fault + " shows at the start; use next()");
      }
    }
    session().arm(faults);
  }

  /** Holds replies, those to later clients too, until {@link #release}. Events pass. */
  public synchronized void hold() {
    holding = true;
  }

  /** Gives out all that is held, in order, and holds no more. */
  public synchronized void release() {
    holding = false;
    if (current != null) {
      current.release();
    }
    notifyAll();
  }

  /**
   * Sends {@code raw} in UTF-8 to the client, exactly as it is, past what is held; waits for a
   * client if there is none.
   *
   * @throws AssertionError if no client comes
   */
  public void send(String raw) {
    session().send(raw.getBytes(UTF_8));
  }

  /**
   * Sends an event to the client, past what is held; waits for a client if there is none.
   *
   * @throws AssertionError if no client comes
   */
  public void event(String name) {
    session().event(name);
  }

  /**
   * Ends the connection after what is being written; waits for a client if there is none.
   *
   * @throws AssertionError if no client comes, or what is being written is not read
   */
  public void hangUp() {
    FakeSession session = session();
    session.hangUp();
    await(() -> current != session, "the end of the connection");
  }

  /** The requests so far, of all connections in order, each from bracket to bracket. */
  public synchronized List<String> received() {
    return List.copyOf(received);
  }

  /** All bytes received so far, of all connections in order. */
  public synchronized byte[] receivedBytes() {
    return receivedBytes.toByteArray();
  }

  /**
   * Waits for the {@code n}-th request, counted from 1 over all connections.
   *
   * @throws AssertionError if it does not come
   */
  public String awaitReceived(int n) {
    await(() -> received.size() >= n, "request " + n);
    return received().get(n - 1);
  }

  /**
   * Waits for the {@code n}-th connection, counted from 1.
   *
   * @throws AssertionError if it does not come
   */
  public void awaitConnections(int n) {
    await(() -> connections >= n, "connection " + n);
  }

  /**
   * Waits until no client is connected.
   *
   * @throws AssertionError if one stays
   */
  public void awaitNobody() {
    await(() -> current == null, "no client");
  }

  /**
   * Ends the connection and the listener at once. Waits for its threads.
   *
   * @throws IllegalStateException if {@link #answers} threw, or does not return within 10 s
   * @throws IOException if the socket file cannot be deleted
   */
  @Override
  public void close() throws IOException {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      server.close();
      if (current != null) {
        current.abort();
      }
      notifyAll();
    }
    try {
      if (!acceptor.join(Deadline.USUAL)) {
        broken(new IllegalStateException("its threads do not end"));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Files.deleteIfExists(socket);
    if (directory != null) {
      Files.deleteIfExists(directory);
    }
    synchronized (this) {
      if (broken != null) {
        throw new IllegalStateException("FakeQemu at " + socket + " broke: " + broken, broken);
      }
    }
  }

  private void serve() {
    try {
      while (true) {
        FakeSession session = opened(new FakeSession(this, server.accept()));
        session.run();
        synchronized (this) {
          current = null;
          notifyAll();
        }
      }
    } catch (IOException | RuntimeException e) {
      synchronized (this) {
        if (!closed) {
          broken = e;
        }
        current = null;
        notifyAll();
      }
    }
  }

  private synchronized FakeSession opened(FakeSession session) {
    session.arm(nextFaults.toArray(Fault[]::new));
    holding |= nextFaults.contains(Fault.LATE_GREETING);
    nextFaults.clear();
    session.greet(greeting);
    if (closed) {
      session.abort();
    }
    current = session;
    connections++;
    notifyAll();
    return session;
  }

  Said answer(String request, String defaultValue) {
    Function<String, @Nullable String> handler;
    Replay recorded;
    synchronized (this) {
      handler = answers;
      recorded = replay;
    }
    String answer = handler == null ? null : handler.apply(request);
    if (answer != null) {
      return Said.alone(answer);
    }
    try {
      if (recorded != null) {
        return Said.of(recorded, request);
      }
      boolean negotiation = "qmp_capabilities".equals(Json.request(request).execute());
      return Said.alone(returning(request, negotiation ? "{}" : defaultValue));
    } catch (JacksonException e) {
      return Said.alone(FakeSession.ERROR_WITHOUT_ID);
    }
  }

  synchronized String greeting() {
    return greeting;
  }

  synchronized boolean holding() {
    return holding;
  }

  synchronized void receivedBytes(byte[] bytes, int count) {
    receivedBytes.write(bytes, 0, count);
  }

  synchronized void received(String request) {
    received.add(request);
    notifyAll();
  }

  synchronized void broken(RuntimeException e) {
    broken = e;
  }

  /** Waits until {@link #release}, or until {@code connection} is closed. */
  synchronized void awaitRelease(Channel connection) throws InterruptedException {
    while (holding && connection.isOpen()) {
      wait();
    }
  }

  /** Makes {@link #awaitRelease} look at its connection. */
  synchronized void connectionClosed() {
    notifyAll();
  }

  private synchronized FakeSession session() {
    await(() -> current != null, "a client");
    return Objects.requireNonNull(current);
  }

  private synchronized void await(BooleanSupplier condition, String expected) {
    Deadline deadline = Deadline.in(patience);
    while (!condition.getAsBoolean()) {
      if (deadline.passed() || closed) {
        String requests = Excerpt.head(received.toString());
        String seen = Excerpt.tail(receivedBytes.toByteArray());
        throw new AssertionError(
            "expected %s within %s; came: %d connections and the requests %s; %s"
                .formatted(expected, patience, connections, requests, seen));
      }
      try {
        wait(deadline.millis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while waiting for " + expected, e);
      }
    }
  }

  private static String greetingWith(String capabilities) {
    return "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7},"
        + " \"package\": \"FakeQemu\"}, \"capabilities\": ["
        + capabilities
        + "]}}";
  }
}
