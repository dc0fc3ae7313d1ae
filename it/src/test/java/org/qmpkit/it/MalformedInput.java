package org.qmpkit.it;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * What clients get wrong, in bytes written as characters of Latin-1. The byte 01, which no token
 * can hold, ends a message that nothing else would end.
 */
final class MalformedInput {
  private MalformedInput() {}

  /** One input. */
  record Input(String bytes) {
    @Override
    public String toString() {
      StringBuilder shown = new StringBuilder();
      for (int i = 0; i < bytes.length(); i++) {
        char c = bytes.charAt(i);
        shown.append(c >= ' ' && c < 0x7f ? String.valueOf(c) : String.format("\\x%02x", (int) c));
      }
      return shown.length() <= 80 ? shown.toString() : shown.substring(0, 80) + "...";
    }
  }

  private static Stream<Input> inputs(String... bytes) {
    return Arrays.stream(bytes).map(Input::new);
  }

  /** For a client that has negotiated without oob. */
  static Stream<Input> all() {
    return Stream.of(
            noObjects(),
            badMembers(),
            badArguments(),
            duplicates(),
            badGrammar(),
            badNumbers(),
            badStrings(),
            strays(),
            mixtures())
        .flatMap(inputs -> inputs);
  }

  private static Stream<Input> noObjects() {
    return inputs(
        "[]",
        "[1, {\"id\": 2}]",
        "[{\"execute\": \"query-name\", \"id\": 1}]",
        "\"text\"",
        "'text'",
        "42 ",
        "-1.5e3 ",
        "true ",
        "null\n",
        "nul ",
        "True ",
        "NaN ",
        "query-name\r\n");
  }

  private static Stream<Input> badMembers() {
    return inputs(
        "{}",
        "{\"id\": 1}",
        "{\"foo\": 1, \"id\": \"x\"}",
        "{\"execute\": \"query-name\", \"foo\": 1, \"id\": [1, 2]}",
        "{\"foo\": 1, \"execute\": \"query-name\", \"bar\": 1}",
        "{\"Execute\": \"query-name\", \"id\": 1}",
        "{\"\": \"query-name\", \"id\": 1}",
        "{\"execute\": 7, \"id\": 1}",
        "{\"execute\": null, \"id\": null}",
        "{\"execute\": [\"query-name\"], \"id\": {\"a\": 1}}",
        "{\"execute\": {}}",
        "{\"arguments\": {}, \"id\": 2}",
        "{\"exec-oob\": \"query-yank\", \"id\": 5}",
        "{\"execute\": \"query-name\", \"exec-oob\": \"query-yank\", \"id\": 5}",
        "{\"control\": {\"run-oob\": true}, \"execute\": \"query-name\", \"id\": 6}",
        "{\"QMP\": {}, \"id\": 7}",
        "{\"return\": {}, \"id\": 8}");
  }

  private static Stream<Input> badArguments() {
    return inputs(
        "{\"execute\": \"query-name\", \"arguments\": [], \"id\": 4}",
        "{\"execute\": \"query-name\", \"arguments\": null, \"id\": 4}",
        "{\"arguments\": 4, \"id\": 4, \"execute\": \"query-name\"}",
        "{\"execute\": \"query-name\", \"arguments\": {\"x\": 1}, \"id\": 4}",
        "{\"execute\": \"qom-list\", \"id\": 4}",
        "{\"execute\": \"qom-list\", \"arguments\": {\"path\": 1}, \"id\": 4}",
        "{\"execute\": \"qom-list\", \"arguments\": {\"path\": \"/no/where\"}, \"id\": 4}",
        "{\"execute\": \"no-such-command\", \"arguments\": {\"x\": 1}, \"id\": 4}",
        "{\"execute\": \"\", \"id\": 4}",
        "{\"execute\": \"QUERY-NAME\", \"id\": 4}",
        "{\"execute\": \"qmp_capabilities\", \"id\": 4}",
        "{\"execute\": \"qmp_capabilities\", \"arguments\": {\"enable\": [\"oob\"]}, \"id\": 4}",
        "{\"execute\": \"device_del\", \"arguments\": {\"id\": \"nobody\"}, \"id\": 4}");
  }

