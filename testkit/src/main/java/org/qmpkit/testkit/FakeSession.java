package org.qmpkit.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One client of {@link FakeQemu}: a thread that reads, one that writes, and an unbounded queue
 * between them, so that a client that does not read is still read from, as QEMU does it.
 */
final class FakeSession {
  static final String ERROR_WITHOUT_ID =
      "{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error, stray 'x'\"}}";

  private static final String GARBAGE = "ype\": \"unknown\"}]}\r\n\u0001\u0002\u0003\r\n";
  private static final String STALE_REPLY =
      "{\"return\": {\"name\": \"stale\"}, \"id\": \"stale\"}";
  private static final int STORM = 1000;
  private static final long BYTE_PAUSE_NANOS = 200_000;

  private final FakeQemu qemu;
  private final SocketChannel channel;
  private final Thread writer;
  private final BlockingQueue<Output> output = new LinkedBlockingQueue<>();
  private final List<byte[]> held = new ArrayList<>();
  private final Set<Fault> faults = EnumSet.noneOf(Fault.class);

  /** A step of the writer. */
  private interface Output {
    /** False if it was the last one. */
    boolean write() throws IOException;
  }

  FakeSession(FakeQemu qemu, SocketChannel channel) {
    this.qemu = qemu;
    this.channel = channel;
    writer = Thread.ofPlatform().daemon().name("FakeQemu writes").start(this::write);
  }

  synchronized void arm(Fault... more) {
    faults.addAll(Arrays.asList(more));
  }

  void greet(String greeting) {
    Consumer<byte[]> out = shows(Fault.LATE_GREETING) ? this::hold : this::send;
    if (shows(Fault.GARBAGE_BEFORE_GREETING)) {
      out.accept(GARBAGE.getBytes(UTF_8));
    }
    if (!shows(Fault.NO_GREETING)) {
      String text = shows(Fault.RAW_UTF8) ? greeting.replace("FakeQemu", "Größe ☃") : greeting;
      out.accept(encoded(text));
    }
    if (shows(Fault.STALE_REPLY)) {
      out.accept(encoded(STALE_REPLY));
    }
  }

  /** Reads requests and answers them until the connection ends; then waits for the writer. */
  void run() {
    try {
      read();
    } catch (IOException e) {
      // The client is gone, or this side has hung up: the end either way.
    } catch (RuntimeException e) {
      qemu.broken(e);
      abort();
    }
    hangUp();
    try {
      writer.join();
    } catch (InterruptedException e) {
      abort();
    }
  }

  private void read() throws IOException {
    RequestFramer framer = new RequestFramer();
    ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
    int count;
    while ((count = channel.read(buffer.clear())) >= 0) {
      qemu.receivedBytes(buffer.array(), count);
      for (String request : framer.add(buffer.array(), count)) {
        qemu.received(request);
        answer(request);
      }
    }
  }

  private void answer(String request) throws IOException {
    Said said = qemu.answer(request, shows(Fault.RAW_UTF8) ? "{\"name\": \"Größe ☃\"}" : "{}");
    said.before().forEach(each -> reply(encoded(each)));
    answer(request, said.reply());
    said.after().forEach(each -> reply(encoded(each)));
  }

  private void answer(String request, String answer) throws IOException {
    String reply = answer;
    if (negotiates(request)) {
      reply(encoded(reply));
      return;
    }
    if (take(Fault.STOP_READING)) {
      qemu.hold();
      try {
        qemu.awaitRelease(channel);
      } catch (InterruptedException e) {
        throw new IOException("interrupted while reading nothing", e);
      }
    }
    if (take(Fault.SECOND_GREETING)) {
      reply(encoded(qemu.greeting()));
    }
    boolean storm = take(Fault.EVENT_STORM);
    if (storm) {
      storm();
    }
    if (take(Fault.ERROR_WITHOUT_ID)) {
      reply = ERROR_WITHOUT_ID;
    }
    if (!reply.isEmpty() && take(Fault.UNKNOWN_ID)) {
      reply = withId(reply, "nobody");
    }
    byte[] bytes = encoded(reply);
    if (take(Fault.ENDLESS_STRING)) {
      output.add(this::endlessString);
    } else if (take(Fault.EOF_IN_REPLY)) {
      send(Arrays.copyOf(bytes, bytes.length / 2));
      hangUp();
    } else {
      reply(bytes);
      if (take(Fault.REPLY_TWICE)) {
        reply(bytes);
      }
    }
    if (storm) {
      storm();
    }
  }

