package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.qmpkit.protocol.Document.Member;

/**
 * The scanner by tables. Each was put to QEMU 7.2, which cuts the same messages out of the same
 * bytes and finds the same ones at fault.
 */
final class ScannerTest {
  private static final String ERROR = "!";
  private static final String NOT_UNICODE = "! \\uXXXX is not a valid Unicode character";
  private static final String BAD_UTF8 = "! invalid UTF-8 sequence in string";
  private static final String DUPLICATE = "! duplicate key";

  /** What comes of bytes given as Latin-1: canonical texts, and "!" with what is wrong. */
  private static List<String> scan(Dialect dialect, String bytes) {
    List<String> whole = scan(new Scanner(dialect, 1000), ByteBuffer.wrap(Ascii.bytes(bytes)));
    ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length() + 3).position(3);
    direct.put(Ascii.bytes(bytes)).flip().position(3);
    assertEquals(whole, scan(new Scanner(dialect, 1000), direct), "out of a direct buffer");
    Scanner scanner = new Scanner(dialect, 1000);
    List<String> pieces = new ArrayList<>();
    for (int at = 0; at < bytes.length(); at++) {
      pieces.addAll(
          scan(scanner, ByteBuffer.wrap(Ascii.bytes("x" + bytes.charAt(at)), 1, 1).slice()));
    }
    assertEquals(whole, pieces, "byte by byte");
    return whole;
  }

  /** What comes of some bytes: canonical texts, and "!" with what is wrong. */
  static List<String> scan(Scanner scanner, ByteBuffer in) {
    List<String> messages = new ArrayList<>();
    for (Scanned each = scanner.next(in); each != null; each = scanner.next(in)) {
      messages.add(
          switch (each) {
            case Document document -> document.toString();
            case Malformed malformed ->
                "! " + malformed.reason().replaceFirst("^JSON parse error, ", "");
          });
    }
    assertEquals(0, in.remaining(), "all is taken");
    return messages;
  }

  private static Arguments row(String bytes, String... messages) {
    return Arguments.of(bytes, List.of(messages));
  }

  private static void assertScans(Dialect dialect, String bytes, List<String> expected) {
    List<String> messages = scan(dialect, bytes);
    assertEquals(expected.size(), messages.size(), messages::toString);
    for (int i = 0; i < messages.size(); i++) {
      String each = expected.get(i);
      String actual = messages.get(i);
      // A lone "!" stands for any fault.
      assertEquals(each, each.equals(ERROR) ? actual.substring(0, 1) : actual);
    }
  }

  /** The other dialect differs in these by its spacing alone. */
  private static void assertScansAlikeInOutput(String bytes, List<String> expected) {
    List<String> spaced =
        expected.stream()
            .map(each -> each.startsWith("!") ? each : each.replace(":", ": ").replace(",", ", "))
            .toList();
    assertScans(Dialect.QEMU_OUTPUT, bytes, spaced);
  }

  static Stream<Arguments> framing() {
    return Stream.of(
        row(""),
        row(" \t\r\n"),
        row("{}", "{}"),
        row("{}{}[]", "{}", "{}", "[]"),
        row("{} \r\n {}", "{}", "{}"),
        row("{"),
        row("[{}"),
        row("{\"a\":\"}\"}", "{\"a\":\"}\"}"),
        row("{\"a\":\"\\\"}\"}", "{\"a\":\"\\\"}\"}"),
        row("[[],[[]]]", "[[],[[]]]"),
        // Unbalanced brackets are complete, and at fault, as soon as one is closed too many.
        row("}", "! expecting value"),
        row("]{}", ERROR, "{}"),
        row("{]", ERROR),
        row("{]{}", ERROR, "{}"),
        row("[}", ERROR),
        // Braces and brackets are counted, not matched.
        row("{[}]", ERROR),
        row("[{]}{}", ERROR, "{}"),
        row("{[}"),
        row("{\"a\":1]", ERROR),
        row("[1}", ERROR),
        // A fault is the message's, and shows at its end.
        row("{1:2"),
        row("{1:2}", "! key is not a string in object"),
        row("{\"a\" 1}{}", "! missing : in object pair", "{}"),
        row("[1 2]", "! expected separator in dict or list"),
        row("[1,]", "! expecting value"),
        row("[,1]", "! expecting value"),
        row("{\"a\":}", "! expecting value"),
        row("{\"a\":1,}", ERROR),
        row("{,}", ERROR),
        row("{\"a\"}", ERROR),
        row("{\"a\":1 \"b\":2}", ERROR),
        row("{\"a\"::1}", ERROR),
        row("[:]", ERROR),
        row(",", ERROR),
        row(":", ERROR),
        row(",:,", ERROR, ERROR, ERROR));
  }

  @ParameterizedTest
  @MethodSource("framing")
  void framesByStructure(String bytes, List<String> expected) {
    assertScans(Dialect.QEMU_INPUT, bytes, expected);
    assertScansAlikeInOutput(bytes, expected);
  }

  static Stream<Arguments> scalars() {
    return Stream.of(
        // Number and literal end at the byte after, a string at its quote.
        row("42"),
        row("42 ", "42"),
        row("42\n", "42"),
        row("true"),
        row("true,", "true", ERROR),
        row("\"x\"", "\"x\""),
        row("1{}", "1", "{}"),
        row("true{}", "true", "{}"),
        row("null\"\"", "null", "\"\""),
        row("1[", "1"),
        row("-0 ", "-0"),
        row("1E5 ", "1E5"),
        row("[0.5e+1,1e-07,-1.250E3]", "[0.5e+1,1e-07,-1.250E3]"),
        row("[1e400]", "[1e400]"),
        row("nul ", "! invalid keyword 'nul'"),
        row("a ", "! invalid keyword 'a'"),
        row("z ", "! invalid keyword 'z'"),
        row("az ", "! invalid keyword 'az'"),
        row("[nul]", "! invalid keyword 'nul'"),
        row("[nul", new String[0]),
        row("truefalse ", "! invalid keyword 'truefa'"),
        row("true1 ", "true", "1"),
        row("[true1]", ERROR),
        row("1true ", "1", "true"),
        row("0x10 ", "0", ERROR, "10"),
        row("1-1 ", "1", "-1"),
        // What no number can go on with is a stray byte, and is taken with it.
        row("-}", ERROR),
        row("- \n", "! stray ' '"),
        row("1.}{}", ERROR, "{}"),
        row("1.e1\n", ERROR),
        row("1e}", ERROR),
        row("1e+-1\n", ERROR),
        row("+1\n2 ", ERROR, "2"),
        row(".5\n", ERROR),
        row("01 {}", ERROR, "{}"),
        row("[-01]", ERROR, ERROR),
        row("TRUE\n", ERROR),
        row("tRUE\n", ERROR, ERROR),
        row("NaN\n", ERROR),
        row("%p\n", ERROR),
        row("//x\n{}", ERROR, "{}"),
        row("#x\n", ERROR));
  }

  @ParameterizedTest
  @MethodSource("scalars")
  void endsScalarsAtTheByteAfter(String bytes, List<String> expected) {
    assertScans(Dialect.QEMU_INPUT, bytes, expected);
    assertScansAlikeInOutput(bytes, expected);
  }

  static Stream<Arguments> strays() {
    return Stream.of(
        // An error at once; then all is skipped up to a control or structural character.
        row("\u0001", "! stray '\\x01'"),
        row("\u00ff", "! stray '\\xff'"),
        row("~", "! stray '~'"),
        row("\u007f", "! stray '\\x7f'"),
        row("{\"a\":\u0001", ERROR),
        row("{\"a\":\u0001 \"x\" 1 true {}", ERROR, "{}"),
        row("{\"a\":$ 1, \"b\":[]}", ERROR, ERROR, "\"b\"", ERROR, "[]", ERROR),
        row("\u0001\u0001", ERROR, ERROR),
        row("\u00fe\u00ff", ERROR, ERROR),
        row("\u00ff\u00fe", ERROR, ERROR),
        row("\u0000\u001f", ERROR, ERROR),
        row("@ abc\n{}", ERROR, "{}"),
        row("@ abc \"x\" {}", ERROR, "{}"),
        row("@\r\n1 ", ERROR, "1"),
        row("@\r1 ", ERROR, "1"),
        row("@\f1 ", ERROR, ERROR),
        // A tab is no such control character, though it is one that no string may hold.
        row("@\t1 {}", ERROR, "{}"),
        row("\"\t\" 1 {}", ERROR, "{}"),
        row("@\u007f\u0080\u00fd{}", ERROR, "{}"),
        row("\u0080{}", ERROR, "{}"),
        // Inside strings too: a line's end resets whoever left one open.
        row("\"ab\n{}", ERROR, "{}"),
        row("{\"ab\u0001{}", ERROR, "{}"),
        row("{\"ab\u00ff{}", ERROR, "{}"),
        row("{\"ab\u00fe{}", ERROR, "{}"),
        row("\"\\\n{}", ERROR, "{}"),
        row("\"\\u12\t{}", ERROR, "{}"));
  }

  @ParameterizedTest
  @MethodSource("strays")
  void recoversFromWhatNoTokenHolds(String bytes, List<String> expected) {
    assertScans(Dialect.QEMU_INPUT, bytes, expected);
    assertScansAlikeInOutput(bytes, expected);
  }

  static Stream<Arguments> strings() {
    return Stream.of(
        row("'it'", "\"it\""),
        row("'\"'", "\"\\\"\""),
        row("'a b'", "\"a b\""),
        row("\"'\"", "\"'\""),
        row("'\\''", "\"'\""),
        row("\"\\'\"", "\"'\""),
        row("'\\\"'", "\"\\\"\""),
        row("{'a':'b'}", "{\"a\":\"b\"}"),
        row("\"\\b\\f\\n\\r\\t\\/\\\\\"", "\"\\b\\f\\n\\r\\t\\/\\\\\""),
        row("\"\\u0041\\u00e9\\uD83D\\ude00\"", "\"\\u0041\\u00e9\\uD83D\\ude00\""),
        row("\"\\u0000\"", "\"\\u0000\""),
        row("\"\u007f\"", "\"\\u007F\""),
        row("\"\u00c3\u00a9\"", "\"\\u00E9\""),
        row("\"\u00f0\u009f\u0098\u0080\"", "\"\\uD83D\\uDE00\""),
        row("\"\u00f4\u008f\u00bf\u00bd\"", "\"\\uDBFF\\uDFFD\""),
        // Modified UTF-8: this is NUL, and no other overlong form is anything.
        row("\"\u00c0\u0080\"", "\"\\u0000\""),
        row("\"\u00c0\u0081\"", BAD_UTF8),
        row("\"\u00c1\u00bf\"", BAD_UTF8),
        row("\"\u00e0\u0080\u0080\"", BAD_UTF8),
        row("\"\u00f0\u0080\u0080\u0080\"", BAD_UTF8),
        row("\"\u00f8\u0088\u0080\u0080\u0080\"", BAD_UTF8),
        row("\"\u00fc\u0084\u0080\u0080\u0080\u0080\"", BAD_UTF8),
        row("\"\u00f4\u0090\u0080\u0080\"", BAD_UTF8),
        // Surrogates and noncharacters, raw and escaped.
        row("\"\u00ed\u00a0\u0080\"", BAD_UTF8),
        row("\"\u00ef\u00bf\u00bf\"", BAD_UTF8),
        row("\"\u00ef\u00b7\u0090\"", BAD_UTF8),
        row("\"\u00f0\u009f\u00bf\u00be\"", BAD_UTF8),
        row("\"\\uffff\"", NOT_UNICODE),
        row("\"\\uFDD0\"", NOT_UNICODE),
        row("\"\\ufdef\"", NOT_UNICODE),
        row("\"\\ufdcf\\ufdf0\"", "\"\\ufdcf\\ufdf0\""),
        row("\"\\ud7ff\\ue000\"", "\"\\ud7ff\\ue000\""),
        row("\"\\ud83f\\udffe\"", NOT_UNICODE),
        row("\"\\ud800\"", NOT_UNICODE),
        row("\"\\udc00\"", NOT_UNICODE),
        row("\"\\udfff\"", NOT_UNICODE),
        // The two halves of a pair stand side by side.
        row("\"\\ud800x\\udc00\"", NOT_UNICODE),
        row("\"\\ud800\\n\\udc00\"", NOT_UNICODE),
        row("\"\\ud800\\u0041\\udc00\"", NOT_UNICODE),
        row("\"\\ud800x\"", NOT_UNICODE),
        row("\"\\ud800\\n\"", NOT_UNICODE),
        row("\"\\ud800\\ud800\\udc00\"", NOT_UNICODE),
        row("\"\\udc00\\ud800\"", NOT_UNICODE),
        // Cut short.
        row("\"\u00c3\"", BAD_UTF8),
        row("\"\u00c3x\"", BAD_UTF8),
        row("\"\u00e2\u0082\u00e2\u0082\u00ac\"", BAD_UTF8),
        row("\"\u00bf\"", BAD_UTF8),
        row("\"\u00c3\\n\"", BAD_UTF8),
        row("\"\\u1\"", "! invalid hex escape sequence in string"),
        row("\"\\u12g4\"", "! invalid hex escape sequence in string"),
        // What interrupts a character ends it: what follows is no part of it.
        row("\"\\u12g34\"", "! invalid hex escape sequence in string"),
        row("\"\\u00\\n41\"", "! invalid hex escape sequence in string"),
        row("\"\u00c3\\n\u00a9\"", BAD_UTF8),
        row("\"\u00c3x\u00a9\"", BAD_UTF8),
        row("\"\u00c3\u00c0\"", BAD_UTF8),
        row("\"\\x41\"", "! invalid escape sequence in string"),
        row("\"\\\u00c3\u00a9\"", "! invalid escape sequence in string"),
        // Whatever its escapes are worth, a string ends at its first unescaped quote.
        row("{\"a\":\"\\u1\\\"\"}", ERROR),
        row("{\"a\":\"\\x\\\"}\"}", ERROR),
        row("{\"a\":\"\\ud800\"}{}", ERROR, "{}"));
  }

  @ParameterizedTest
  @MethodSource("strings")
  void readsStringsOfQemusDialect(String bytes, List<String> expected) {
    assertScans(Dialect.QEMU_INPUT, bytes, expected);
  }

  static Stream<Arguments> characters() {
    return Stream.of(
        // The least and the most of each length, and what is beside it.
        row("\"\u00c2\u0080\"", "\"\\u0080\""),
        row("\"\u00df\u00bf\"", "\"\\u07FF\""),
        row("\"\u00e0\u00a0\u0080\"", "\"\\u0800\""),
        row("\"\u00ed\u009f\u00bf\"", "\"\\uD7FF\""),
        row("\"\u00ee\u0080\u0080\"", "\"\\uE000\""),
        row("\"\u00ef\u00b7\u008f\"", "\"\\uFDCF\""),
        row("\"\u00ef\u00b7\u00b0\"", "\"\\uFDF0\""),
        row("\"\u00ef\u00bf\u00bd\"", "\"\\uFFFD\""),
        row("\"\u00f0\u0090\u0080\u0080\"", "\"\\uD800\\uDC00\""),
        row("\"\u00f4\u008f\u00bf\u00bd\"", "\"\\uDBFF\\uDFFD\""),
        row("\"\u00c1\u00bf\"", BAD_UTF8),
        row("\"\u00e0\u009f\u00bf\"", BAD_UTF8),
        row("\"\u00ed\u00a0\u0080\"", BAD_UTF8),
        row("\"\u00ed\u00bf\u00bf\"", BAD_UTF8),
        row("\"\u00f0\u008f\u00bf\u00bf\"", BAD_UTF8),
        row("\"\u00f4\u0090\u0080\u0080\"", BAD_UTF8),
        row("\"\u00f8\u0088\u0080\u0080\u0080\"", BAD_UTF8),
        // In a row, and among others.
        row("\"a\u00c3\u00a9b\u00e2\u0082\u00acc\"", "\"a\\u00E9b\\u20ACc\""),
        row("\"\u00c3\u00a9\u00c3\u00a8\"", "\"\\u00E9\\u00E8\""),
        row("\"\u00e2\u0082\u00ac\u00c3\u00a9\"", "\"\\u20AC\\u00E9\""),
        row("\"\\n\u00c3\u00a9\\n\"", "\"\\n\\u00E9\\n\""),
        row("\"\u007f\u00c3\u00a9\"", "\"\\u007F\\u00E9\""),
        // Cut short, or with a byte in it that belongs to none.
        row("\"\u00c3\"", BAD_UTF8),
        row("\"\u00c3\u00c3\u00a9\"", BAD_UTF8),
        row("\"\u00c3\u00ff", "! stray '\\xff'"),
        row("\"\u00e2\u0082\"", BAD_UTF8),
        row("\"\u00e2x\u00ac\"", BAD_UTF8),
        row("\"\u00e2\u0082x\"", BAD_UTF8),
        row("\"\u00f0\u009f\u0098\"", BAD_UTF8),
        row("\"\u00f0\u009f\u0098\u00c3\u00a9\"", BAD_UTF8),
        row("\"\u00a9\"", BAD_UTF8),
        row("\"\u00c3\\n\"", BAD_UTF8),
        row("\"\\ud800\u00c3\u00a9\"", NOT_UNICODE),
        row("\"\\ud800\\n\"", NOT_UNICODE),
        row("\"\\ud83d\\ude00\"", "\"\\ud83d\\ude00\""),
        row("\"\\ud83d\"", NOT_UNICODE),
        row("\"\\u00\\n\"", "! invalid hex escape sequence in string"),
        row("\"\\u00\u00c3\u00a9\"", "! invalid hex escape sequence in string"));
  }

  @ParameterizedTest
  @MethodSource("characters")
  void readsCharactersOfEveryLengthAlikeInBothDialects(String bytes, List<String> expected) {
    assertScans(Dialect.QEMU_INPUT, bytes, expected);
    assertScans(Dialect.QEMU_OUTPUT, bytes, expected);
  }

  static Stream<Arguments> keys() {
    return Stream.of(
        row("{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":2}"),
        row("{\"a\":1,\"a\":2}", DUPLICATE),
        row("{\"a\":1,\"\\u0061\":2}", DUPLICATE),
        row("{\"\\/\":1,'/':2}", DUPLICATE),
        row("{'\\'':1,\"'\":2}", DUPLICATE),
        row("{\"\u00c3\u00a9\":1,\"\\u00e9\":2}", DUPLICATE),
        row("{\"\\uD83D\\uDE00\":1,\"\u00f0\u009f\u0098\u0080\":2}", DUPLICATE),
        row("{\"\u00c0\u0080\":1,\"\\u0000\":2}", DUPLICATE),
        row("{\"\":1,\"\":2}", DUPLICATE),
        row("[{\"a\":{\"b\":1,\"b\":2}}]", DUPLICATE),
        row("{\"a\":{\"a\":{\"a\":1}}}", "{\"a\":{\"a\":{\"a\":1}}}"),
        row("[{\"a\":1},{\"a\":1}]", "[{\"a\":1},{\"a\":1}]"),
        row("{\"a\":[{\"b\":1}],\"b\":{\"a\":1}}", "{\"a\":[{\"b\":1}],\"b\":{\"a\":1}}"),
        row("{\"a\":1,\"A\":2}", "{\"a\":1,\"A\":2}"));
  }

  @ParameterizedTest
  @MethodSource("keys")
  void refusesDuplicateKeysAtEveryDepthInEverySpelling(String bytes, List<String> expected) {
    assertScans(Dialect.QEMU_INPUT, bytes, expected);
  }

  static Stream<Arguments> output() {
    return Stream.of(
        row("{\"a\":[1,{\"b\":null}]}", "{\"a\": [1, {\"b\": null}]}"),
        row("{\"a\": [1, {\"b\": null}]}", "{\"a\": [1, {\"b\": null}]}"),
        row("{\r\n    \"a\": 1,\r\n    \"b\": [\r\n    ]\r\n}", "{\"a\": 1, \"b\": []}"),
        row("\"\u00c3\u00a9\"", "\"\\u00E9\""),
        row("\"\\uffff\u00ef\u00bf\u00bf\"", "\"\\uffff\\uFFFF\""),
        row("\"\u00f4\u008f\u00bf\u00bf\"", "\"\\uDBFF\\uDFFF\""),
        row("0e1 ", "0e1"),
        row("[0E-5]", "[0E-5]"),
        // What only the input's dialect has.
        row("'x'\n{}", ERROR, "{}"),
        row("\"\\'\"", ERROR),
        row("\"\u00c0\u0080\"", BAD_UTF8),
        row("\"\\ud800\"", NOT_UNICODE),
        // Of duplicates only those that could hide something from us.
        row("{\"a\":1,\"\\u0061\":2}", DUPLICATE),
        row("{\"a\":{\"b\":1,\"b\":2}}", "{\"a\": {\"b\": 1, \"b\": 2}}"));
  }

  @ParameterizedTest
  @MethodSource("output")
  void readsAndSpacesWhatQemuEmits(String bytes, List<String> expected) {
    assertScans(Dialect.QEMU_OUTPUT, bytes, expected);
  }

  @Test
  void anExponentAfterZeroIsNoNumberInQemusDialect() {
    assertScans(Dialect.QEMU_INPUT, "0e1 ", List.of("0", "! invalid keyword 'e'", "1"));
    assertScans(Dialect.QEMU_INPUT, "[0e1]", List.of(ERROR));
    assertScans(Dialect.QEMU_INPUT, "[-0E1]", List.of(ERROR, ERROR));
    assertScans(Dialect.QEMU_INPUT, "[0.0e1]", List.of("[0.0e1]"));
  }

  @Test
  void theIndexTellsWhereEachMemberIs() {
    Document document = document("{ 'a' : 1, \"\\u0069d\":[ {'x':2} ] ,\"c\":\"\\n\" }");
    List<Member> members = document.members();
    assertEquals(List.of("a", "id", "c"), members.stream().map(Member::key).toList());
    assertEquals(
        List.of(Document.Kind.NUMBER, Document.Kind.ARRAY, Document.Kind.STRING),
        members.stream().map(Member::kind).toList());
    assertEquals(
        List.of("1", "[{\"x\":2}]", "\"\\n\""), members.stream().map(document::text).toList());
    assertEquals(Document.Kind.OBJECT, document.kind());
    assertTrue(document.has("id"));
    assertNull(document.member("x"));
  }

  @Test
  void theIdIsIndexedHoweverManyMembersStandBeforeIt() {
    StringBuilder text = new StringBuilder("{");
    for (int i = 0; i < 3000; i++) {
      text.append("\"k").append(i).append("\":").append(i).append(',');
    }
    Document document = document(text + "\"id\":7}");
    Member id = document.member("id");
    assertNotNull(id);
    assertEquals("7", document.text(id));
    assertEquals(1024 + 1, document.members().size());
    assertTrue(document.has("k1023"));
    assertFalse(document.has("k1024"));
  }

  @Test
  void anIdIsReplacedOrTakenOutWhereverItIs() {
    assertEquals("{\"id\":8,\"a\":1}", withId("{\"id\":7,\"a\":1}", "8"));
    assertEquals("{\"a\":1,\"id\":\"x\"}", withId("{\"a\":1,\"id\":[7]}", "\"x\""));
    assertEquals("{\"a\":1,\"id\":8,\"b\":2}", withId("{\"a\":1,\"id\":7,\"b\":2}", "8"));
    assertEquals("{\"id\":8}", withId("{\"id\":7}", "8"));
    assertEquals("{\"\\u0069d\":8}", withId("{'\\u0069d':7}", "8"));
    assertEquals("{\"a\":1}", withId("{\"id\":7,\"a\":1}", null));
    assertEquals("{\"a\":1}", withId("{\"a\":1,\"id\":7}", null));
    assertEquals("{\"a\":1,\"b\":2}", withId("{\"a\":1,\"id\":7,\"b\":2}", null));
    assertEquals("{}", withId("{\"id\":7}", null));
    assertEquals("{}", withId("{}", null));
    assertEquals("{\"a\":1}", withId("{\"a\":1}", "8"));
  }

  private static Document document(String text) {
    Scanner scanner = new Scanner(Dialect.QEMU_INPUT, 1 << 20);
    Scanned scanned = scanner.next(ByteBuffer.wrap(Ascii.bytes(text)));
    return scanned instanceof Document document
        ? document
        : org.junit.jupiter.api.Assertions.fail("no document: " + scanned);
  }

  private static String withId(String text, @Nullable String id) {
    Document document = document(text);
    String line =
        new String(document.lineWithId(id).bytes(), java.nio.charset.StandardCharsets.US_ASCII);
    assertEquals(line.length(), document.sizeWithId(id));
    assertTrue(line.endsWith("\r\n"));
    return line.substring(0, line.length() - 2);
  }
}
