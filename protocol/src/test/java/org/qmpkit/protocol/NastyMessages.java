package org.qmpkit.protocol;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Two hundred messages that cost a careless reader much more than their sender. */
public final class NastyMessages {
  private static final int KIB = 1 << 10;

  private NastyMessages() {}

  /** What a message consists of, over and over. */
  private static final Map<String, String> UNITS =
      Map.ofEntries(
          Map.entry("arrays", "["),
          Map.entry("objects", "{\"a\":"),
          Map.entry("empty arrays", "[],"),
          Map.entry("empty objects", "{},"),
          Map.entry("zeros", "0,"),
          Map.entry("exponents", "1e9,"),
          Map.entry("long numbers", "123456789012345678901234567890,"),
          Map.entry("digits", "7"),
          Map.entry("literals", "null,"),
          Map.entry("empty strings", "\"\","),
          Map.entry("short strings", "\"x\","),
          Map.entry("plain text", "x"),
          Map.entry("ASCII escapes", "\\u0041"),
          Map.entry("escaped quotes", "\\\""),
          Map.entry("escaped surrogates", "\\ud83d\\ude00"),
          Map.entry("raw two bytes", "é"),
          Map.entry("raw four bytes", "😀"),
          Map.entry("blanks", "  \t\r\n"),
          Map.entry("closing brackets", "]"),
          Map.entry("commas", ","));

  /** Where they are put: before, and after. */
  private static final List<List<String>> PLACES =
      List.of(
          List.of("{\"return\": [", "0], \"id\": 1}\r\n"),
          List.of("{\"return\": \"", "\", \"id\": 1}\r\n"),
          List.of("{\"return\": {\"", "\": 1}, \"id\": 1}\r\n"),
          List.of("{\"id\": \"", "\", \"return\": {}}\r\n"),
          List.of("{\"event\": \"E\", \"timestamp\": {\"s\": [", ""));

  /** 20 units at 5 places, each short and near a limit: by name. */
  public static Map<String, byte[]> all() {
    Map<String, byte[]> messages = new LinkedHashMap<>();
    for (Map.Entry<String, String> unit : UNITS.entrySet()) {
      for (List<String> place : PLACES) {
        for (int size : List.of(1000, 256 * KIB)) {
          String text =
              place.getFirst()
                  + unit.getValue().repeat(size / unit.getValue().length())
                  + place.getLast();
          messages.put(
              unit.getKey() + " in " + place.getFirst() + ", " + size + " characters",
              text.getBytes(StandardCharsets.UTF_8));
        }
      }
    }
    // As many different keys as fit.
    StringBuilder keys = new StringBuilder("{\"return\": {\"\": 1");
    for (int i = 0; i < 60_000; i++) {
      keys.append(",\"").append(Integer.toString(i, 36)).append("\":1");
    }
    messages.put(
        "keys", keys.append("}, \"id\": 1}\r\n").toString().getBytes(StandardCharsets.UTF_8));
    return messages;
  }
}