  private static Stream<Input> duplicates() {
    return inputs(
        "{\"execute\": \"query-name\", \"id\": 1, \"id\": 2}",
        "{\"execute\": \"query-name\", \"execute\": \"query-status\", \"id\": 1}",
        "{\"execute\": \"query-name\", \"id\": {\"a\": 1, \"a\": 1}}",
        "{\"execute\": \"query-name\", \"id\": {\"a\": 1, \"\\u0061\": 1}}",
        "{\"execute\": \"qom-list\", \"arguments\": {\"path\": \"/\", \"path\": \"/\"}}");
  }

  private static Stream<Input> badGrammar() {
    return inputs(
        "}",
        "]",
        "{]",
        "[}",
        "{]}",
        ":",
        ",",
        "{\"a\"}",
        "{\"a\" 1}",
        "{\"a\":}",
        "{\"a\": 1,}",
        "{,}",
        "{1: 2}",
        "{null: 2}",
        "{\"a\": 1 \"b\": 2}",
        "{\"execute\": \"query-name\", \"id\": 1}}",
        "{{}}",
        "{\"a\": [1,]}",
        "[,1]",
        "[1 2]",
        "[[1, 2], {\"a\": }]",
        "\"a\": 1",
        "{\"execute\": \"query-name\", \"id\": tru}",
        "{\"execute\": \"query-name\", \"id\": nulll}",
        "[%p]",
        "%s ");
  }

  private static Stream<Input> badNumbers() {
    return inputs(
        "[01]",
        "[+1]",
        "[1.]",
        "[.5]",
        "[1e]",
        "[1e+]",
        "[0x10]",
        "[-]",
        "[- 1]",
        "[0e1]",
        "[1.5.5]",
        "[1e400]",
        "[Infinity]");
  }

  private static Stream<Input> badStrings() {
    return inputs(
        "{\"execute\": \"query-name\", \"id\": \"a\nb\"}",
        "{\"execute\": \"query-name\", \"id\": \"a\tb\"}",
        "{\"execute\": \"query-name\", \"id\": \"a\001b\"}",
        "{\"execute\": \"query-name\", \"id\": \"\\q\"}",
        "{\"execute\": \"query-name\", \"id\": \"\\x41\"}",
        "{\"execute\": \"query-name\", \"id\": \"\\u12\"}",
        "{\"execute\": \"query-name\", \"id\": \"\\u12g4\"}",
        "{\"execute\": \"query-name\", \"id\": \"\\ud800\"}",
        "{\"execute\": \"query-name\", \"id\": \"\\udc00\\ud800\"}",
        "{\"execute\": \"query-name\", \"id\": \"\\uFFFE\"}",
        "{\"execute\": \"query-name\", \"id\": \"\\ud83d\\ude00\"}",
        "{\"execute\": \"query-name\", \"id\": \"\377\"}",
        "{\"execute\": \"query-name\", \"id\": \"\200\"}",
        "{\"execute\": \"query-name\", \"id\": \"\303(\"}",
        "{\"execute\": \"query-name\", \"id\": \"\300\257\"}",
        "{\"execute\": \"query-name\", \"id\": \"\355\240\200\"}",
        "{\"execute\": \"query-name\", \"id\": \"\364\220\200\200\"}",
        "{\"execute\": \"query-name\", \"id\": \"\300\200\"}",
        "{'execute': 'query-name', 'id': 'it\\'s'}",
        "{'execute': \"query-name', 'id': 'x'}\001");
  }

