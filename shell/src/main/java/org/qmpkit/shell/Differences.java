package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Where two values differ, path by path. */
final class Differences {
  private static final int LONGEST = 100;

  private final Set<String> ignored;
  private final List<String> found = new ArrayList<>();

  private Differences(Set<String> ignored) {
    this.ignored = ignored;
  }

  /**
   * A sentence for each difference, fit for a terminal; members in any order.
   *
   * @param root what the paths begin with
   * @param ignored the names of members that may differ
   */
  static List<String> of(String root, JsonNode recorded, JsonNode now, Set<String> ignored) {
    Differences differences = new Differences(ignored);
    differences.compare(root, recorded, now);
    return differences.found;
  }

  private void compare(String path, @Nullable JsonNode recorded, @Nullable JsonNode now) {
    if (recorded != null && now != null && recorded.isObject() && now.isObject()) {
      for (Map.Entry<String, JsonNode> member : recorded.properties()) {
        member(path, member.getKey(), member.getValue(), now.get(member.getKey()));
      }
      for (Map.Entry<String, JsonNode> member : now.properties()) {
        if (!recorded.has(member.getKey())) {
          member(path, member.getKey(), null, member.getValue());
        }
      }
    } else if (recorded != null && now != null && recorded.isArray() && now.isArray()) {
      for (int i = 0; i < Math.max(recorded.size(), now.size()); i++) {
        compare(path + "[" + i + "]", recorded.get(i), now.get(i));
      }
    } else if (recorded == null || !recorded.equals(now)) {
      found.add(Printable.text(path) + ": recorded " + text(recorded) + ", now " + text(now));
    }
  }

  private void member(
      String path, String name, @Nullable JsonNode recorded, @Nullable JsonNode now) {
    if (!ignored.contains(name)) {
      compare(path + "." + name, recorded, now);
    }
  }

  private static String text(@Nullable JsonNode value) {
    if (value == null) {
      return "nothing";
    }
    String text = JsonText.compact(value, Palette.PLAIN);
    return text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text;
  }
}
