package org.qmpkit.testkit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Random JSON in every spelling that QEMU's input allows, made anew for each seed and the same for
 * the same one.
 *
 * <p>Each text comes in two spellings. The <i>wild</i> one is in QEMU's input dialect: white space,
 * single quotes, {@code \'}, escapes, raw UTF-8. The <i>strict</i> one is the same text as RFC 8259
 * has it and as QEMU's output looks: no white space, double quotes, nothing but ASCII (beyond it
 * {@code \\uXXXX} with upper-case digits), while the spelling of numbers and escapes is kept.
 *
 * <p>Left out is what QEMU does not take, though it is JSON: an exponent right after the integer 0
 * ({@code 0e1}), lone surrogates, and Unicode's non-characters. Left out is, too, what it takes but
 * does not give back: numbers beyond the range of a double, which come out as {@code inf}; and the
 * bytes 7F and C0 80, which come out as escapes.
 *
 * <p>Not for several threads at once. {@link #toString} has the seed, for failure messages.
 */
public final class JsonGenerator {
  private static final List<String> NUMBERS =
      List.of(
          "0",
          "-0",
          "0.0",
          "-0.0",
          "1",
          "-1",
          "1.50",
          "1e3",
          "1E+3",
          "12e-1",
          "0.1",
          "5e-324",
          "1e-400",
          "1.7976931348623157e308",
          "-1.25E-7",
          "9223372036854775807",
          "-9223372036854775808",
          "9223372036854775808",
          "18446744073709551615",
          "18446744073709551616",
          "123456789012345678901234567890");
  private static final List<String> COMMANDS =
      List.of(
          "query-version",
          "query-status",
          "query-name",
          "query-kvm",
          "query-uuid",
          "query-chardev",
          "query-iothreads",
          "query-block",
          "query-yank",
          "query-memory-size-summary",
          "no-such-command");
  private static final int DEEPEST = 64;

  private final long seed;
  private final Random random;

  /** Makes a generator whose results depend on {@code seed} and on the order of calls only. */
  public JsonGenerator(long seed) {
    this.seed = seed;
    random = new Random(seed);
  }

  /** A JSON value in two spellings. */
  public record Value(String wild, String strict) {}

  /**
   * A QMP command in two spellings.
   *
   * @param execute its name
   * @param oob whether it is to run out of band ({@code exec-oob})
   * @param arguments its arguments, an object; null if it has none
   * @param id its id, of any kind; null if it has none
   */
  public record Command(
      String wild,
      String strict,
      String execute,
      boolean oob,
      @Nullable Value arguments,
      @Nullable Value id) {}

  /** The seed this generator was made with. */
  public long seed() {
    return seed;
  }

  /** A value of any kind, seldom longer than a few hundred bytes. */
  public Value value() {
    JsonText text = new JsonText(random);
    if (random.nextInt(20) == 0) {
      deep(text);
    } else {
      value(text, 3);
    }
    return text.value();
  }

  /** An object. */
  public Value object() {
    JsonText text = new JsonText(random);
    object(text, 2);
    return text.value();
  }

  /**
   * A command: most often a harmless one that QEMU has, with arguments that it may refuse. Its
   * members are in any order and their names in any spelling.
   */
  public Command command() {
    String execute = pick(COMMANDS);
    boolean oob = random.nextInt(8) == 0;
    Value arguments = random.nextInt(3) == 0 ? object() : null;
    Value id = random.nextInt(5) == 0 ? null : value();
    List<Runnable> members = new ArrayList<>();
    JsonText text = new JsonText(random);
    members.add(() -> {
      text.string(oob ? "exec-oob" : "execute");
      colon(text);
      text.string(execute);
    });
    if (arguments != null) {
      members.add(() -> member(text, "arguments", arguments));
    }
    if (id != null) {
      members.add(() -> member(text, "id", id));
    }
    Collections.shuffle(members, random);
    text.both("{");
    for (int i = 0; i < members.size(); i++) {
      separator(text, i);
      members.get(i).run();
    }
    text.space();
    text.both("}");
    Value whole = text.value();
    return new Command(whole.wild(), whole.strict(), execute, oob, arguments, id);
  }

  /** One random change to {@code text}, which must not be empty, that may or must break it. */
  public Mutant mutant(byte[] text) {
    return Mutant.of(text, random);
  }

  /**
   * {@code bytes} in pieces of random sizes, none empty: often single bytes, sometimes all at once.
   */
  public List<byte[]> chunks(byte[] bytes) {
    List<byte[]> chunks = new ArrayList<>();
    int largest = 1 + random.nextInt(random.nextInt(3) == 0 ? 2 : Math.max(1, bytes.length));
    for (int from = 0; from < bytes.length; ) {
      int size = Math.min(1 + random.nextInt(largest), bytes.length - from);
      chunks.add(Arrays.copyOfRange(bytes, from, from + size));
      from += size;
    }
    return chunks;
  }

  /** The expression that makes this generator again. */
  @Override
  public String toString() {
    return "new JsonGenerator(" + seed + "L)";
  }

  private void value(JsonText text, int depth) {
    int kind = random.nextInt(depth > 0 ? 9 : 6);
    switch (kind) {
      case 0 -> text.both("null");
      case 1 -> text.both(random.nextBoolean() ? "true" : "false");
      case 2, 3 -> text.both(number());
      case 4, 5 -> text.randomString();
      case 6, 7 -> object(text, depth - 1);
      default -> array(text, depth - 1);
    }
  }

  private void object(JsonText text, int depth) {
    int members = random.nextInt(4);
    List<String> names = new ArrayList<>();
    text.both("{");
    for (int i = 0; i < members; i++) {
      separator(text, i);
      // QEMU refuses duplicate names, however they are spelled.
      names.add(text.randomStringOtherThan(names));
      colon(text);
      value(text, depth);
    }
    text.space();
    text.both("}");
  }

  private void array(JsonText text, int depth) {
    int elements = random.nextInt(4);
    text.both("[");
    for (int i = 0; i < elements; i++) {
      separator(text, i);
      value(text, depth);
    }
    text.space();
    text.both("]");
  }

  private void deep(JsonText text) {
    int levels = 1 + random.nextInt(DEEPEST);
    List<String> closing = new ArrayList<>();
    for (int i = 0; i < levels; i++) {
      text.space();
      if (random.nextBoolean()) {
        text.both("[");
        closing.addFirst("]");
      } else {
        text.both("{");
        text.string("k");
        colon(text);
        closing.addFirst("}");
      }
    }
    value(text, 0);
    for (String bracket : closing) {
      text.space();
      text.both(bracket);
    }
  }

  private static void member(JsonText text, String name, Value value) {
    text.string(name);
    colon(text);
    text.add(value);
  }

  private static void separator(JsonText text, int index) {
    text.space();
    if (index > 0) {
      text.both(",");
      text.space();
    }
  }

  private static void colon(JsonText text) {
    text.space();
    text.both(":");
    text.space();
  }

  private String number() {
    if (random.nextBoolean()) {
      return pick(NUMBERS);
    }
    StringBuilder number = new StringBuilder(random.nextBoolean() ? "-" : "");
    boolean zero = random.nextInt(4) == 0;
    boolean fraction = random.nextInt(3) == 0;
    number.append(zero ? "0" : digits(1 + random.nextInt(22)));
    if (fraction) {
      number.append('.').append(random.nextInt(10)).append(random.nextInt(1000));
    }
    if ((fraction || !zero) && random.nextInt(3) == 0) {
      number.append(random.nextBoolean() ? 'e' : 'E');
      number.append(pick(List.of("", "+", "-"))).append(random.nextInt(280));
    }
    return number.toString();
  }

  private String digits(int count) {
    StringBuilder digits = new StringBuilder().append((char) ('1' + random.nextInt(9)));
    for (int i = 1; i < count; i++) {
      digits.append((char) ('0' + random.nextInt(10)));
    }
    return digits.toString();
  }

  private String pick(List<String> choices) {
    return choices.get(random.nextInt(choices.size()));
  }
}
