package org.qmpkit.net.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.qmpkit.net.linux.Libc.C;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Descriptors;

/**
 * {@code struct msghdr} with one piece of data, and room for a batch of descriptors; unix(7),
 * cmsg(3). The layouts are those of 64-bit Linux.
 */
final class Message {
  private static final int CLOEXEC = 0x40000000;
  private static final int NOSIGNAL = 0x4000;
  private static final int TRUNCATED = 8;
  private static final int RIGHTS = 1;

  // struct msghdr
  private static final long DATA = 16;
  private static final long DATA_COUNT = 24;
  private static final long CONTROL = 32;
  private static final long CONTROL_LENGTH = 40;
  private static final long FLAGS = 48;
  private static final long HEADER_SIZE = 56;

  /** struct cmsghdr: a length, a level and a type. */
  private static final long CONTROL_HEADER = 16;

  private static final long CONTROL_ROOM = CONTROL_HEADER + 4 * Descriptors.MOST;

  private final MemorySegment header;
  private final MemorySegment data;
  private final MemorySegment control;
  private final long address;
  private final int[] came = new int[Descriptors.MOST];

  Message(Arena arena) {
    header = arena.allocate(HEADER_SIZE, 8);
    data = arena.allocate(16, 8);
    control = arena.allocate(CONTROL_ROOM, 8);
    header.set(JAVA_LONG, DATA, data.address());
    header.set(JAVA_LONG, DATA_COUNT, 1);
    address = header.address();
  }

  private void set(long at, long size, long controlLength) {
    data.set(JAVA_LONG, 0, at);
    data.set(JAVA_LONG, 8, size);
    header.set(JAVA_LONG, CONTROL, controlLength == 0 ? 0 : control.address());
    header.set(JAVA_LONG, CONTROL_LENGTH, controlLength);
    header.set(JAVA_INT, FLAGS, 0);
  }

  /** Receives once; {@link #descriptors} tells what came along. */
  int receive(int socket, long at, long size) {
    // Without room the system closes what comes, and says that it did.
    set(at, size, Batch.tooManyClosing() ? 0 : CONTROL_ROOM);
    return Libc.call(C.recvmsg(), socket, address, CLOEXEC);
  }

  /** What came along with what was just received; null if nothing did. */
  @Nullable Batch descriptors() {
    boolean truncated = (header.get(JAVA_INT, FLAGS) & TRUNCATED) != 0;
    long length = header.get(JAVA_LONG, CONTROL_LENGTH);
    if (length == 0 && !truncated) {
      return null;
    }
    int count = 0;
    // Nothing else was asked for: there is one part, if any.
    if (length > CONTROL_HEADER
        && control.get(JAVA_INT, 8) == Sockets.SOL_SOCKET
        && control.get(JAVA_INT, 12) == RIGHTS) {
      count = (int) (control.get(JAVA_LONG, 0) - CONTROL_HEADER) / 4;
    }
    for (int i = 0; i < count; i++) {
      came[i] = control.get(JAVA_INT, CONTROL_HEADER + 4L * i);
    }
    return Batch.of(came, count, truncated);
  }

  /** Sends once, and with the first byte a batch that is open. */
  int send(int socket, long at, long size, int[] descriptors) {
    long length = CONTROL_HEADER + 4L * descriptors.length;
    set(at, size, length);
    control.set(JAVA_LONG, 0, length);
    control.set(JAVA_INT, 8, Sockets.SOL_SOCKET);
    control.set(JAVA_INT, 12, RIGHTS);
    for (int i = 0; i < descriptors.length; i++) {
      control.set(JAVA_INT, CONTROL_HEADER + 4L * i, descriptors[i]);
    }
    return Libc.call(C.sendmsg(), socket, address, NOSIGNAL);
  }
}
