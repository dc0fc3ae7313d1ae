package org.qmpkit.cli;

import java.util.HashMap;
import java.util.Map;

/**
 * The value of an option of QEMU's command line, as {@code socket,id=m,path=/run/a,server=on}; the
 * grammar is QemuOpts': {@code ,,} is a comma, {@code server} is {@code server=on}, and {@code
 * nowait} is {@code wait=off}.
 *
 * @param first what stands before the first comma, if that is no {@code key=value}
 */
record QemuOption(String first, Map<String, String> keys) {
  /** Reads one; everything is one. */
  static QemuOption of(String text) {
    String first = "";
    Map<String, String> keys = new HashMap<>();
    StringBuilder piece = new StringBuilder();
    boolean begins = true;
    for (int i = 0; i <= text.length(); i++) {
      boolean doubled = text.startsWith(",,", i);
      if (i < text.length() && (text.charAt(i) != ',' || doubled)) {
        piece.append(text.charAt(i));
        i += doubled ? 1 : 0;
        continue;
      }
      String word = piece.toString();
      piece.setLength(0);
      int equals = word.indexOf('=');
      if (equals >= 0) {
        keys.put(word.substring(0, equals), word.substring(equals + 1));
      } else if (begins) {
        first = word;
      } else {
        keys.put(word.replaceFirst("^no", ""), word.startsWith("no") ? "off" : "on");
      }
      begins = false;
    }
    return new QemuOption(first, keys);
  }

  String key(String name) {
    return keys.getOrDefault(name, "");
  }

  /** Whether QEMU listens, rather than connects. */
  boolean listens() {
    return key("server").equals("on") || key("server").equals("yes");
  }
}
