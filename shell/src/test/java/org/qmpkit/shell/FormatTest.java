package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.qmpkit.client.QmpClient;
import org.qmpkit.testkit.RealQemu;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(120)
final class FormatTest {
  private static String text(Format format, String json) {
    return format.text(JsonText.read(json), Palette.PLAIN);
  }

  @Test
  void jsonIsOneLineAndAscii() {
    assertEquals(
        "{\"b\": [1, -2.5, true, null, \"x\\u00E9\\u001B\\n\"], \"a\": {}, \"c\": []}",
        text(Format.JSON, "{\"b\":[1,-2.5,true,null,\"xé\\u001b\\n\"],\"a\":{},\"c\":[]}"));
  }

  /** As {@code json.dumps(…, indent=4, sort_keys=True)}. */
  @Test
  void prettyIsSortedAndIndentedByFour() {
    assertEquals(
        """
        {
            "a": {},
            "b": [
                1,
                {
                    "x": []
                }
            ]
        }\
        """,
        text(Format.PRETTY, "{\"b\":[1,{\"x\":[]}],\"a\":{}}"));
  }

  @Test
  void yamlReadsBackAsTheSame() {
    for (String json :
        List.of(
            "[{\"name\": \"no\", \"a\": \"1\", \"b\": 1, \"c\": 1.5, \"d\": null, \"e\": true}]",
            "{\"x\": {\"y\": [[], {}, \"\", \" \", \"- a\", \"a: b\", \"#\", \"é😀\"]}}",
            "{\"t\": \"two\\nlines\\n\", \"u\": \"\\u001b[0m\\u0000\\t\\u0085\", \"n\": 18446744073709551615}",
            "\"plain\"",
            "[]")) {
      String yaml = text(Format.YAML, json);
      assertTrue(yaml.startsWith("---"), yaml);
      assertTrue(yaml.codePoints().noneMatch(FormatTest::commands), yaml);
      Object back = new Load(LoadSettings.builder().build()).loadFromString(yaml);
      assertEquals(
          text(Format.JSON, json),
          Format.JSON.text(JsonMapper.shared().valueToTree(back), Palette.PLAIN));
    }
  }

  private static boolean commands(int c) {
    return Character.isISOControl(c) && c != '\n';
  }

  @Test
  void aTableHasARowForEachAndAColumnForWhatAnyHas() {
    assertEquals(
        """
        id  n    x
        a   1    [1, 2]
        b   2.5 \s
        c        null\
        """,
        text(
            Format.TABLE,
            "[{\"id\":\"a\",\"n\":1,\"x\":[1,2]},{\"id\":\"b\",\"n\":2.5},{\"id\":\"c\",\"x\":null}]"));
    assertEquals(
        """
        member  value
        status  running
        n       {"a": 1}\
        """,
        text(Format.TABLE, "{\"status\":\"running\",\"n\":{\"a\":1}}"));
  }

  @Test
  void whatIsNoTableIsJson() {
    for (String json : List.of("[]", "{}", "[1, {\"a\": 2}]", "\"x\"", "7", "null")) {
      assertEquals(json, text(Format.TABLE, json));
    }
  }

  @Test
  void wideCharactersTakeTwoColumnsAndControlsNone() {
    assertEquals(
        """
        id      n
        日本    1
        a       2
        é\u0301😀     3
        x [2Jy  4\
        """,
        text(
            Format.TABLE,
            "[{\"id\":\"日本\",\"n\":1},{\"id\":\"a\",\"n\":2},"
                + "{\"id\":\"é\u0301😀\",\"n\":3},{\"id\":\"x\\u001b\\r\\n[2Jy\",\"n\":4}]"));
    assertFalse(
        text(Format.TABLE, "{\"a\\u001b[2J\":1}").contains("\u001b"), "nor do names of members");
  }

  @Test
  void coloursGoRoundAndChangeNoText() {
    String json = "{\"a\": [1, true, null, \"x\", {\"b\": -1.5}]}";
    for (Format format : Format.values()) {
      String coloured = format.text(JsonText.read(json), Palette.COLOURED);
      assertEquals(text(format, json), coloured.replaceAll("\u001b\\[[0-9]*m", ""));
    }
  }

  @Test
  void whatQemuAnswersFits() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        QmpClient client = Connections.to(qemu)) {
      JsonNode commands = client.execute("query-commands");
      List<String> table = Format.TABLE.text(commands, Palette.PLAIN).lines().toList();
      assertEquals("name", table.getFirst());
      assertEquals(commands.size(), table.size() - 1);
      assertEquals(commands.get(0).path("name").asString(), table.get(1));
      List<String> yaml = Format.YAML.text(commands, Palette.PLAIN).lines().toList();
      assertEquals(List.of("---", "- name: " + table.get(1)), yaml.subList(0, 2));
      assertEquals(commands.size() + 1, yaml.size());
      for (String name : List.of("query-qmp-schema", "query-version", "query-memory-devices")) {
        JsonNode answer = client.execute(name);
        assertEquals(answer, JsonText.read(Format.JSON.text(answer, Palette.PLAIN)), name);
        assertEquals(answer, JsonText.read(Format.PRETTY.text(answer, Palette.PLAIN)), name);
        assertFalse(Format.TABLE.text(answer, Palette.PLAIN).isBlank());
      }
    }
  }

  @Test
  void namesAreAsTheyAreListed() {
    for (Format each : Format.values()) {
      String name = each.name().toLowerCase(java.util.Locale.ROOT);
      assertEquals(each, Format.named(name).orElseThrow());
      assertTrue(Format.names().contains(name));
    }
    assertTrue(Format.named("JSON").isEmpty());
    assertTrue(Format.named("").isEmpty());
  }

  @Test
  void controlCharactersDoNotCommandTheTerminal() {
    assertEquals(
        "a\tb\nc\\x1b[2J\\x07\\x0d\\x00\\x7f\\x9bé😀",
        Printable.text("a\tb\nc\u001b[2J\u0007\r\u0000\u007f\u009bé😀"));
  }
}
