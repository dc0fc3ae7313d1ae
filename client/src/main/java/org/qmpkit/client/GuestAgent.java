package org.qmpkit.client;

import java.time.Duration;
import java.util.Map;
import org.qmpkit.net.Address;
import org.qmpkit.net.AddressException;
import tools.jackson.databind.JsonNode;

/**
 * The agent of a guest, {@code qemu-ga} (QEMU's docs/interop/qemu-ga.rst): it is asked in the words
 * of QMP, neither greets nor negotiates, and has no events.
 *
 * {@snippet file="org/qmpkit/client/GuestAgentTest.java" region="example"}
 *
 * <p>An agent is part of the guest, which may be hostile: what it says is bounded and checked, and
 * may be false. It may also be gone, and the channel stays: no command waits for ever unless it is
 * told to, by {@link QmpCommand#within}.
 *
 * <p>An agent serves one command after the other, without ids, since old ones refuse them; what
 * keeps answers and commands together is {@code guest-sync-delimited}, before the first command and
 * after each that was given up. A late answer is dropped. Safe for use by any number of threads,
 * whose commands wait for each other.
 */
public final class GuestAgent implements AutoCloseable {
  /** {@link QmpOptions#DEFAULT}, but for {@link QmpOptions#replyTimeout}, which is a minute. */
  public static final QmpOptions DEFAULT =
      QmpOptions.DEFAULT.withReplyTimeout(Duration.ofMinutes(1));

  private final Connection connection;
  private final QmpOptions options;

  private GuestAgent(Connection connection, QmpOptions options) {
    this.connection = connection;
    this.options = options;
  }

  /** Options under which no answer is waited for without end: who serves may be gone unnoticed. */
  static QmpOptions bounded(QmpOptions options) {
    return Deadline.isFinite(options.replyTimeout())
        ? options
        : options.withReplyTimeout(DEFAULT.replyTimeout());
  }

  /**
   * Connects to an agent, with {@link #DEFAULT}; blocks.
   *
   * @param address as {@link Address#parse} reads it, as {@code unix:/run/vm1/qga.sock}, or {@code
   *     vsock:3:1234}
   * @throws AddressException if it is none
   * @throws QmpException as {@link #connect(Address, QmpOptions)}
   * @throws InterruptedException if this thread is interrupted meanwhile
   */
  public static GuestAgent connect(String address) throws QmpException, InterruptedException {
    return connect(Address.parse(address), DEFAULT);
  }

  /**
   * Connects to an agent and synchronizes with it; blocks. With {@code server=on} in the address it
   * listens there.
   *
   * @param options of these {@link QmpOptions#negotiates} and {@link QmpOptions#schemaCache} mean
   *     nothing here, and a {@link QmpOptions#replyTimeout} without limit is that of {@link
   *     #DEFAULT}
   * @throws Disconnected if nobody is there, or leaves meanwhile
   * @throws TimedOut if no agent answers in time, as when it does not run in the guest
   * @throws InterruptedException if this thread is interrupted meanwhile
   */
  public static GuestAgent connect(Address address, QmpOptions options)
      throws QmpException, InterruptedException {
    return new GuestAgent(Peer.AGENT.connect(address, options), bounded(options));
  }

  /** Where it is connected to. */
  public Address address() {
    return connection.address();
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

  /**
   * Executes a command and waits for its answer; blocks. {@code guest-shutdown} and those that
   * suspend the guest answer only when they fail: they end with {@link TimedOut} or {@link
   * Disconnected}, and {@link QmpCommand#within} says how soon.
   *
   * @return the value of {@code return}; the caller's own
   * @throws CommandFailed if the answer is an error
   * @throws Disconnected if the connection is over, or ends meanwhile
   * @throws TimedOut if there is no answer in time; one that comes later is dropped
   * @throws ProtocolViolation if what comes is no answer, or longer than {@link
   *     QmpOptions#messageLimit}; the connection is over then
   * @throws QueueFull if too many commands wait already
   * @throws InterruptedException if this thread is interrupted meanwhile; the command may run all
   *     the same
   * @throws IllegalArgumentException if there is something in the command that nobody can read
   * @throws UnsupportedOperationException if it is to run out of band, which is QEMU's alone
   * @throws IllegalStateException if called where the client's loop runs, which it would wait for
   */
  public JsonNode execute(QmpCommand command) throws QmpException, InterruptedException {
    if (command.oob()) {
      throw new UnsupportedOperationException(
          "cannot execute '"
              + command.name()
              + "' out of band: a guest agent knows none; use execute");
    }
    Call.Waiting call = new Call.Waiting(Json.command(command, options.messageLimit()));
    Duration timeout = command.timeout(options.replyTimeout());
    return call.value(connection.await(call, timeout, "execute"), connection, timeout);
  }

  /** Reads the answer as a record, as {@link QmpClient#execute(QmpCommand, Class)}. */
  public <T> T execute(QmpCommand command, Class<T> view)
      throws QmpException, InterruptedException {
    return Views.read(execute(command), view, Peer.AGENT, address(), command.name());
  }

  /** Ends the connection: what waits fails with {@link Disconnected}. Idempotent. */
  @Override
  public void close() {
    connection.close();
  }
}
