package org.qmpkit.it;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether a program prints what a document shows. An ellipsis stands for anything, over any number
 * of lines; times, versions, sizes and process ids are another number each time; blanks are as many
 * as it takes.
 */
final class Shown {
  private static final Pattern LOOSE =
      Pattern.compile(
          "(?<any>…)"
              + "|(?<build>\"package\": \"[^\"]*\"|(?<=\\d)Debian \\S+|\\d-SNAPSHOT|\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z)"
              + "|(?<json>(?<=\"(?:micro|minor|major|seconds|microseconds)\": )-?\\d+)"
              + "|(?<number>\\d+(?:\\.\\d+)+|\\d{4,}|\\d+(?= ?(?:ms|s|m|h|[KMG]iB|B)\\b)|(?<=pid |/pts/)\\d+)"
              + "|(?<blank>\\s+)");

  private Shown() {}

  /** Whether the output is what is shown. */
  static boolean agrees(List<String> shown, String output) {
    String text = String.join("\n", shown).strip();
    StringBuilder pattern = new StringBuilder();
    Matcher loose = LOOSE.matcher(text);
    int from = 0;
    while (loose.find()) {
      pattern.append(Pattern.quote(text.substring(from, loose.start())));
      from = loose.end();
      if (loose.group("any") != null) {
        pattern.append(".*?");
      } else if (loose.group("build") != null) {
        pattern.append("[^\\n]*?");
      } else if (loose.group("blank") != null) {
        pattern.append(loose.group().contains("\n") ? "\\s+" : " +");
      } else {
        pattern.append("-?\\d[\\d.]*");
      }
    }
    pattern.append(Pattern.quote(text.substring(from)));
    return Pattern.compile(pattern.toString(), Pattern.DOTALL).matcher(output.strip()).matches();
  }
}
