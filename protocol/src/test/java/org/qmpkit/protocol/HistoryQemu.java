package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.SplittableRandom;

/** The QEMU of a {@link History}, and the ghosts of its former sessions. */
final class HistoryQemu {
  /** A command it was sent. */
  private record Command(long id, long nonce) {}

  /** The ids it was sent lately, of this session and of former ones. */
  private static final int REMEMBERED = 256;

  private final SplittableRandom random;
  private final ArrayDeque<Command> inBand = new ArrayDeque<>();
  private final ArrayDeque<Command> outOfBand = new ArrayDeque<>();
  private final long[] spent = new long[REMEMBERED];
  private byte[] line = new byte[256];
  private int length;
  private int ghosts;
  private long newest;
  private byte[] fence = {};

  HistoryQemu(SplittableRandom random) {
    this.random = random;
  }

  /** A new session: what the old one had will be answered to nobody, or to the wrong one. */
  void forget() {
    inBand.forEach(each -> spend(each.id()));
    outOfBand.forEach(each -> spend(each.id()));
    inBand.clear();
    outOfBand.clear();
    fence = new byte[0];
    length = 0;
  }

  private void spend(long id) {
    spent[ghosts++ % REMEMBERED] = id;
  }

  void read(ByteBuffer bytes) {
    while (bytes.hasRemaining()) {
      byte next = bytes.get();
      line[length++] = next;
      if (next == '\n') {
        command(Ascii.text(line, 0, length - 2));
        length = 0;
      } else if (length == line.length) {
        line = Arrays.copyOf(line, 2 * length);
      }
    }
  }

  private void command(String text) {
    int id = text.lastIndexOf("\"id\":") + 5;
    String idText = text.substring(id, text.length() - 1);
    if (text.startsWith("{\"execute\":\"qmp_capabilities\"")) {
      fence = History.bytes("{\"return\": {}, \"id\": " + idText + "}\r\n");
      return;
    }
    assertTrue(fence.length == 0, () -> "sent behind the fence that still stands: " + text);
    int nonce = text.indexOf("{\"n\":") + 5;
    Command command =
        new Command(
            Long.parseLong(idText),
            Long.parseLong(text.substring(nonce, text.indexOf('}', nonce))));
    assertTrue(command.id() > newest, () -> "an id is used again: " + text);
    newest = command.id();
    (text.startsWith("{\"exec-oob\"") ? outOfBand : inBand).add(command);
    assertTrue(inBand.size() <= 7 && outOfBand.size() <= 1, "more in flight than QEMU takes");
  }

  /** The answer to the fence, once; empty if none stands. */
  byte[] fence() {
    byte[] answer = fence;
    fence = new byte[0];
    return answer;
  }

  /** The answers to so many of the commands it has. */
  byte[] answers(int most) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < most && !(inBand.isEmpty() && outOfBand.isEmpty()); i++) {
      boolean fast = inBand.isEmpty() || (!outOfBand.isEmpty() && random.nextBoolean());
      Command command = (fast ? outOfBand : inBand).remove();
      spend(command.id());
      answer(text, command.nonce(), Long.toString(command.id()));
      if (random.nextInt(32) == 0) {
        answer(text, command.nonce(), Long.toString(command.id()));
      }
    }
    return History.bytes(text.toString());
  }

  private static void answer(StringBuilder text, long nonce, String id) {
    text.append("{\"return\": ").append(nonce).append(", \"id\": ").append(id).append("}\r\n");
  }

  /** An answer that is nobody's, under an id of a kind that might be taken for somebody's. */
  byte[] foreignAnswer() {
    long old = spent[random.nextInt(REMEMBERED)];
    Command held = inBand.peek();
    long now = held == null ? newest : held.id();
    String id =
        switch (random.nextInt(8)) {
          case 0, 1, 2 -> Long.toString(old);
          case 3 -> "\"" + now + "\"";
          case 4 -> now + ".0";
          case 5 -> Long.toString(-now - 1);
          case 6 -> Long.toString(newest + 1000 + random.nextInt(1000));
          default -> "{\"id\": " + now + "}";
        };
    StringBuilder text = new StringBuilder();
    answer(text, 0, id);
    return History.bytes(text.toString());
  }
}
