package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/** One client of a {@link History}: what it waits for, and what it makes of what comes. */
final class HistoryClient {
  /** Every so many commands go without an id: then their order alone says whose answer it is. */
  private static final int WITHOUT_ID = 8;

  private final Client client;
  private final History.Tally tally;
  private final boolean oob;
  private final ArrayDeque<Long> inBand = new ArrayDeque<>();
  private final Set<Long> outOfBand = new HashSet<>();
  private byte[] line = new byte[256];
  private int length;
  private boolean greeted;
  private boolean negotiated;
  private boolean ended;

  HistoryClient(Client client, History.Tally tally, boolean oob) {
    this.client = client;
    this.tally = tally;
    this.oob = oob;
  }

  Client client() {
    return client;
  }

  int waiting() {
    return inBand.size() + outOfBand.size();
  }

  boolean talks() {
    return negotiated && !ended && client.wantsInput();
  }

  void endInput() {
    ended = true;
  }

  boolean ended() {
    return ended;
  }

  byte[] negotiation() {
    String enable = oob ? ",\"arguments\":{\"enable\":[\"oob\"]}" : "";
    return History.bytes("{\"execute\":\"qmp_capabilities\"" + enable + "}");
  }

  /** Asks one thing more, if it may, out of band. */
  void ask(long nonce, boolean outside, StringBuilder text) {
    boolean fast = outside && oob;
    boolean named = fast || nonce % WITHOUT_ID != 0;
    text.append(fast ? "{\"exec-oob\":" : "{\"execute\":")
        .append("\"c\",\"arguments\":{\"n\":")
        .append(nonce)
        .append('}');
    if (named) {
      text.append(",\"id\":").append(nonce);
    }
    text.append("}\n");
    if (fast) {
      outOfBand.add(nonce);
    } else {
      inBand.add(nonce);
    }
    tally.asked++;
  }

  void hear(ByteBuffer bytes) {
    while (bytes.hasRemaining()) {
      byte next = bytes.get();
      line[length++] = next;
      if (next == '\n') {
        hear();
        length = 0;
      } else if (length == line.length) {
        line = Arrays.copyOf(line, 2 * length);
      }
    }
  }

  private String text() {
    return Ascii.text(line, 0, length).strip();
  }

  private void hear() {
    if (line[2] == 'Q') {
      assertTrue(!greeted, "greeted twice");
      greeted = true;
    } else if (line[2] == 'r' && line[11] == '{') {
      assertTrue(greeted && !negotiated, this::text);
      negotiated = true;
    } else if (line[2] == 'r') {
      reply();
    } else {
      error();
    }
  }

  private void reply() {
    long nonce = number(11);
    int id = find(',');
    boolean fast = outOfBand.remove(nonce);
    if (!fast) {
      Long next = inBand.poll();
      assertTrue(next != null && next == nonce, () -> "was to be " + next + ": " + text());
    }
    boolean named = fast || nonce % WITHOUT_ID != 0;
    assertEquals(named ? nonce : -1, id < 0 ? -1 : number(id + 8), this::text);
    tally.replies++;
  }

  private void error() {
    String error = text();
    assertTrue(error.contains("\"qmpkit: gone: "), error);
    boolean named = line[2] == 'i';
    long id = named ? number(7) : -1;
    if (!named || !outOfBand.remove(id)) {
      Long next = inBand.poll();
      assertTrue(next != null, error);
      assertEquals(next % WITHOUT_ID == 0 ? -1 : next, id, error);
    }
    tally.errors++;
  }

  private int find(char c) {
    for (int i = 0; i < length; i++) {
      if (line[i] == c) {
        return i;
      }
    }
    return -1;
  }

  private long number(int at) {
    long value = 0;
    int i = at;
    while (line[i] >= '0' && line[i] <= '9') {
      value = 10 * value + line[i++] - '0';
    }
    assertTrue(i > at, () -> "no number at " + at + ": " + text());
    return value;
  }
}
