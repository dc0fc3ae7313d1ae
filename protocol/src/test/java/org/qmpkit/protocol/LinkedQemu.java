package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * QEMU at the other end of a {@link Link}: it answers each command with the nonce in its arguments,
 * unless it is told to go wrong. It checks what it is sent: whole lines, fresh ids, never more in
 * flight than it takes.
 */
final class LinkedQemu implements MemoryRoute.Door {
  /** A command it has read and not answered; {@code qmp_capabilities} has no nonce. */
  private record Command(String id, String nonce) {
    String answer(String underId) {
      String value = nonce.isEmpty() ? "{}" : "{\"nonce\": \"" + nonce + "\"}";
      return "{\"return\": " + value + ", \"id\": " + underId + "}\r\n";
    }

    String answer() {
      return answer(id);
    }
  }

  private final ArrayDeque<Command> inBand = new ArrayDeque<>();
  private final ArrayDeque<Command> outOfBand = new ArrayDeque<>();
  private final List<Command> bled = new ArrayList<>();
  private final ByteArrayOutputStream partial = new ByteArrayOutputStream();
  private final List<String> trace;
  private byte[] unsent = {};
  private String rest = "";
  private String lastAnswer = "{\"return\": {}, \"id\": 1}\r\n";
  private Link link = new Link();
  private long newest;
  private int events;
  private boolean fencing;
  private boolean fenced;

  /** What comes of dialling it. */
  MemoryRoute.Answer door = MemoryRoute.Answer.ACCEPTED;

  /** It takes the next connection and drops it. */
  boolean dropsTheNext;

  boolean holdsGreeting;
  boolean holdsFence;
  boolean holds;
  boolean holdsOob;

  /** It reads nothing and says nothing (SIGSTOP). */
  boolean frozen;

  /** It reads nothing. */
  boolean deaf;

  /** It says nothing. */
  boolean mute;

  /** It says one byte each moment. */
  boolean slow;

  LinkedQemu(List<String> trace) {
    this.trace = trace;
  }

  // ---- being dialled

  @Override
  public MemoryRoute.Answer knock() {
    return door;
  }

  @Override
  public Link enter() {
    link = new Link();
    forget();
    inBand.stream().filter(each -> !each.nonce().isEmpty()).forEach(bled::add);
    inBand.clear();
    outOfBand.clear();
    trace.add("QEMU is connected to");
    if (dropsTheNext) {
      dropsTheNext = false;
      hangUp();
    } else if (!holdsGreeting) {
      greet();
    }
    return link;
  }

  private void forget() {
    partial.reset();
    unsent = new byte[0];
    rest = "";
    fenced = false;
    fencing = false;
  }

  Link link() {
    return link;
  }

  int events() {
    return events;
  }

  void greet() {
    holdsGreeting = false;
    say(SharedMonitor.GREETING + "\r\n");
  }

  /** The far side is another one from now on; nothing of what the old one was sent reaches it. */
  void greetAgain() {
    var _ = link.receive();
    partial.reset();
    inBand.clear();
    outOfBand.clear();
    fenced = false;
    fencing = false;
    say(SharedMonitor.GREETING + "\r\n");
  }

  // ---- what it says

  /** Says a text of Latin-1 characters, a byte each. */
  void say(String text) {
    trace.add("QEMU says " + FaultMatrixTest.excerpt(text));
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    byte[] all = Arrays.copyOf(unsent, unsent.length + bytes.length);
    System.arraycopy(bytes, 0, all, unsent.length, bytes.length);
    unsent = all;
  }

  /** Says the first half of a text; the other comes with {@link #sayTheRest}. */
  void sayHalf(String text) {
    say(text.substring(0, text.length() / 2));
    rest = text.substring(text.length() / 2);
  }

  /** Whether it is in the middle of a message. */
  boolean midMessage() {
    return !rest.isEmpty();
  }

  void sayTheRest() {
    if (midMessage()) {
      say(rest);
      rest = "";
      fenced |= fencing;
      fencing = false;
    }
  }

  void event(int bytes) {
    say(
        "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"E"
            + events++
            + "\", \"data\": {\"x\": \""
            + "y".repeat(bytes)
            + "\"}}\r\n");
  }

  /** The answer to the oldest command it has, which counts as given. */
  String takeAnswer() {
    lastAnswer = inBand.remove().answer();
    return lastAnswer;
  }

  /** Says half the answer to the fence it has read. */
  void sayHalfTheFence() {
    holdsFence = false;
    sayHalf(takeAnswer());
    fencing = true;
  }

  String lastAnswer() {
    return lastAnswer;
  }

  /**
   * The oldest command's answer under an id that nobody has; an answer to nothing if none is there.
   */
  String foreignAnswer() {
    Command oldest = inBand.poll();
    return (oldest == null ? new Command("", "nothing") : oldest).answer("\"nobody\"");
  }

  // ---- its ends

  /** It closes this connection, with what is unsaid said; the next one hears what it still ran. */
  void hangUp() {
    trace.add("QEMU hangs up");
    flush(Integer.MAX_VALUE);
    link.hangUp();
  }

  void crash() {
    trace.add("QEMU crashes");
    link.hangUp();
    bled.clear();
    inBand.clear();
    outOfBand.clear();
    forget();
  }

  // ---- its turns

  boolean turn() {
    if (frozen || !link.open()) {
      return false;
    }
    boolean moved = read();
    moved |= answerAll();
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

  private boolean answerAll() {
    boolean some = false;
    while (fenced && !holdsOob && !outOfBand.isEmpty()) {
      say(outOfBand.remove().answer());
      some = true;
    }
    while (fenced && !holds && !midMessage() && !inBand.isEmpty()) {
      say(takeAnswer());
      some = true;
    }
    if (!fenced && !holdsFence && !inBand.isEmpty()) {
      bled.forEach(each -> say(each.answer()));
      bled.clear();
      say(takeAnswer());
      fenced = true;
      some = true;
    }
    return some;
  }

  private boolean read() {
    byte[] bytes = deaf ? new byte[0] : link.receive();
    for (byte each : bytes) {
      partial.write(each);
      if (each == '\n') {
        command(partial.toString(StandardCharsets.ISO_8859_1));
        partial.reset();
      } else if (each == (byte) 0xff) {
        partial.reset();
      }
    }
    return bytes.length > 0;
  }

  private void command(String line) {
    trace.add("QEMU reads " + FaultMatrixTest.excerpt(line));
    JsonNode json = Json.parse(line);
    JsonNode id = json.get("id");
    assertTrue(id != null, () -> "sent QEMU no id: " + line);
    boolean oob = json.has("exec-oob");
    JsonNode name = json.get(oob ? "exec-oob" : "execute");
    if (name.stringValue().equals("qmp_capabilities")) {
      assertTrue(!fenced && inBand.isEmpty(), "the fence is the first of a session");
      inBand.add(new Command(id.toString(), ""));
      return;
    }
    assertTrue(fenced, () -> "sent before the fence was answered: " + line);
    assertTrue(id.longValue() > newest, () -> "an id is used again: " + line);
    newest = id.longValue();
    JsonNode nonce = json.path("arguments").get("nonce");
    assertTrue(nonce != null, () -> "a command that nobody sent: " + line);
    (oob ? outOfBand : inBand).add(new Command(id.toString(), nonce.stringValue()));
    assertTrue(outOfBand.size() <= 1, "one oob at a time");
    assertTrue(inBand.size() <= 7, "no more in flight than QEMU takes");
  }
}
