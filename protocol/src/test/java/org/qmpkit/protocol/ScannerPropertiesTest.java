package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;
import org.qmpkit.protocol.Message.Command;
import org.qmpkit.testkit.JsonGenerator;
import org.qmpkit.testkit.Mutant;

/** What holds of the scanner for all texts, tried on many thousand of them. */
final class ScannerPropertiesTest {
  private static final int LIMIT = 1 << 20;

  /** Tries a property with many seeds, and names the one that it fails with. */
  private static void forSeeds(int count, LongConsumer property) {
    for (long seed = 1; seed <= count; seed++) {
      try {
        property.accept(seed);
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("with seed " + seed + ": " + e.getMessage(), e);
      }
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static List<String> scan(Scanner scanner, ByteBuffer in) {
    List<String> messages = new ArrayList<>();
    for (Scanned each = scanner.next(in); each != null; each = scanner.next(in)) {
      messages.add(each instanceof Document document ? document.toString() : each.toString());
    }
    assertFalse(in.hasRemaining());
    return messages;
  }

  private static Document only(Dialect dialect, byte[] bytes) {
    Scanner scanner = new Scanner(dialect, LIMIT);
    ByteBuffer in = ByteBuffer.wrap(Arrays.copyOf(bytes, bytes.length + 1));
    // A scalar ends at the byte after it.
    in.put(bytes.length, (byte) '\n');
    Scanned scanned = scanner.next(in);
    Document document =
        assertInstanceOf(Document.class, scanned, () -> new String(bytes, StandardCharsets.UTF_8));
    assertNull(scanner.next(in));
    return document;
  }

  /** A stream of messages, some of them mutilated. */
  private static byte[] stream(JsonGenerator generator, Random random) {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    for (int i = 1 + random.nextInt(4); i > 0; i--) {
      byte[] text =
          utf8(random.nextBoolean() ? generator.command().wild() : generator.value().wild());
      stream.writeBytes(random.nextInt(3) == 0 ? generator.mutant(text).bytes() : text);
    }
    return stream.toByteArray();
  }

  @Test
  void anyChunkingGivesTheSameMessages() {
    forSeeds(
        10_000,
        seed -> {
          JsonGenerator generator = new JsonGenerator(seed);
          Random random = new Random(seed);
          byte[] bytes = stream(generator, random);
          Dialect dialect = random.nextBoolean() ? Dialect.QEMU_INPUT : Dialect.QEMU_OUTPUT;
          int limit = random.nextInt(3) == 0 ? 1 + random.nextInt(100) : LIMIT;
          List<String> whole = scan(new Scanner(dialect, limit), ByteBuffer.wrap(bytes));
          Scanner scanner = new Scanner(dialect, limit);
          List<String> pieces = new ArrayList<>();
          for (byte[] chunk : generator.chunks(bytes)) {
            pieces.addAll(scan(scanner, buffer(chunk, random)));
          }
          assertEquals(whole, pieces);
        });
  }

  /** The same bytes in a buffer of any kind. */
  private static ByteBuffer buffer(byte[] bytes, Random random) {
    return switch (random.nextInt(4)) {
      case 0 -> ByteBuffer.wrap(bytes);
      case 1 -> ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
      case 2 -> ByteBuffer.wrap(bytes).asReadOnlyBuffer();
      default -> ByteBuffer.allocate(bytes.length + 7).position(3).slice().put(bytes).flip();
    };
  }

  @Test
  void aDirectBufferLargerThanAnyCopyIsScannedToItsEnd() {
    byte[] bytes = utf8("[\"" + "x".repeat(100_000) + "\"]{}");
    ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    assertEquals(2, scan(new Scanner(Dialect.QEMU_INPUT, LIMIT), direct).size());
  }

  @Test
  void canonicalTextIsTheStrictSpellingOfAnyWildOne() {
    forSeeds(
        20_000,
        seed -> {
          JsonGenerator.Value value = new JsonGenerator(seed).value();
          assertEquals(value.strict(), only(Dialect.QEMU_INPUT, utf8(value.wild())).toString());
        });
  }

  @Test
  void canonicalTextScansToItself() {
    forSeeds(
        10_000,
        seed -> {
          JsonGenerator.Value value = new JsonGenerator(seed).value();
          String input = only(Dialect.QEMU_INPUT, utf8(value.wild())).toString();
          assertEquals(input, only(Dialect.QEMU_INPUT, utf8(input)).toString());
          String output = only(Dialect.QEMU_OUTPUT, utf8(input)).toString();
          assertEquals(output, only(Dialect.QEMU_OUTPUT, utf8(output)).toString());
          assertEquals(input, only(Dialect.QEMU_INPUT, utf8(output)).toString());
        });
  }

  @Test
  void jacksonReadsTheSameFromCanonicalTextAsFromTheStrictSpelling() {
    forSeeds(
        10_000,
        seed -> {
          JsonGenerator.Value value = new JsonGenerator(seed).value();
          String input = only(Dialect.QEMU_INPUT, utf8(value.wild())).toString();
          Json.assertSame(value.strict(), input, "in QEMU's input");
          String output = only(Dialect.QEMU_OUTPUT, utf8(value.strict())).toString();
          Json.assertSame(value.strict(), output, "in QEMU's output");
        });
  }

  @Test
  void aCommandIsWhatWasMeantByIt() {
    forSeeds(
        10_000,
        seed -> {
          JsonGenerator.Command meant = new JsonGenerator(seed).command();
          Document document = only(Dialect.QEMU_INPUT, utf8(meant.wild()));
          assertNull(CommandSyntax.objection(document, true));
          Command command = CommandSyntax.command(document);
          assertEquals(meant.execute(), command.name());
          assertEquals(meant.oob(), command.oob());
          JsonGenerator.Value arguments = meant.arguments();
          assertEquals(arguments == null ? null : arguments.strict(), command.arguments());
          JsonGenerator.Value id = meant.id();
          assertEquals(id == null ? null : id.strict(), command.id());
          String forwarded = Ascii.text(command.line(9), 0, command.line(9).length - 2);
          assertEquals(forwarded, only(Dialect.QEMU_INPUT, utf8(forwarded)).toString());
        });
  }

  @Test
  void anAnswerGetsAnyIdWhereItsOwnWas() {
    forSeeds(
        5_000,
        seed -> {
          JsonGenerator generator = new JsonGenerator(seed);
          Random random = new Random(seed);
          String value = "\"return\":" + generator.value().strict();
          String mine = generator.value().strict();
          String own = "\"id\":" + random.nextInt(1000);
          boolean first = random.nextBoolean();
          Document answer =
              only(
                  Dialect.QEMU_OUTPUT,
                  utf8(first ? "{" + own + "," + value + "}" : "{" + value + "," + own + "}"));
          String with = "\"id\":" + mine;
          Json.assertSame(
              first ? "{" + with + "," + value + "}" : "{" + value + "," + with + "}",
              Json.lines(answer.lineWithId(mine).bytes()).getFirst(),
              "with another id");
          Json.assertSame(
              "{" + value + "}",
              Json.lines(answer.lineWithId(null).bytes()).getFirst(),
              "without id");
        });
  }

  @Test
  void mutilatedTextsNeverThrowAndWhatIsAcceptedOfThemIsJson() {
    forSeeds(
        30_000,
        seed -> {
          JsonGenerator generator = new JsonGenerator(seed);
          byte[] text = utf8(seed % 2 == 0 ? generator.value().strict() : generator.value().wild());
          Mutant mutant = generator.mutant(text);
          byte[] bytes = mutant.bytes();
          Scanner scanner = new Scanner(Dialect.QEMU_OUTPUT, LIMIT);
          ByteBuffer in = ByteBuffer.wrap(bytes);
          Scanned first = scanner.next(in);
          if (first instanceof Document document) {
            Json.assertSame(
                new String(bytes, 0, in.position(), StandardCharsets.UTF_8),
                document.toString(),
                "accepted");
          }
          scan(scanner, in);
          List<String> input = scan(new Scanner(Dialect.QEMU_INPUT, LIMIT), ByteBuffer.wrap(bytes));
          if (mutant.broken()) {
            boolean whole = input.size() == 1 && !input.getFirst().startsWith("Malformed");
            assertFalse(whole, () -> mutant + " was accepted as " + input);
          }
        });
  }

  @Test
  void whatEndsAMessageInTheMiddleOfNowhereIsFoundAgain() {
    forSeeds(
        5_000,
        seed -> {
          JsonGenerator generator = new JsonGenerator(seed);
          byte[] text = utf8(generator.command().wild());
          byte[] cut = Arrays.copyOf(text, new Random(seed).nextInt(text.length));
          Scanner scanner = new Scanner(Dialect.QEMU_INPUT, LIMIT);
          scan(scanner, ByteBuffer.wrap(cut));
          Scanned error = scanner.next(ByteBuffer.wrap(new byte[] {(byte) 0xff, '\n'}));
          assertInstanceOf(Malformed.class, error);
          assertNotNull(scanner.next(ByteBuffer.wrap(utf8("\n{\"execute\":\"x\"}"))));
        });
  }
}
