package org.qmpkit.net;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the text of an address; its grammar is in {@link Address#parse}. */
final class AddressReader {
  private AddressReader() {}

  static Address read(String text, boolean inShell) {
    if (text.isEmpty()) {
      throw new AddressException(text, "it is empty", "unix:/run/qmp.sock");
    }
    int colon = text.indexOf(':');
    if (colon > 0 && Address.SCHEMES.contains(text.substring(0, colon))) {
      String scheme = text.substring(0, colon);
      String rest = text.substring(colon + 1);
      if (scheme.equals("exec")) {
        return checked(text, scheme, rest, Map.of());
      }
      List<String> pieces = pieces(rest);
      return checked(text, scheme, pieces.getFirst(), options(text, pieces));
    }
    return inShell ? bareInShell(text) : bare(text);
  }

  /** An address of the scheme that is right, for the text of an exception. */
  static String example(String scheme) {
    return switch (scheme) {
      case "tcp", "tls" -> scheme + ":localhost:4444";
      case "vsock" -> "vsock:3:4444";
      case "hvsock" -> "hvsock:/run/vm.sock:4444";
      case "argo", "v4v" -> scheme + ":7";
      case "vchan" -> "vchan:7:/local/domain/7/data/qmp";
      case "exec" -> "exec:ssh host socat - UNIX:/run/qmp.sock";
      case "pty" -> "pty:/dev/pts/3";
      case "fd" -> "fd:3";
      case "stdio" -> "stdio:";
      default -> "unix:/run/qmp.sock";
    };
  }

  private static Address bareInShell(String text) {
    String scheme = Address.HOST_PORT.matcher(text).matches() ? "tcp" : "unix";
    return checked(text, scheme, text, Map.of());
  }

  private static Address bare(String text) {
    List<String> pieces = pieces(text);
    String word = pieces.getFirst();
    if (Address.HOST_PORT.matcher(word).matches()) {
      return checked(text, "tcp", word, options(text, pieces));
    }
    if (word.indexOf('/') >= 0 || word.indexOf(':') < 0) {
      return checked(text, "unix", word, options(text, pieces));
    }
    throw new AddressException(
        text,
        "'"
            + word.substring(0, word.indexOf(':'))
            + "' is no known scheme ("
            + String.join(", ", Address.SCHEMES)
            + ") and '"
            + word
            + "' is not HOST:PORT",
        "unix:" + text + " for a path, tcp:[::1]:4444 for IPv6");
  }

  private static Address checked(
      String text, String scheme, String target, Map<String, String> options) {
    Address.check(text, scheme, target, options);
    return new Address(scheme, target, options);
  }

  /** Splits at single commas; two in a row are one comma of the piece. */
  private static List<String> pieces(String text) {
    List<String> pieces = new ArrayList<>();
    StringBuilder piece = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != ',') {
        piece.append(c);
      } else if (i + 1 < text.length() && text.charAt(i + 1) == ',') {
        piece.append(c);
        i++;
      } else {
        pieces.add(piece.toString());
        piece.setLength(0);
      }
    }
    pieces.add(piece.toString());
    return pieces;
  }

  private static Map<String, String> options(String text, List<String> pieces) {
    Map<String, String> options = new LinkedHashMap<>();
    for (String piece : pieces.subList(1, pieces.size())) {
      int equals = piece.indexOf('=');
      String key = equals < 0 ? piece : piece.substring(0, equals);
      String value = equals < 0 ? "on" : piece.substring(equals + 1);
      if (equals < 0) {
        switch (piece) {
          case "server", "wait" -> {}
          case "nowait" -> {
            key = "wait";
            value = "off";
          }
          default ->
              throw new AddressException(
                  text,
                  (piece.isEmpty() ? "an option is empty" : "option '" + piece + "' has no value")
                      + " (a comma of the target or of a value is written ',,')",
                  "unix:/run/qmp.sock,mode=0660");
        }
      }
      if (key.equals("nowait")) {
        throw new AddressException(
            text, "option 'nowait' takes no value", "unix:/run/qmp.sock,server=on,wait=off");
      }
      if (options.putIfAbsent(key, value) != null) {
        throw new AddressException(
            text, "option '" + key + "' is given twice", "unix:/run/qmp.sock,mode=0660");
      }
    }
    return options;
  }
}
