package org.qmpkit.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Attempt;
import org.qmpkit.net.BacklogFullException;
import org.qmpkit.net.Connecting;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Loop;
import org.qmpkit.net.TransportException;
import org.qmpkit.net.Transports;
import org.qmpkit.protocol.Dialect;
import org.qmpkit.protocol.Document;
import org.qmpkit.protocol.Limits;
import org.qmpkit.protocol.Malformed;
import org.qmpkit.protocol.Scanner;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * One question to whoever answers at an address: a helper tells the state of its upstream; QEMU
 * itself says that it has no such command, which tells as much.
 *
 * <p>The question is sent before any greeting: a helper answers it even then, and QEMU keeps it.
 */
final class Probe {
  /**
   * What was found.
   *
   * @param connected whether the connection was made
   * @param full whether it was not, since others wait for one already
   * @param greeting QEMU's greeting, or null
   * @param answer the answer to the question, or null
   * @param nanos how long the answer took, from the connection on
   * @param fault why it ended before there was an answer; empty if only the time ran out
   */
  record Finding(
      boolean connected,
      boolean full,
      @Nullable JsonNode greeting,
      @Nullable JsonNode answer,
      long nanos,
      String fault) {}

  private static final String ID = "qmpkit-health";
  private static final byte[] QUESTION =
      ("{\"execute\":\"__org.qmpkit_status\",\"id\":\"" + ID + "\"}\r\n")
          .getBytes(StandardCharsets.US_ASCII);

  /** How long a transport whose time is up may take to say what kept it. */
  private static final Duration LAST_WORD = Duration.ofMillis(500);

  private final Scanner scanner = new Scanner(Dialect.QEMU_OUTPUT, Limits.DEFAULT.qemuMessage());
  private final Loop loop;
  private long since;
  private long until;
  private @Nullable Attempt attempt;
  private @Nullable Endpoint endpoint;
  private boolean connected;
  private boolean full;
  private @Nullable JsonNode greeting;
  private @Nullable JsonNode answer;
  private @Nullable String fault;

  private Probe(Loop loop) {
    this.loop = loop;
    this.since = loop.now();
  }

  /** Asks, and waits at most so long; blocks. */
  static Finding ask(Address address, Duration timeout) {
    return ask(List.of(address), timeout).getFirst();
  }

  /** Asks all at once, and waits at most so long for all of them; blocks. In the same order. */
  static List<Finding> ask(List<Address> addresses, Duration timeout) {
    return ask(addresses, timeout, addresses.size());
  }

  /**
   * Asks some at a time, the next as soon as one is done, and waits at most so long for all of
   * them; blocks. In the same order; the last ones are not among them if the time was over before.
   *
   * @param atOnce how many may be under way, each of which is an open file
   */
  static List<Finding> ask(List<Address> addresses, Duration timeout, int atOnce) {
    Transports transports = Transports.load();
    try (Loop loop = new Loop(transports.poller(addresses))) {
      List<Probe> probes = new ArrayList<>();
      List<Probe> underWay = new ArrayList<>();
      long deadline = System.nanoTime() + timeout.toNanos();
      long left = timeout.toNanos();
      while (left > 0) {
        underWay.stream().filter(Probe::done).forEach(Probe::close);
        underWay.removeIf(Probe::done);
        while (probes.size() < addresses.size() && underWay.size() < atOnce) {
          Probe next = new Probe(loop);
          next.attempt =
              next.connect(transports, addresses.get(probes.size()), Duration.ofNanos(left));
          probes.add(next);
          underWay.add(next);
        }
        if (underWay.isEmpty()) {
          break;
        }
        if (underWay.stream().noneMatch(Probe::done)) {
          loop.turn(Duration.ofNanos(left));
        }
        left = deadline - System.nanoTime();
      }
      awaitLastWords(loop, underWay, deadline + LAST_WORD.toNanos());
      underWay.forEach(Probe::close);
      return probes.stream().map(Probe::finding).toList();
    } catch (TransportException e) {
      String fault = String.valueOf(e.getMessage());
      return addresses.stream().map(_ -> new Finding(false, false, null, null, 0, fault)).toList();
    } catch (IOException e) {
      throw new UncheckedIOException("the system gives no poller: " + e.getMessage(), e);
    }
  }

  /** Their transports' time is up as well, and they know what kept them, as a full backlog. */
  private static void awaitLastWords(Loop loop, List<Probe> underWay, long deadline)
      throws IOException {
    long left = deadline - System.nanoTime();
    while (left > 0 && underWay.stream().anyMatch(each -> !each.connected && !each.done())) {
      loop.turn(Duration.ofNanos(left));
      left = deadline - System.nanoTime();
    }
  }

  private Attempt connect(Transports transports, Address address, Duration timeout) {
    return transports.connect(
        address,
        loop,
        timeout,
        new Connecting() {
          @Override
          public void connected(Endpoint endpoint) {
            begin(endpoint);
          }

          @Override
          public void failed(TransportException why) {
            fault = why.getMessage();
            full = why.getCause() instanceof BacklogFullException;
          }
        });
  }

  private boolean done() {
    return answer != null || fault != null;
  }

  /** Ends it, with what it has. */
  private void close() {
    until = loop.now();
    if (attempt != null) {
      attempt.close();
    }
    if (endpoint != null) {
      endpoint.close();
    }
  }

  private Finding finding() {
    return new Finding(
        connected, full, greeting, answer, until - since, fault == null ? "" : fault);
  }

  private void begin(Endpoint endpoint) {
    this.endpoint = endpoint;
    connected = true;
    since = loop.now();
    endpoint.onReady((readable, writable) -> read(endpoint));
    endpoint.interest(true, false);
    try {
      endpoint.write(ByteBuffer.wrap(QUESTION));
    } catch (IOException e) {
      fault = e.getMessage();
    }
  }

  private void read(Endpoint endpoint) {
    ByteBuffer buffer = loop.buffer();
    int count;
    try {
      count = endpoint.read(buffer);
    } catch (IOException e) {
      fault = e.getMessage();
      endpoint.close();
      return;
    }
    if (count < 0) {
      fault = "the far side closed the connection";
      endpoint.close();
      return;
    }
    buffer.flip();
    while (fault == null && answer == null) {
      switch (scanner.next(buffer)) {
        case null -> {
          return;
        }
        case Malformed malformed ->
            fault = "the far side does not speak QMP: " + malformed.reason();
        case Document document -> heard(document);
      }
    }
  }

  private void heard(Document document) {
    JsonNode message;
    try {
      message = Json.read(document.toString());
    } catch (JacksonException e) {
      // Its own probe ends; thrown on, it would end the others of this loop as well.
      fault = "the far side does not speak QMP: " + e.getOriginalMessage();
      return;
    }
    if (message.has("QMP")) {
      greeting = message.get("QMP");
    } else if (ID.equals(message.path("id").asString(""))) {
      answer = message;
    }
  }
}
