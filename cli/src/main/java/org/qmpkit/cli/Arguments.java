package org.qmpkit.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A command line taken apart: {@code --key value}, {@code --key=value}, {@code --switch}, and the
 * positionals; {@code --} ends the flags.
 *
 * @param flags in the order given, each with its value; {@code "true"} for a switch
 */
record Arguments(List<Map.Entry<String, String>> flags, List<String> positionals) {
  /**
   * Takes a command line apart.
   *
   * @param valued the flags that take a value
   * @param switches the flags that take none
   * @param shorts letters that stand for flags, as {@code v} for {@code verbose}
   * @throws UsageException if a flag is not known, or has a value too many or too few
   */
  static Arguments parse(
      List<String> words, Set<String> valued, Set<String> switches, Map<String, String> shorts)
      throws UsageException {
    List<Map.Entry<String, String>> flags = new ArrayList<>();
    List<String> positionals = new ArrayList<>();
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      if (word.equals("--")) {
        positionals.addAll(words.subList(i + 1, words.size()));
        break;
      }
      if (!word.startsWith("-") || word.equals("-")) {
        positionals.add(word);
        continue;
      }
      int equals = word.indexOf('=');
      String key = word.substring(0, equals < 0 ? word.length() : equals).replaceFirst("^--?", "");
      key = word.startsWith("--") ? key : shorts.getOrDefault(key, key);
      if (switches.contains(key)) {
        String value = equals < 0 ? "true" : word.substring(equals + 1);
        if (!value.equals("true") && !value.equals("false")) {
          throw new UsageException("--" + key + " (\"" + value + "\") must be true or false");
        }
        flags.add(Map.entry(key, value));
      } else if (!valued.contains(key)) {
        throw new UsageException(
            "unknown option " + word + "; there are " + names(valued, switches));
      } else if (equals >= 0) {
        flags.add(Map.entry(key, word.substring(equals + 1)));
      } else if (i + 1 < words.size()) {
        flags.add(Map.entry(key, words.get(++i)));
      } else {
        throw new UsageException("--" + key + " needs a value");
      }
    }
    return new Arguments(flags, positionals);
  }

  private static String names(Set<String> valued, Set<String> switches) {
    Map<String, Boolean> all = new LinkedHashMap<>();
    valued.forEach(each -> all.put("--" + each, true));
    switches.forEach(each -> all.put("--" + each, false));
    return String.join(", ", all.keySet());
  }

  /** The last value of a flag. */
  Optional<String> flag(String key) {
    return flags.stream()
        .filter(each -> each.getKey().equals(key))
        .reduce((first, second) -> second)
        .map(Map.Entry::getValue);
  }

  boolean has(String key) {
    return flag(key).filter("true"::equals).isPresent();
  }
}
