package org.qmpkit.shell;

import java.util.Locale;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.common.FlowStyle;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** How results are written ({@code --output}). */
public enum Format {
  /** One line each. */
  JSON,
  /** JSON for people: indented by 4, members sorted, as qmp-shell's {@code -p}. */
  PRETTY,
  /** YAML 1.2, a document each. */
  YAML,
  /** A list of objects as a table; for people, and may change. */
  TABLE;

  /** The format of a name, in small letters. */
  public static Optional<Format> named(String name) {
    for (Format each : values()) {
      if (each.name().toLowerCase(Locale.ROOT).equals(name)) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }

  /** The names of all formats, for an error or a help text. */
  public static String names() {
    return "json, pretty, yaml or table";
  }

  /** Whether an answer is shown as the message it is, and not its value alone. */
  boolean isMessage() {
    return this == JSON || this == PRETTY;
  }

  /** A value as text, without a line end at its end. */
  String text(JsonNode value, Palette palette) {
    return switch (this) {
      case JSON -> JsonText.compact(value, palette);
      case PRETTY -> JsonText.pretty(value, palette);
      case YAML -> Yaml.text(value);
      case TABLE -> Table.text(value, palette);
    };
  }

  /** Apart, so that nothing of it is loaded before it is wanted. */
  private static final class Yaml {
    static String text(JsonNode value) {
      DumpSettings settings =
          DumpSettings.builder()
              .setExplicitStart(true)
              .setDefaultFlowStyle(FlowStyle.BLOCK)
              .setWidth(Integer.MAX_VALUE)
              .build();
      Object plain = JsonMapper.shared().treeToValue(value, Object.class);
      return new Dump(settings).dumpToString(plain).stripTrailing();
    }
  }
}