  private static Stream<Input> strays() {
    return inputs(
        "\001",
        "\000",
        "\377",
        "\376\376",
        "\177",
        "\013",
        "\001\002\003",
        "abc\n",
        "# comment\n",
        "// comment\n",
        "/* comment */",
        "\357\273\277{\"execute\": \"query-name\", \"id\": 1}",
        "GET / HTTP/1.1\r\nHost: qemu\r\n\r\n",
        "{\"execute\": \"query-name\", \"id\": 1\001",
        "{\"execute\": \"query-name\", \"id\": \"unclosed\n",
        "[1, 2\377",
        "[[[[\001",
        "{\"execute\": \"query-name\"}\001{\"execute\": \"query-name\", \"id\": 2}");
  }

  private static Stream<Input> mixtures() {
    List<String> good =
        List.of(
            "{\"execute\": \"query-name\", \"id\": 1}", "{\"execute\": \"query-name\", \"id\": 2}");
    return inputs(
        good.getFirst() + "[" + good.getLast() + "]" + good.getLast(),
        good.getFirst() + " nonsense " + good.getLast(),
        good.getFirst() + "{\"execute\": 1}" + good.getLast() + "{}",
        "{\"execute\": \"query-name\"}{\"execute\": 1}{\"execute\": \"query-status\"}]",
        String.join("\n", good) + "\n\n\r\n" + String.join("", good),
        ("{\"execute\": \"query-name\"}" + "[]" + "{\"execute\": \"no-such\"}").repeat(20));
  }

  /** For a client that has negotiated oob. */
  static Stream<Input> withOob() {
    return inputs(
        "{\"exec-oob\": \"query-name\", \"id\": 1}",
        "{\"exec-oob\": \"no-such-command\", \"id\": 1}",
        "{\"exec-oob\": 7, \"id\": 1}",
        "{\"exec-oob\": \"query-yank\", \"execute\": \"query-name\", \"id\": 1}",
        "{\"exec-oob\": \"query-yank\", \"foo\": 1, \"id\": 1}",
        "{\"exec-oob\": \"query-yank\", \"arguments\": [], \"id\": 1}",
        "{\"exec-oob\": \"query-yank\", \"arguments\": {\"x\": 1}, \"id\": 1}",
        "{\"exec-oob\": \"qmp_capabilities\", \"id\": 1}");
  }

  /** For a client that has not negotiated. */
  static Stream<Input> unnegotiated() {
    return inputs(
        "{\"execute\": \"query-name\", \"id\": 1}",
        "{\"execute\": \"no-such-command\", \"id\": 1}",
        "{\"execute\": \"quit\", \"id\": 1}",
        "{\"exec-oob\": \"query-yank\", \"id\": 1}",
        "{\"execute\": \"qmp_capabilities\", \"arguments\": {\"enable\": [\"none\"]}, \"id\": 1}",
        "{\"execute\": \"qmp_capabilities\", \"arguments\": {\"enable\": \"oob\"}, \"id\": 1}",
        "{\"execute\": \"qmp_capabilities\", \"arguments\": {\"enable\": [1]}, \"id\": 1}",
        "{\"execute\": \"qmp_capabilities\", \"arguments\": {\"enable\": null}, \"id\": 1}",
        "{\"execute\": \"qmp_capabilities\", \"arguments\": {\"oob\": true}, \"id\": 1}",
        "{\"execute\": \"qmp_capabilities\", \"arguments\": [], \"id\": 1}",
        "{\"execute\": \"qmp_capabilities\", \"foo\": 1, \"id\": 1}",
        "{\"execute\": \"qmp_capabilities\", \"arguments\": {\"enable\": [\"oob\", \"oob\"]}}",
        "{\"execute\": \"qmp_capabilities\", \"arguments\": {\"enable\": []}, \"id\": 1}",
        "{\"execute\": \"qmp_capabilities\", \"id\": 1}{\"execute\": \"qmp_capabilities\", \"id\": 2}",
        "nonsense\n",
        "{}",
        "}]",
        "\001\377{\"execute\": \"qmp_capabilities\", \"id\": 1}[]");
  }
}
