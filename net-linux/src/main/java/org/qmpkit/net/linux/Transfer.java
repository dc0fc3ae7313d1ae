package org.qmpkit.net.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;

/** Reading and writing once, where C can reach the bytes. */
final class Transfer {
  private Transfer() {}

  /** Reads into what is free of a buffer; the function's result, which moves the position. */
  static int read(MethodHandle how, long from, ByteBuffer into, MemorySegment scratch) {
    return move(how, from, into, false, scratch);
  }

  /** Writes what is left of a buffer; the function's result, which moves the position. */
  static int write(MethodHandle how, long to, ByteBuffer bytes, MemorySegment scratch) {
    return move(how, to, bytes, true, scratch);
  }

  private static int move(
      MethodHandle how, long handle, ByteBuffer bytes, boolean out, MemorySegment scratch) {
    int size = bytes.remaining();
    int count;
    if (bytes.isDirect()) {
      count = Libc.call(how, handle, MemorySegment.ofBuffer(bytes).address(), size);
    } else {
      MemorySegment heap = MemorySegment.ofBuffer(bytes);
      size = (int) Math.min(size, scratch.byteSize());
      if (out) {
        MemorySegment.copy(heap, JAVA_BYTE, 0, scratch, JAVA_BYTE, 0, size);
      }
      count = Libc.call(how, handle, scratch.address(), size);
      if (count > 0 && !out) {
        MemorySegment.copy(scratch, JAVA_BYTE, 0, heap, JAVA_BYTE, 0, Math.min(count, size));
      }
    }
    // A peer that lies about shared memory can't make more of it than there was room for.
    if (count > 0) {
      bytes.position(bytes.position() + Math.min(count, size));
    }
    return count;
  }
}
