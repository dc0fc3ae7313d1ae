package org.qmpkit.protocol;

import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Document.Kind;
import org.qmpkit.protocol.Document.Member;

/** A QMP message: one of the five kinds that qmp-spec.rst defines. */
public sealed interface Message {
  /**
   * What QEMU says first (spec, "Server Greeting").
   *
   * @param document the whole of it
   * @param version the canonical text of {@code QMP.version}
   * @param oob whether the capability {@code oob} is offered
   */
  record Greeting(Document document, String version, boolean oob) implements Message {
    /** Each client is sent it, so it must not be of any length that QEMU likes; bytes. */
    private static final int LONGEST = 64 * 1024;

    /** No number of a version has as many characters. */
    private static final int TOO_LONG_FOR_A_NUMBER = 20;

    /** In the place of one where none comes, as from a guest agent. */
    public static Greeting none() {
      Document empty = Scanner.document("{}", Dialect.QEMU_OUTPUT);
      return new Greeting(empty, empty.toString(), false);
    }

    /** QEMU's version as people write it, "7.2.22"; "?" where it is not of the usual shape. */
    public String release() {
      Document object = Scanner.document(version, Dialect.QEMU_OUTPUT);
      Member qemu = object.member("qemu");
      if (qemu == null || qemu.kind() != Kind.OBJECT) {
        return "?";
      }
      Document numbers = object.nested(qemu);
      return Stream.of("major", "minor", "micro")
          .map(numbers::member)
          .map(each -> each == null || !isShort(each) ? "?" : numbers.text(each))
          .collect(Collectors.joining("."));
    }

    private static boolean isShort(Member member) {
      return member.kind() == Kind.NUMBER && member.end() - member.value() < TOO_LONG_FOR_A_NUMBER;
    }

    /**
     * The line a client is greeted with: QEMU's version, and of the capabilities those we can
     * honour.
     */
    byte[] line() {
      return Ascii.bytes(
          "{\"QMP\": {\"version\": "
              + version
              + ", \"capabilities\": ["
              + (oob ? "\"oob\"" : "")
              + "]}}\r\n");
    }
  }

  /**
   * A request (spec, "Issuing Commands").
   *
   * @param name the command's name
   * @param oob whether it came as {@code exec-oob}
   * @param arguments the canonical text of the arguments, or null if there were none
   * @param id the canonical text of the id, or null if there was none
   */
  record Command(String name, boolean oob, @Nullable String arguments, @Nullable String id)
      implements Message {
    /** The request, minified, under an id of our own. */
    public String text(long ownId) {
      return text(",\"id\":" + ownId);
    }

    /** The same on a line of its own. */
    byte[] line(long ownId) {
      return Ascii.bytes(text(ownId) + "\r\n");
    }

    /** The same without an id, which old guest agents refuse. */
    byte[] lineWithoutId() {
      return Ascii.bytes(text("") + "\r\n");
    }

    private String text(String member) {
      StringBuilder text =
          new StringBuilder(oob ? "{\"exec-oob\":" : "{\"execute\":")
              .append(JsonString.quote(name));
      if (arguments != null) {
        text.append(",\"arguments\":").append(arguments);
      }
      return text.append(member).append('}').toString();
    }
  }

  /** An answer to a request: {@link Return} or {@link Error}. */
  sealed interface Answer extends Message {
    /** The whole answer, with its id. */
    Document document();
  }

  /** A success (spec, "Success"). */
  record Return(Document document) implements Answer {
    /** The canonical text of what it returns. */
    public String value() {
      Member value = document.member("return");
      return value == null ? "" : document.text(value);
    }
  }

  /** A failure (spec, "Error"). */
  record Error(Document document) implements Answer {}

  /** Something that happened in QEMU (spec, "Asynchronous events"). */
  record Event(Document document) implements Message {
    private static final int LONGEST_NAME = 1024;

    /** The event's name, as {@code STOP}. */
    public String name() {
      Member name = document.member("event");
      return name == null ? "" : JsonString.unquote(document.text(name));
    }

    /** Its name for filters to go by; empty if it is longer than any event's. */
    String shortName() {
      Member name = document.member("event");
      return name == null || name.end() - name.value() > LONGEST_NAME ? "" : name();
    }

    /** Where it stands among the events of a helper that was subscribed to; null from QEMU. */
    public @Nullable String cursor() {
      Member cursor = document.member(Cursor.MEMBER);
      return cursor == null ? null : JsonString.unquote(document.text(cursor));
    }
  }

  /**
   * What QEMU says, by its shape; or a helper, whose events may have a cursor.
   *
   * @return the message, or null if the shape is none that QEMU may send
   */
  static @Nullable Message fromQemu(Document document) {
    if (document.kind() != Kind.OBJECT) {
      return null;
    }
    int size = document.members().size();
    int withId = document.has("id") ? 2 : 1;
    if (document.has("return")) {
      return size == withId ? new Return(document) : null;
    }
    if (document.has("error")) {
      return size == withId && isA(document, "error", Kind.OBJECT) ? new Error(document) : null;
    }
    if (document.has("event")) {
      int members = 2;
      members += isA(document, "data", Kind.OBJECT) ? 1 : 0;
      members += isA(document, Cursor.MEMBER, Kind.STRING) ? 1 : 0;
      boolean known =
          isA(document, "event", Kind.STRING) && isA(document, "timestamp", Kind.OBJECT);
      return known && size == members ? new Event(document) : null;
    }
    return size == 1 ? greeting(document) : null;
  }

  private static @Nullable Greeting greeting(Document document) {
    Member qmp = document.member("QMP");
    if (qmp == null || qmp.kind() != Kind.OBJECT || document.length() > Greeting.LONGEST) {
      return null;
    }
    Document body = document.nested(qmp);
    Member version = body.member("version");
    Member capabilities = body.member("capabilities");
    if (version == null
        || version.kind() != Kind.OBJECT
        || capabilities == null
        || capabilities.kind() != Kind.ARRAY) {
      return null;
    }
    Document offered = body.nested(capabilities);
    boolean oob = offered.members().stream().anyMatch(each -> offered.text(each).equals("\"oob\""));
    return new Greeting(document, body.text(version), oob);
  }

  private static boolean isA(Document document, String key, Kind kind) {
    Member member = document.member(key);
    return member != null && member.kind() == kind;
  }
}
