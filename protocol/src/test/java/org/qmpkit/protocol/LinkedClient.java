package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A client at the other end of a {@link Link}, for as long as its connection lasts. It keeps
 * account of what it asked, and judges each line as it comes: nothing foreign, nothing twice,
 * nothing out of place, events without a gap.
 */
final class LinkedClient {
  /**
   * Something it asked.
   *
   * @param id the text of its id; "-" for none
   * @param nonce what QEMU's answer must hold; null where we answer, or not at all
   * @param certain whether it surely arrived whole, and so must be answered
   */
  private record Asked(String id, @Nullable String nonce, boolean certain) {}

  private final String name;
  private final Link link;
  private final List<String> trace;
  private final ArrayDeque<Asked> inBand = new ArrayDeque<>();
  private final List<Asked> outOfBand = new ArrayList<>();
  private final Set<String> tolerated = new HashSet<>();
  private final ByteArrayOutputStream partial = new ByteArrayOutputStream();
  private byte[] unsent = {};
  private String rest = "";
  private int number;
  private int lastEvent = -1;
  private boolean greeted;
  private boolean negotiated;
  private boolean gone;
  private int answers;
  private int errors;

  /** Its stream is broken: errors without id may come, and what it was saying may be lost. */
  boolean rude;

  boolean frozen;
  boolean deaf;
  boolean mute;
  boolean slow;

  LinkedClient(String name, Link link, List<String> trace) {
    this.name = name;
    this.link = link;
    this.trace = trace;
  }

  Link link() {
    return link;
  }

  boolean negotiated() {
    return negotiated;
  }

  int answers() {
    return answers;
  }

  int errors() {
    return errors;
  }

  int lastEvent() {
    return lastEvent;
  }

  // ---- what it says

  String negotiation() {
    String id = fresh();
    inBand.add(new Asked(id, null, true));
    return "{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[\"oob\"]},\"id\":"
        + id
        + "}\r\n";
  }

  String question() {
    return question(fresh());
  }

  /** A question under an id of any kind; "-" for none. */
  String question(String id) {
    String nonce = name + ":" + ++number;
    inBand.add(new Asked(id, nonce, true));
    return request("execute", id, nonce);
  }

  String oobQuestion() {
    String id = fresh();
    String nonce = name + ":" + ++number;
    outOfBand.add(new Asked(id, nonce, true));
    return request("exec-oob", id, nonce);
  }

  private String fresh() {
    return "\"" + name + "#" + ++number + "\"";
  }

  private static String request(String verb, String id, String nonce) {
    return "{\""
        + verb
        + "\":\"c\",\"arguments\":{\"nonce\":\""
        + nonce
        + "\"}"
        + (id.equals("-") ? "" : ",\"id\":" + id)
        + "}\r\n";
  }

  /** An error under this id may come, whenever. */
  void tolerate(String id) {
    tolerated.add(id);
  }

  void say(String text) {
    trace.add(name + " says " + FaultMatrixTest.excerpt(text));
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    byte[] all = Arrays.copyOf(unsent, unsent.length + bytes.length);
    System.arraycopy(bytes, 0, all, unsent.length, bytes.length);
    unsent = all;
  }

  /** Says the first half of what it last asked; the other comes with {@link #sayTheRest}. */
  void sayHalf(String text) {
    say(text.substring(0, text.length() / 2));
    rest = text.substring(text.length() / 2);
  }

  boolean midMessage() {
    return !rest.isEmpty();
  }

  void sayTheRest() {
    if (midMessage()) {
      String text = rest;
      rest = "";
      say(text);
    }
  }

  /** Of what it last asked, only half will ever arrive whole. */
  void doubtTheLast() {
    Asked last = inBand.removeLast();
    inBand.add(new Asked(last.id(), last.nonce(), false));
  }

  // ---- its ends

  /** It closes its end, with all said. */
  void leave() {
    trace.add(name + " leaves");
    flush(Integer.MAX_VALUE);
    link.hangUp();
    gone = true;
  }

