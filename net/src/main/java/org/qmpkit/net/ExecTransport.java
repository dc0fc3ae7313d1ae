package org.qmpkit.net;

import java.nio.file.Files;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * {@code exec:COMMAND}: the standard input and output of a command that {@code /bin/sh -c} runs, in
 * a session and process group of its own that is ended when the endpoint is closed, and when this
 * process ends. Without a terminal: a command that wants a password fails.
 *
 * <p>Connected means started. How a command ended is said by the read that finds the end of its
 * output: -1 after status 0, else an exception with the status and the last line of its standard
 * error. That goes to ours, line by line, each with {@code exec[PID]: } before it. The end of the
 * command is the end of the stream: what children that outlive it have yet to write is lost.
 *
 * <p>Each endpoint has three threads, since pipes cannot be polled, and two queues of 64 KiB.
 */
public final class ExecTransport implements Transport {
  private final Consumer<String> said;

  /** For the service loader. */
  public ExecTransport() {
    this(System.err::println);
  }

  /** One that tells what commands write to standard error; may be called on several threads. */
  public ExecTransport(Consumer<String> said) {
    this.said = said;
  }

  @Override
  public String scheme() {
    return "exec";
  }

  @Override
  public String summary() {
    return "a command's standard input and output; to connect only";
  }

  @Override
  public Class<? extends Poller> poller() {
    return Poller.class;
  }

  @Override
  public Optional<String> unavailable() {
    return Files.isExecutable(CommandProcess.SHELL)
        ? Optional.empty()
        : Optional.of("exec: there is no /bin/sh; install one");
  }

  @Override
  public Attempt connect(Address address, Loop loop, Duration timeout, Connecting connecting) {
    return ExecConnect.start(address, loop, timeout, connecting, said);
  }

  @Override
  public Listener listen(Address address, Loop loop) throws TransportException {
    throw new TransportException(
        TcpTransport.LISTEN,
        address,
        "a command can only be connected to",
        "listen on unix: and have the command connect there",
        false,
        null);
  }
}
