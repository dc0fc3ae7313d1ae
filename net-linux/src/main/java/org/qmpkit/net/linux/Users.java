package org.qmpkit.net.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static org.qmpkit.net.linux.Libc.C;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The host's user database. */
final class Users {
  /** Room for {@code struct passwd}, which has 48 bytes, and for the texts it points to. */
  private static final int STRUCT = 64;

  private static final int TEXTS = 16 * 1024;

  private Users() {}

  /** The name of a user, or their number if they have none. May wait for the database. */
  static String name(long uid) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment entry = arena.allocate(STRUCT, 8);
      MemorySegment texts = arena.allocate(TEXTS);
      MemorySegment found = arena.allocate(ADDRESS);
      int result =
          Libc.call(C.getpwuidR(), uid, entry.address(), texts.address(), TEXTS, found.address());
      // The name is the first of its fields.
      return result != 0 || found.get(ADDRESS, 0).address() == 0
          ? Long.toString(uid)
          : entry.get(ADDRESS, 0).reinterpret(TEXTS).getString(0);
    }
  }
}
