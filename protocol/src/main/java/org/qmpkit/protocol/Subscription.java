package org.qmpkit.protocol;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Document.Kind;
import org.qmpkit.protocol.Document.Member;

/**
 * What a client asks with {@code __org.qmpkit_subscribe}.
 *
 * @param refusal what is wrong with its arguments, in QEMU's words, or null
 * @param filter which events it wants
 * @param since from where on, or null for new ones only
 */
record Subscription(@Nullable Refusal refusal, Filter filter, @Nullable Cursor since) {
  /** What is said of a text that is no cursor, or one that was never given to anybody. */
  static final Refusal NO_CURSOR =
      Refusal.generic("Parameter 'since' expects a cursor that this socket has given");

  /** QEMU has no more than 70 events; each of these is compared with every event. */
  private static final int MOST_NAMES = 64;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{0,128}\\*?");

  static Subscription of(@Nullable String arguments) {
    Filter filter = Filter.ALL;
    Cursor since = null;
    if (arguments != null) {
      Document object = Scanner.document(arguments, Dialect.QEMU_INPUT);
      for (Member member : object.members()) {
        switch (member.key()) {
          case "events" -> {
            if (member.kind() != Kind.ARRAY) {
              return refused("Invalid parameter type for 'events', expected: array");
            }
            Document names = object.nested(member);
            String wrong = objection(names);
            if (wrong != null) {
              return refused(wrong);
            }
            filter = filter(names);
          }
          case "since" -> {
            if (member.kind() != Kind.STRING) {
              return refused("Invalid parameter type for 'since', expected: string");
            }
            since = Cursor.parse(JsonString.unquote(object.text(member)));
            if (since == null) {
              return new Subscription(NO_CURSOR, filter, null);
            }
          }
          default -> {
            return refused("Parameter '" + member.key() + "' is unexpected");
          }
        }
      }
    }
    return new Subscription(null, filter, since);
  }

  private static @Nullable String objection(Document names) {
    if (names.members().size() > MOST_NAMES) {
      return "Parameter 'events' expects at most " + MOST_NAMES + " names";
    }
    for (int i = 0; i < names.members().size(); i++) {
      Member each = names.members().get(i);
      String name = "'events[" + i + "]'";
      if (each.kind() != Kind.STRING) {
        return "Invalid parameter type for " + name + ", expected: string";
      }
      String text = JsonString.unquote(names.text(each));
      if (text.isEmpty() || !NAME.matcher(text).matches()) {
        return "Parameter " + name + " expects an event's name, or how names begin and '*'";
      }
    }
    return null;
  }

  private static Filter filter(Document events) {
    Set<String> names = new HashSet<>();
    List<String> beginnings = new ArrayList<>();
    for (Member each : events.members()) {
      String name = JsonString.unquote(events.text(each));
      if (name.endsWith("*")) {
        beginnings.add(name.substring(0, name.length() - 1));
      } else {
        names.add(name);
      }
    }
    return new Filter(Set.copyOf(names), List.copyOf(beginnings));
  }

  /** One that is not to begin. */
  static Subscription refused(String desc) {
    return new Subscription(Refusal.generic(desc), Filter.ALL, null);
  }
}