  void crash() {
    trace.add(name + " crashes");
    link.hangUp();
    gone = true;
  }

  void reset() {
    trace.add(name + " resets");
    link.reset();
    gone = true;
  }

  void halfClose() {
    trace.add(name + " ends its input");
    flush(Integer.MAX_VALUE);
    link.shutdown();
  }

  /** Whether its connection is over, by whomsoever. */
  boolean over() {
    return gone || link.over();
  }

  // ---- its turns

  boolean turn() {
    if (gone || frozen) {
      return false;
    }
    boolean moved = read();
    if (!mute && !slow) {
      moved |= flush(Integer.MAX_VALUE);
    }
    return moved;
  }

  void pass() {
    if (slow && !frozen && !mute) {
      flush(1);
    }
  }

  private boolean flush(int most) {
    ByteBuffer bytes = ByteBuffer.wrap(unsent, 0, Math.min(most, unsent.length));
    int sent = link.send(bytes);
    unsent = Arrays.copyOfRange(unsent, sent, unsent.length);
    return sent > 0;
  }

  private boolean read() {
    byte[] bytes = deaf ? new byte[0] : link.receive();
    int from = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '\n') {
        partial.write(bytes, from, i + 1 - from);
        from = i + 1;
        hear(partial.toString(StandardCharsets.ISO_8859_1));
        partial.reset();
      }
    }
    partial.write(bytes, from, bytes.length - from);
    return bytes.length > 0;
  }

  // ---- its judgement

  private void hear(String line) {
    trace.add(name + " hears " + FaultMatrixTest.excerpt(line));
    assertTrue(line.endsWith("\r\n"), () -> "no line that ends in CR LF: " + line);
    for (int i = 0; i < line.length() - 2; i++) {
      assertTrue(line.charAt(i) >= 0x20 && line.charAt(i) < 0x7f, () -> "no ASCII: " + line);
    }
    // A blank may come first: it probes who has ended its input.
    JsonNode json = Json.parse(line);
    if (json.has("QMP")) {
      assertFalse(greeted, "greeted twice");
      greeted = true;
    } else if (json.has("event")) {
      event(Integer.parseInt(json.get("event").stringValue().substring(1)));
    } else {
      answer(line, json);
    }
  }

  private void event(int count) {
    assertTrue(negotiated, () -> name + " was sent an event before its negotiation");
    assertTrue(
        lastEvent < 0 || count == lastEvent + 1,
        () -> name + " was sent event " + count + " after " + lastEvent);
    lastEvent = count;
  }

  private void answer(String line, JsonNode json) {
    String id = json.has("id") ? json.get("id").toString() : "-";
    boolean error = json.has("error");
    if (error && ((rude && id.equals("-")) || tolerated.contains(id))) {
      return;
    }
    Asked asked = asked(id);
    assertNotNull(asked, () -> name + " was sent what it did not ask for: " + line);
    answers++;
    if (error) {
      errors++;
    } else if (asked.nonce() == null) {
      negotiated = true;
    } else {
      assertEquals(asked.nonce(), json.get("return").path("nonce").asString(), name);
    }
  }

  private @Nullable Asked asked(String id) {
    for (Asked each : outOfBand) {
      if (each.id().equals(id)) {
        outOfBand.remove(each);
        return each;
      }
    }
    Asked next = inBand.poll();
    while (next != null && !next.id().equals(id) && !next.certain()) {
      next = inBand.poll();
    }
    return next == null || !next.id().equals(id) ? null : next;
  }

  /** What it asked, surely, and was not answered. */
  List<String> unanswered() {
    List<String> ids = new ArrayList<>();
    inBand.stream().filter(Asked::certain).map(Asked::id).forEach(ids::add);
    outOfBand.stream().map(Asked::id).forEach(ids::add);
    return ids;
  }

  @Override
  public String toString() {
    return name
        + (over() ? " (over)" : "")
        + ": "
        + answers
        + " answers, "
        + errors
        + " errors, unanswered "
        + unanswered();
  }
}
