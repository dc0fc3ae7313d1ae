package org.qmpkit.protocol;

import java.util.Arrays;

/** Where in the grammar of JSON one message is: what is open, and what may come next. */
final class Grammar {
  // What may come next: bits, since two things may at the start of an object and of an array.
  static final int VALUE = 1;
  static final int KEY = 2;
  static final int COLON = 4;
  static final int COMMA = 8;
  static final int CLOSE = 16;

  int want = VALUE;
  int depth;

  /** For each that is open, from the outermost, whether it is an object. */
  boolean[] objects = new boolean[16];

  void reset() {
    want = VALUE;
    depth = 0;
  }

  boolean wants(int what) {
    return (want & what) != 0;
  }

  /** Whether the innermost that is open is an object. */
  boolean inObject() {
    return objects[depth - 1];
  }

  void open(boolean object) {
    if (depth == objects.length) {
      objects = Arrays.copyOf(objects, depth * 2);
    }
    objects[depth++] = object;
    want = (object ? KEY : VALUE) | CLOSE;
  }

  /** What is wrong with anything but what is wanted, in the words of QEMU's parser. */
  String fault() {
    return wants(VALUE)
        ? "expecting value"
        : wants(KEY)
            ? "key is not a string in object"
            : wants(COLON) ? "missing : in object pair" : "expected separator in dict or list";
  }
}
