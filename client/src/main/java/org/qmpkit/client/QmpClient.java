package org.qmpkit.client;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.AddressException;
import org.qmpkit.protocol.Message;
import org.qmpkit.protocol.Message.Greeting;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * A client of one monitor: QEMU's own, or one that {@code qmp helper} shares.
 *
 * <p>Safe for use by any number of threads: commands are pipelined, and each answer goes to whoever
 * asked. It serves one connection; when that is lost everything fails with {@link Disconnected}, at
 * once, and a new client has to be connected.
 *
 * <p>What blocks says so; it ends when its deadline passes or its thread is interrupted, and throws
 * {@link IllegalStateException} where it would wait for itself: in a callback on the client's own
 * loop ({@link QmpOptions#callbacks}).
 */
public final class QmpClient implements AutoCloseable {
  private final Connection connection;
  private final QmpOptions options;
  private final Greeting greeting;
  private final SchemaSource schema;

  private QmpClient(Connection connection, QmpOptions options) {
    this.connection = connection;
    this.options = options;
    greeting = connection.greeting();
    schema = new SchemaSource(this, options.schemaCache(), greeting.version());
  }

  /**
   * Connects to the monitor at an address, with {@link QmpOptions#DEFAULT}; blocks.
   *
   * @param address as {@link Address#parse} reads it, as {@code unix:/tmp/qemu.qmp}
   * @throws AddressException if it is none
   * @throws QmpException as {@link #connect(Address, QmpOptions)}
   * @throws InterruptedException if this thread is interrupted meanwhile
   */
  public static QmpClient connect(String address) throws QmpException, InterruptedException {
    return connect(Address.parse(address), QmpOptions.DEFAULT);
  }

  /** As {@link #connect(Address, QmpOptions)}, of an address as {@link Address#parse} reads it. */
  public static QmpClient connect(String address, QmpOptions options)
      throws QmpException, InterruptedException {
    return connect(Address.parse(address), options);
  }

  /**
   * Connects to a monitor and negotiates, out-of-band execution included where it is offered;
   * blocks. With {@code server=on} in the address it listens there, and QEMU is who connects.
   *
   * <p>Who has not greeted when three quarters of the time are over is asked {@code
   * __org.qmpkit_status}: a helper whose QEMU is away answers, and the exception says why it is. A
   * QEMU that greets later refuses it, which is dropped.
   *
   * @throws Disconnected if nobody is there, or leaves meanwhile; or if a helper's QEMU is gone
   * @throws TimedOut if it is not greeted in time, as when another client holds the monitor, or the
   *     negotiation is not answered in time
   * @throws ProtocolViolation if what answers is no monitor
   * @throws InterruptedException if this thread is interrupted meanwhile
   */
  public static QmpClient connect(Address address, QmpOptions options)
      throws QmpException, InterruptedException {
    Peer peer = options.negotiates() ? Peer.MONITOR : Peer.NOT_GREETING;
    return new QmpClient(peer.connect(address, options), options);
  }

  /** Where it is connected to. */
  public Address address() {
    return connection.address();
  }

  /** QEMU's release, as {@code 7.2.22}; {@code ?} where QEMU tells it in another shape. */
  public String release() {
    return greeting.release();
  }

  /**
   * QEMU's version as it was greeted with: the members {@code qemu} and {@code package}; an empty
   * object {@linkplain QmpOptions#withoutNegotiation without a greeting}.
   *
   * @return the caller's own
   * @throws ProtocolViolation if there is a number in it that nobody can read; no QEMU has such
   */
  public JsonNode version() throws ProtocolViolation {
    try {
      return Json.tree(greeting.version());
    } catch (JacksonException e) {
      String why = "cannot read the version of " + address() + ": it has ";
      throw new ProtocolViolation(
          address(), why + e.getOriginalMessage() + "; see whether that is QEMU", e);
    }
  }

  /**
   * What it was greeted with, in QEMU's own text on one line; {@code {}} {@linkplain
   * QmpOptions#withoutNegotiation without a greeting}.
   */
  public String greeting() {
    return greeting.document().toString();
  }

  /** Whether {@link #executeOob} can be used. */
  public boolean offersOob() {
    return greeting.oob();
  }

  /** Executes a command without arguments, as {@link #execute(QmpCommand)}. */
  public JsonNode execute(String command) throws QmpException, InterruptedException {
    return execute(QmpCommand.of(command));
  }

  /** Executes a command, as {@link #execute(QmpCommand)}. */
  public JsonNode execute(String command, Map<String, ?> arguments)
      throws QmpException, InterruptedException {
    return execute(QmpCommand.of(command, arguments));
  }

  /** Executes a command, as {@link #execute(QmpCommand)}. */
  public JsonNode execute(String command, JsonNode arguments)
      throws QmpException, InterruptedException {
    return execute(QmpCommand.of(command, arguments));
  }

  /**
   * Executes a command and waits for its answer; blocks.
   *
   * @return the value of {@code return}; the caller's own
   * @throws CommandFailed if the answer is an error
   * @throws Disconnected if the connection is over, or ends meanwhile
   * @throws TimedOut if there is no answer in time; one that comes later is dropped
   * @throws ProtocolViolation if the answer is none that QEMU gives
   * @throws QueueFull if too many commands wait already
   * @throws InterruptedException if this thread is interrupted meanwhile; the command may run all
   *     the same
   * @throws IllegalArgumentException if there is something in the command that QEMU can't read
   * @throws UnsupportedOperationException if it is to run out of band and that is not offered
   * @throws IllegalStateException if called where the client's loop runs, which it would wait for
   */
  public JsonNode execute(QmpCommand command) throws QmpException, InterruptedException {
    Call.Waiting call = new Call.Waiting(message(command));
    Duration timeout = command.timeout(options.replyTimeout());
    return call.value(connection.await(call, timeout, "execute"), connection, timeout);
  }

  /** Executes a command without arguments, as {@link #execute(QmpCommand, Class)}. */
  public <T> T execute(String command, Class<T> view) throws QmpException, InterruptedException {
    return execute(QmpCommand.of(command), view);
  }

  /**
   * Executes a command as {@link #execute(QmpCommand)} does, and reads its answer as a record, or
   * an array of records.
   *
   * {@snippet file="org/qmpkit/client/ViewsTest.java" region="example"}
   *
   * <p>A component {@code totalTime} reads the member {@code total-time}, or {@code total_time};
   * {@code @JsonProperty} names another. One that is an {@code Optional}, or marked
   * {@code @Nullable}, may be missing; all others must be there. Members without a component are
   * left out. A constant {@code IO_ERROR} is the value {@code io-error}; a value without a constant
   * becomes the constant {@code UNKNOWN}, or that with {@code @JsonEnumDefaultValue}, and where
   * there is none, is a mismatch. Nothing is converted: a number is no string.
   *
   * <p>Jackson makes the records: they are public in an exported package, or their package is
   * opened: {@code opens com.example.views to tools.jackson.databind}.
   *
   * @param view a record, or an array of them; what they are made of may be records, enums,
   *     strings, numbers, booleans, lists, optionals, and {@link JsonNode} for anything
   * @throws ViewMismatch if the answer is of another shape; {@link Schema#check} tells beforehand
   * @throws QmpException as {@link #execute(QmpCommand)}
   * @throws IllegalArgumentException if Jackson can't make such a view, too
   */
  public <T> T execute(QmpCommand command, Class<T> view)
      throws QmpException, InterruptedException {
    return Views.read(execute(command), view, connection.peer(), address(), command.name());
  }

  /**
   * As {@link #execute(QmpCommand)}, for who passes the value on: no tree is made of it.
   *
   * @return the value of {@code return} as QEMU wrote it: JSON in ASCII, on one line
   * @throws QmpException as {@link #execute(QmpCommand)}
   * @throws InterruptedException as {@link #execute(QmpCommand)}
   */
  public String executeText(QmpCommand command) throws QmpException, InterruptedException {
    Call.Waiting call = new Call.Waiting(message(command));
    Duration timeout = command.timeout(options.replyTimeout());
    return call.text(connection.await(call, timeout, "executeText"), connection, timeout);
  }

  /** Executes a command without arguments, as {@link #executeAsync(QmpCommand)}. */
  public CompletableFuture<JsonNode> executeAsync(String command) {
    return executeAsync(QmpCommand.of(command));
  }

  /** Executes a command, as {@link #executeAsync(QmpCommand)}. */
  public CompletableFuture<JsonNode> executeAsync(String command, Map<String, ?> arguments) {
    return executeAsync(QmpCommand.of(command, arguments));
  }

  /** Executes a command, as {@link #executeAsync(QmpCommand)}. */
  public CompletableFuture<JsonNode> executeAsync(String command, JsonNode arguments) {
    return executeAsync(QmpCommand.of(command, arguments));
  }

  /**
   * Executes a command; does not block.
   *
   * <p>Cancelling the future means that nobody waits any more. A command that was not sent yet is
   * not sent then; the answer to one that was is dropped when it comes.
   *
   * @return completes on {@link QmpOptions#callbacks}, with the value of {@code return} or with an
   *     exception that {@link #execute(QmpCommand)} throws
   * @throws IllegalArgumentException if there is something in the command that QEMU can't read
   * @throws UnsupportedOperationException if it is to run out of band and that is not offered
   */
  public CompletableFuture<JsonNode> executeAsync(QmpCommand command) {
    Call.Promised call =
        new Call.Promised(message(command), connection, command.timeout(options.replyTimeout()));
    try {
      connection.enqueue(call);
      connection.send(call);
    } catch (QmpException e) {
      call.future.completeExceptionally(e);
    }
    return call.future;
  }

  /** Executes a command out of band: {@link #execute(QmpCommand)} {@link QmpCommand#outOfBand}. */
  public JsonNode executeOob(String command) throws QmpException, InterruptedException {
    return execute(QmpCommand.of(command).outOfBand());
  }

  /** Executes a command out of band: {@link #execute(QmpCommand)} {@link QmpCommand#outOfBand}. */
  public JsonNode executeOob(String command, Map<String, ?> arguments)
      throws QmpException, InterruptedException {
    return execute(QmpCommand.of(command, arguments).outOfBand());
  }

  private Message.Command message(QmpCommand command) {
    if (command.oob() && !offersOob()) {
      throw new UnsupportedOperationException(
          "cannot execute '"
              + command.name()
              + "' at "
              + address()
              + " out of band: this monitor does not offer it; use execute");
    }
    return Json.command(command, options.messageLimit());
  }

  /**
   * Hears events from here on; those before are not repeated. Does not block.
   *
   * @param filter which, and how many of them may wait
   * @return to be closed by the caller; it ends with the connection, too
   */
  public Subscription subscribe(EventFilter filter) {
    Subscription subscription = new Subscription(connection, filter, null);
    connection.subscriptions().add(subscription);
    return subscription;
  }

  /**
   * Hears events from here on, with {@link Subscription#cursor cursors}, which a helper gives and
   * QEMU does not; blocks.
   *
   * @param filter as for {@link #subscribe}
   * @return to be closed by the caller; it ends with the connection, too
   * @throws UnsupportedOperationException if no helper that can do it is at this address
   * @throws QmpException as {@link #execute(QmpCommand)}
   * @throws InterruptedException as {@link #execute(QmpCommand)}
   */
  public Subscription follow(EventFilter filter) throws QmpException, InterruptedException {
    return Following.begin(connection, filter, null, options);
  }

  /**
   * Hears all events behind a cursor: those that the helper still has first, once and in order,
   * then new ones; blocks until the former begin. Other subscriptions hear the new ones only. Where
   * the helper could not keep all, or has lost QEMU meanwhile, there is an event {@code
   * __ORG.QMPKIT_LOST}, which all filters pass; its data have a {@code reason}, and the number of
   * {@code events} if that is known. Ahead of everything it means that the cursor is too old, or of
   * a helper that is no more.
   *
   * @param since from {@link Subscription#cursor}, of whatever connection to this helper
   * @throws CommandFailed if that is no cursor
   * @throws UnsupportedOperationException as {@link #follow(EventFilter)}
   * @throws QmpException as {@link #execute(QmpCommand)}
   * @throws InterruptedException as {@link #execute(QmpCommand)}
   */
  public Subscription follow(EventFilter filter, String since)
      throws QmpException, InterruptedException {
    return Following.begin(connection, filter, since, options);
  }

  /**
   * Lets somebody hear what goes over this connection from here on, in the place of who did before.
   * Does not block; from any thread.
   *
   * @param tap null for nobody
   */
  public void tap(@Nullable Tap tap) {
    connection.tap(tap);
  }

  /**
   * Observes a job from here on, whether it has begun or not. Does not block.
   *
   * @param id the job's id, as {@code job-id} names it; some block jobs that are given none have
   *     their device's
   * @return to be closed by the caller
   */
  public JobWatch watchJob(String id) {
    return new JobWatch(this, id);
  }

  /**
   * Waits for the end of a job that has begun, as {@link JobWatch#await(Duration)}. One that has
   * ended by now and is forgotten is not there: {@link #runJob} and {@link #watchJob} miss none.
   */
  public JobInfo awaitJob(String id, Duration timeout) throws QmpException, InterruptedException {
    try (JobWatch watch = watchJob(id)) {
      return watch.await(timeout);
    }
  }

  /**
   * Executes a command that starts a job, and waits for the job's end, as {@link
   * JobWatch#await(Duration)}.
   *
   * @param start a command whose argument {@code job-id} names the job
   * @param timeout how long both may take together, whatever {@link QmpCommand#within} says; {@link
   *     QmpOptions#FOREVER} for no limit
   * @throws CommandFailed if the job can't be started
   * @throws IllegalArgumentException if nothing names the job
   */
  public JobInfo runJob(QmpCommand start, Duration timeout)
      throws QmpException, InterruptedException {
    JsonNode id = start.arguments().path("job-id");
    if (!id.isString()) {
      throw new IllegalArgumentException(
          "the arguments of '" + start.name() + "' must have a text 'job-id', which names the job");
    }
    long begun = System.nanoTime();
    try (JobWatch watch = watchJob(id.asString())) {
      Duration own = start.timeout(timeout);
      execute(start.within(own.compareTo(timeout) < 0 ? own : timeout));
      Duration left = timeout.minusNanos(System.nanoTime() - begun);
      return watch.await(left.isPositive() ? left : Duration.ofNanos(1));
    }
  }

  /**
   * What this QEMU can do, by its own account; blocks.
   *
   * <p>The first call takes it from {@link QmpOptions#schemaCache} where it is there for a QEMU of
   * the same version, and asks QEMU in the background whether it still holds: later calls give what
   * QEMU said. Else it asks QEMU, which costs it some milliseconds and 200 KB.
   *
   * @throws QmpException as {@link #execute(QmpCommand)}
   * @throws InterruptedException if this thread is interrupted meanwhile
   */
  public Schema schema() throws QmpException, InterruptedException {
    connection.refuseOnLoop("schema");
    return schema.get();
  }

  /**
   * Ends the connection: what waits fails with {@link Disconnected}, subscriptions end. Idempotent,
   * from any thread.
   */
  @Override
  public void close() {
    connection.close();
  }
}
