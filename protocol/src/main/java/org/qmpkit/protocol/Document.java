package org.qmpkit.protocol;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One framed JSON value in canonical bytes, with an index of what it holds at its top level.
 *
 * <p>The index holds the first 1,024 members, and {@code id} wherever it is.
 *
 * <p>Canonical means: ASCII, on one line, double quotes, no optional white space but that of its
 * {@link Dialect}; the spelling of numbers and of escapes is kept. Canonical bytes scan to
 * themselves. Immutable.
 */
public final class Document implements Scanned {
  /** The six kinds of JSON value, both literals of bool being one. */
  public enum Kind {
    OBJECT,
    ARRAY,
    STRING,
    NUMBER,
    BOOLEAN,
    NULL
  }

  /**
   * One member of an object, or one element of an array.
   *
   * @param key the decoded key; empty for an element
   * @param kind the kind of the value
   * @param start where it begins in the text: at its key, or for an element at its value
   * @param value where its value begins
   * @param end just past its value
   */
  record Member(String key, Kind kind, int start, int value, int end) {}

  private final byte[] text;
  private final Kind kind;
  private final List<Member> members;
  private final Dialect dialect;

  Document(byte[] text, Kind kind, List<Member> members, Dialect dialect) {
    this.text = text;
    this.kind = kind;
    this.members = members;
    this.dialect = dialect;
  }

  public Kind kind() {
    return kind;
  }

  /** The length of the canonical text in bytes. */
  public int length() {
    return text.length;
  }

  /** The canonical text. */
  @Override
  public String toString() {
    return Ascii.text(text, 0, text.length);
  }

  /** The canonical bytes, as they are: not to be changed. */
  byte[] bytes() {
    return text;
  }

  List<Member> members() {
    return members;
  }

  @Nullable Member member(String key) {
    for (Member member : members) {
      if (member.key().equals(key)) {
        return member;
      }
    }
    return null;
  }

  boolean has(String key) {
    return member(key) != null;
  }

  /** The canonical text of a member's value. */
  String text(Member member) {
    return Ascii.text(text, member.value(), member.end());
  }

  /** The value of a member that is an object or array, as a document of its own. */
  Document nested(Member member) {
    return Scanner.document(text(member), dialect);
  }

  /** This document on a line of its own, as QEMU ends it. */
  byte[] line() {
    return concat(text, 0, text.length, "", text, text.length);
  }

  /**
   * This object on a line of its own, with the member {@code id} in the same place set to other
   * canonical text, or without it where that is null.
   */
  byte[] lineWithId(@Nullable String id) {
    Member member = member("id");
    if (member == null) {
      return line();
    }
    if (id != null) {
      return concat(text, 0, member.value(), id, text, member.end());
    }
    int at = members.indexOf(member);
    if (at > 0) {
      return concat(text, 0, members.get(at - 1).end(), "", text, member.end());
    }
    int next = members.size() > 1 ? members.get(1).start() : member.end();
    return concat(text, 0, member.start(), "", text, next);
  }

  private static byte[] concat(
      byte[] head, int from, int to, String middle, byte[] tail, int rest) {
    byte[] line = new byte[to - from + middle.length() + tail.length - rest + 2];
    int at = to - from;
    System.arraycopy(head, from, line, 0, at);
    System.arraycopy(Ascii.bytes(middle), 0, line, at, middle.length());
    at += middle.length();
    System.arraycopy(tail, rest, line, at, tail.length - rest);
    line[line.length - 2] = '\r';
    line[line.length - 1] = '\n';
    return line;
  }
}
