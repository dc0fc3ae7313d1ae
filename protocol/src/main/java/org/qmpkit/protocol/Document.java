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
    /** Members in braces. */
    OBJECT,
    /** Elements in brackets. */
    ARRAY,
    /** Characters in quotes. */
    STRING,
    /** A number, in whatever spelling. */
    NUMBER,
    /** {@code true} or {@code false}. */
    BOOLEAN,
    /** {@code null}. */
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

  private static final byte[] LINE_END = {'\r', '\n'};

  /** From how many bytes on a line is made without copying them. */
  private static final int LONG = 4 * 1024;

  private final byte[] text;
  private final int length;
  private final Kind kind;
  private final List<Member> members;
  private final Dialect dialect;

  /** A document of the first bytes of an array that nobody changes any more. */
  Document(byte[] text, int length, Kind kind, List<Member> members, Dialect dialect) {
    this.text = text;
    this.length = length;
    this.kind = kind;
    this.members = members;
    this.dialect = dialect;
  }

  /** The kind of the value. */
  public Kind kind() {
    return kind;
  }

  /** The length of the canonical text in bytes. */
  public int length() {
    return length;
  }

  /** The canonical text. */
  @Override
  public String toString() {
    return Ascii.text(text, 0, length);
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
  Line line() {
    return line(length, "", length);
  }

  /** This object on a line of its own, with one more member behind those that it has. */
  Line lineWith(String key, String value) {
    String more = ", " + JsonString.quote(key) + ": " + value + "}\r\n";
    return new Line(text, length - 1, Ascii.bytes(more));
  }

  /**
   * This object on a line of its own, with the member {@code id} in the same place set to other
   * canonical text, or without it where that is null.
   */
  Line lineWithId(@Nullable String id) {
    Cut cut = cut(id);
    return line(cut.before(), cut.middle(), cut.after());
  }

  /** How many bytes {@link #lineWithId} has, which need not be made for that. */
  int sizeWithId(@Nullable String id) {
    Cut cut = cut(id);
    return cut.before() + cut.middle().length() + length - cut.after() + LINE_END.length;
  }

  /** Where this text is left out, from one place to another, for something in the middle. */
  private record Cut(int before, String middle, int after) {}

  private Cut cut(@Nullable String id) {
    Member member = member("id");
    if (member == null) {
      return new Cut(length, "", length);
    }
    if (id != null) {
      return new Cut(member.value(), id, member.end());
    }
    int at = members.indexOf(member);
    if (at > 0) {
      return new Cut(members.get(at - 1).end(), "", member.end());
    }
    int next = members.size() > 1 ? members.get(1).start() : member.end();
    return new Cut(member.start(), "", next);
  }

  /** The line of what is before a place, something in the middle, and what is after another. */
  private Line line(int before, String middle, int after) {
    if (before >= LONG) {
      return new Line(text, before, join(0, middle, after));
    }
    return Line.of(join(before, middle, after));
  }

  private byte[] join(int before, String middle, int after) {
    byte[] joined = new byte[before + middle.length() + length - after + LINE_END.length];
    System.arraycopy(text, 0, joined, 0, before);
    System.arraycopy(Ascii.bytes(middle), 0, joined, before, middle.length());
    System.arraycopy(text, after, joined, before + middle.length(), length - after);
    System.arraycopy(LINE_END, 0, joined, joined.length - LINE_END.length, LINE_END.length);
    return joined;
  }
}
