package org.qmpkit.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A connection to xenstored, and the messages on it ({@code struct xsd_sockmsg} of {@code
 * xs_wire.h}): a header of four numbers, and a payload. What they mean is {@link Xenstore}'s.
 *
 * <p>The kernel's device takes one message at a time, of {@value #LONGEST} bytes with its header,
 * and a write that has the end of one and more would lose the rest; so each write here has bytes of
 * one message.
 */
final class XenstoreWire {
  /** {@code enum xsd_sockmsg_type}, as far as it is used here. */
  enum MessageType {
    DIRECTORY(1, "list"),
    READ(2, "read"),
    WATCH(4, "watch"),
    UNWATCH(5, "unwatch"),
    WRITE(11, "write"),
    RM(13, "remove"),
    WATCH_EVENT(15, ""),
    ERROR(16, ""),
    IS_DOMAIN_INTRODUCED(17, "look for"),
    DIRECTORY_PART(22, "list");

    final int number;
    final String verb;

    MessageType(int number, String verb) {
      this.number = number;
      this.verb = verb;
    }
  }

  /** What becomes of it. */
  interface Heard {
    /** It is connected; what was sent before goes out first. */
    void connected();

    void received(int type, int id, byte[] payload);

    /** It is not, or not any more; nothing that was sent is kept. */
    void lost(String why);
  }

  /** XENSTORE_PAYLOAD_MAX. */
  static final int LONGEST = 4096;

  private static final int HEADER = 16;

  private final Loop loop;
  private final Transports transports;
  private final Address address;
  private final Duration timeout;
  private final Heard heard;
  private final ArrayDeque<ByteBuffer> out = new ArrayDeque<>();
  private final ByteBuffer in =
      ByteBuffer.allocate(HEADER + LONGEST).order(ByteOrder.nativeOrder());
  private @Nullable Endpoint endpoint;
  private @Nullable Attempt attempt;

  XenstoreWire(Loop loop, Transports transports, Address address, Duration timeout, Heard heard) {
    this.loop = loop;
    this.transports = transports;
    this.address = address;
    this.timeout = timeout;
    this.heard = heard;
  }

  boolean connected() {
    return endpoint != null;
  }

  /** Begins to connect, unless that is under way. */
  void connect() {
    if (attempt != null) {
      return;
    }
    attempt =
        transports.connect(
            address,
            loop,
            timeout,
            new Connecting() {
              @Override
              public void connected(Endpoint made) {
                attempt = null;
                begin(made);
              }

              @Override
              public void failed(TransportException why) {
                attempt = null;
                lost(String.valueOf(why.getMessage()));
              }
            });
  }

  private void begin(Endpoint made) {
    endpoint = made;
    in.clear();
    made.onReady((readable, writable) -> {
      if (readable) {
        read();
      }
      if (writable && made.equals(endpoint)) {
        write();
      }
    });
    heard.connected();
    write();
  }

  /** Sends a request; kept until there is a connection. */
  void send(MessageType type, int id, byte[] payload) {
    out.add(
        ByteBuffer.allocate(HEADER + payload.length)
            .order(ByteOrder.nativeOrder())
            .putInt(type.number)
            .putInt(id)
            .putInt(0)
            .putInt(payload.length)
            .put(payload)
            .flip());
    write();
  }

  private void write() {
    Endpoint to = endpoint;
    if (to == null) {
      return;
    }
    try {
      while (!out.isEmpty()) {
        ByteBuffer first = out.getFirst();
        if (to.write(first) == 0) {
          break;
        }
        if (!first.hasRemaining()) {
          out.remove();
        }
      }
      to.interest(true, !out.isEmpty());
    } catch (IOException e) {
      lost(String.valueOf(e.getMessage()));
    }
  }

  private void read() {
    Endpoint from = endpoint;
    if (from == null) {
      return;
    }
    try {
      int count = from.read(in);
      if (count < 0) {
        lost(address + " ended the connection");
        return;
      }
    } catch (IOException e) {
      lost(String.valueOf(e.getMessage()));
      return;
    }
    in.flip();
    while (from.equals(endpoint) && in.remaining() >= HEADER) {
      int length = in.getInt(in.position() + 12);
      if (length < 0 || length > LONGEST) {
        lost(address + " sent a message of " + length + " bytes");
        return;
      }
      if (in.remaining() < HEADER + length) {
        break;
      }
      int type = in.getInt();
      int id = in.getInt();
      in.position(in.position() + 8);
      byte[] payload = new byte[length];
      in.get(payload);
      heard.received(type, id, payload);
    }
    if (from.equals(endpoint)) {
      in.compact();
    }
  }

  private void lost(String why) {
    end();
    heard.lost(why);
  }

  /** Ends the connection, and an attempt at one, without a word. Idempotent. */
  void end() {
    if (attempt != null) {
      attempt.close();
      attempt = null;
    }
    if (endpoint != null) {
      endpoint.close();
      endpoint = null;
    }
    out.clear();
  }

  /** The text of a payload. */
  static String text(byte[] payload) {
    return new String(payload, StandardCharsets.UTF_8);
  }
}
