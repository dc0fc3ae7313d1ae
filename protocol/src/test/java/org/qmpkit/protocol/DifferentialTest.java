package org.qmpkit.protocol;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.qmpkit.testkit.JsonGenerator;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/**
 * A real QEMU and our scanner read the same bytes: they find the same messages in them, refuse the
 * same ones, and answer under the same ids, in the same order. Where we chose to differ is in
 * {@code chosen-differences.txt}, and nowhere else.
 *
 * <p>Ten thousand inputs; with {@code -Dqmpkit.full=true}, a hundred thousand.
 */
@Timeout(1800)
final class DifferentialTest {
  private static final int INPUTS = Boolean.getBoolean("qmpkit.full") ? 100_000 : 10_000;
  private static final int GROUP = 20;

  /** A byte that no message can hold ends whatever was begun; both answer it with an error. */
  private static final byte[] RESYNC = {(byte) 0xff, '\n'};

  /** One input: bytes that may be a command, a value, or either of them mutilated. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Input(long seed, byte[] bytes) {
    static Input of(long seed) {
      JsonGenerator generator = new JsonGenerator(seed);
      Random random = new Random(seed);
      byte[] text =
          utf8(random.nextInt(3) > 0 ? generator.command().wild() : generator.value().wild());
      for (int i = random.nextInt(3); i > 0 && text.length > 0; i--) {
        text = generator.mutant(text).bytes();
      }
      return new Input(seed, text);
    }

    @Override
    public String toString() {
      return "input " + seed + ": " + shown(bytes);
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String shown(byte[] bytes) {
    StringBuilder text = new StringBuilder();
    for (byte each : bytes) {
      boolean plain = each >= 0x20 && each < 0x7f && each != '\\';
      text.append(plain ? "" + (char) each : String.format("\\x%02x", each & 0xff));
    }
    return text.toString();
  }

  /** What QEMU answers to inputs that end in a resync, up to the answer to a question of ours. */
  private static List<String> answers(LineClient qemu, List<byte[]> inputs, String mark)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (byte[] each : inputs) {
      bytes.writeBytes(each);
      bytes.writeBytes(RESYNC);
    }
    bytes.writeBytes(utf8("{\"execute\":\"query-name\",\"id\":\"" + mark + "\"}\n"));
    qemu.sendBytes(bytes.toByteArray());
    List<String> lines = new ArrayList<>();
    String last = "{\"return\": {}, \"id\": \"" + mark + "\"}";
    for (String line = qemu.line(); !line.equals(last); line = qemu.line()) {
      lines.add(line);
    }
    return lines;
  }

  private static List<Verdict> ours(List<byte[]> inputs, long seed) {
    JsonGenerator generator = new JsonGenerator(seed);
    List<byte[]> chunks = new ArrayList<>();
    for (byte[] each : inputs) {
      chunks.addAll(generator.chunks(each));
      chunks.add(RESYNC);
    }
    return Verdict.scan(chunks).stream().map(Verdict::ours).toList();
  }

  private static boolean agree(List<Verdict> qemus, List<Verdict> ours) {
    if (qemus.size() != ours.size()) {
      return false;
    }
    for (int i = 0; i < ours.size(); i++) {
      if (!ours.get(i).agrees(qemus.get(i))) {
        return false;
      }
    }
    return true;
  }

  @Test
  void qemuAndOurScannerReadTheSame() throws IOException {
    List<String> wrong = new ArrayList<>();
    try (RealQemu real = RealQemu.start();
        LineClient qemu = LineClient.connect(real.path())) {
      qemu.negotiate();
      for (int from = 1; from <= INPUTS; from += GROUP) {
        List<Input> inputs = new ArrayList<>();
        for (int seed = from; seed < from + GROUP; seed++) {
          inputs.add(Input.of(seed));
        }
        if (!agree(qemu, inputs)) {
          int before = wrong.size();
          for (Input each : inputs) {
            if (!agree(qemu, List.of(each))) {
              wrong.add(difference(qemu, each));
            }
          }
          if (wrong.size() == before) {
            wrong.add("inputs " + from + " and " + GROUP + " on differ together, but not alone");
          }
        }
      }
    }
    assertEquals(List.of(), wrong, wrong.size() + " differences");
  }

  @Test
  void whereWeChoseToDiffer() throws IOException {
    String golden;
    try (InputStream file = DifferentialTest.class.getResourceAsStream("chosen-differences.txt")) {
      golden = new String(requireNonNull(file).readAllBytes(), StandardCharsets.UTF_8);
    }
    StringBuilder found = new StringBuilder();
    try (RealQemu real = RealQemu.start();
        LineClient qemu = LineClient.connect(real.path())) {
      qemu.negotiate();
      byte[] input = {};
      for (String line : golden.lines().toList()) {
        if (line.startsWith("send: ")) {
          input = utf8(expanded(line.substring(6)));
        }
        if (line.startsWith("QEMU: ")) {
          line = "QEMU: " + summary(answers(qemu, List.of(input), "mark"));
        } else if (line.startsWith("we:   ")) {
          line = "we:   " + summary(ourAnswers(input));
        }
        found.append(line).append('\n');
      }
    }
    assertEquals(golden, found.toString());
  }

  /** A text in which {@code <x*9>} stands for nine x. */
  private static String expanded(String text) {
    return Pattern.compile("<(.)\\*(\\d+)>")
        .matcher(text)
        .replaceAll(each ->
            Matcher.quoteReplacement(each.group(1).repeat(Integer.parseInt(each.group(2)))));
  }

  private static List<String> ourAnswers(byte[] input) {
    List<String> answers = new ArrayList<>();
    for (Scanned each : Verdict.scan(List.of(input, RESYNC))) {
      boolean run = Verdict.ours(each).run();
      String id = each instanceof Document document ? CommandSyntax.id(document) : null;
      answers.add(
          run ? "{\"return\": {}, \"id\": " + id + "}" : "{\"error\": \"JSON parse error\"}");
    }
    return answers;
  }

  /** What became of the messages before the resync: the first of each kind, and whether more. */
  private static String summary(List<String> answers) {
    List<String> words = new ArrayList<>();
    for (String answer : answers.subList(0, answers.size() - 1)) {
      String word = answer.startsWith("{\"error\"") ? "refused" : "run " + id(answer);
      if (words.size() < 2) {
        words.add(word);
      } else if (words.size() == 2) {
        words.set(1, words.get(1) + " +");
        words.add("");
      }
    }
    return String.join(", ", words.subList(0, Math.min(2, words.size())));
  }

  private static String id(String answer) {
    String id = answer.substring(answer.indexOf("\"id\": ") + 6, answer.length() - 1);
    return id.length() <= 24 ? id : id.substring(0, 24) + "…";
  }

  private static boolean agree(LineClient qemu, List<Input> inputs) throws IOException {
    List<byte[]> bytes = inputs.stream().map(Input::bytes).toList();
    List<Verdict> qemus =
        answers(qemu, bytes, "mark " + inputs.getFirst().seed()).stream()
            .map(Verdict::qemus)
            .toList();
    return agree(qemus, ours(bytes, inputs.getFirst().seed()));
  }

  private static String difference(LineClient qemu, Input input) throws IOException {
    List<byte[]> bytes = List.of(input.bytes());
    return input
        + "\n  QEMU: "
        + answers(qemu, bytes, "again")
        + "\n  we: "
        + ours(bytes, input.seed());
  }
}