  private static boolean negotiates(String request) {
    try {
      return "qmp_capabilities".equals(Json.request(request).execute());
    } catch (JacksonException e) {
      return false;
    }
  }

  private static String withId(String reply, String id) {
    JsonNode message = Json.parse(reply);
    return message instanceof ObjectNode object ? Json.compact(object.put("id", id)) : reply;
  }

  private void storm() {
    for (int i = 0; i < STORM; i++) {
      reply(encoded(eventText("STORM")));
    }
  }

  void event(String name) {
    send(encoded(eventText(name)));
  }

  private String eventText(String name) {
    String data = shows(Fault.RAW_UTF8) ? ", \"data\": {\"name\": \"Größe ☃\"}" : "";
    return "{\"timestamp\": {\"seconds\": 1700000000, \"microseconds\": 1}, \"event\": \""
        + name
        + "\""
        + data
        + "}";
  }

  /** A message as it goes out; nothing for "". */
  private byte[] encoded(String message) {
    if (message.isEmpty()) {
      return new byte[0];
    }
    String text = shows(Fault.PRETTY) ? Json.pretty(message) : message + "\r\n";
    return (shows(Fault.BARE_NEWLINE) ? text.replace("\r\n", "\n") : text).getBytes(UTF_8);
  }

  private void reply(byte[] bytes) {
    // Under the fake's lock, so that nothing is added to what is held while that is given out.
    synchronized (qemu) {
      if (qemu.holding()) {
        hold(bytes);
      } else {
        send(bytes);
      }
    }
  }

  private synchronized void hold(byte[] bytes) {
    held.add(bytes);
  }

  synchronized void release() {
    held.forEach(this::send);
    held.clear();
  }

  void send(byte[] bytes) {
    output.add(() -> put(ByteBuffer.wrap(bytes)));
  }

  void hangUp() {
    output.add(() -> {
      channel.close();
      qemu.connectionClosed();
      return false;
    });
  }

  /** Ends the connection at once, whatever waits to be written. */
  void abort() {
    hangUp();
    writer.interrupt();
    try {
      channel.close();
      qemu.connectionClosed();
    } catch (IOException e) {
      throw new UncheckedIOException("closing a fake QEMU's connection failed", e);
    }
  }

  private synchronized boolean shows(Fault fault) {
    return faults.contains(fault);
  }

  private synchronized boolean take(Fault fault) {
    return faults.remove(fault);
  }

  private void write() {
    try {
      while (output.take().write()) {}
    } catch (InterruptedException | IOException e) {
      // The client is gone, or this fake is being closed; the reader learns it from its own read.
    }
  }

  private boolean put(ByteBuffer bytes) throws IOException {
    if (!shows(Fault.BYTE_BY_BYTE)) {
      channel.write(bytes);
      return true;
    }
    for (int end = 1; end <= bytes.capacity(); end++) {
      channel.write(bytes.limit(end));
      LockSupport.parkNanos(BYTE_PAUSE_NANOS);
    }
    return true;
  }

  private boolean endlessString() throws IOException {
    channel.write(ByteBuffer.wrap("{\"return\": \"".getBytes(UTF_8)));
    byte[] more = new byte[64 << 10];
    Arrays.fill(more, (byte) 'x');
    while (true) {
      channel.write(ByteBuffer.wrap(more));
    }
  }
}
