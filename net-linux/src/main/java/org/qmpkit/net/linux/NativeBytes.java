package org.qmpkit.net.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** The bytes of a buffer, where C can reach them. */
final class NativeBytes {
  /** A function of C that reads into memory, or writes from it. */
  @FunctionalInterface
  interface Mover {
    /**
     * Moves once.
     *
     * @param at the address of {@code size} bytes
     * @return how many it moved; negative if it could not
     */
    int move(long at, int size, boolean out);
  }

  private NativeBytes() {}

  /**
   * Moves once between a buffer and C, and moves the buffer's position with it. The bytes of a heap
   * buffer go by way of {@code scratch}, and as many at a time as that has room for.
   *
   * @param out whether C is to read the buffer; else it fills it
   * @return how many bytes were moved, or what the function returned where that is none
   */
  static int move(ByteBuffer bytes, boolean out, MemorySegment scratch, Mover mover) {
    MemorySegment own = MemorySegment.ofBuffer(bytes);
    boolean direct = bytes.isDirect();
    int size = direct ? bytes.remaining() : (int) Math.min(bytes.remaining(), scratch.byteSize());
    if (!direct && out) {
      MemorySegment.copy(own, JAVA_BYTE, 0, scratch, JAVA_BYTE, 0, size);
    }
    int count = mover.move((direct ? own : scratch).address(), size, out);
    if (count <= 0) {
      return count;
    }
    // Whatever a ring that somebody else writes makes a library say, no more than there was.
    int moved = Math.min(count, size);
    if (!direct && !out) {
      MemorySegment.copy(scratch, JAVA_BYTE, 0, own, JAVA_BYTE, 0, moved);
    }
    bytes.position(bytes.position() + moved);
    return moved;
  }
}
