package org.qmpkit.net.linux;

import static org.qmpkit.net.linux.Libc.C;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** Terminals: devices and pairs, and the modes they have; termios(3), pty(7). */
final class Terminals {
  /** At least {@code sizeof (struct termios)}, which is 60 bytes. */
  private static final int MODES_SIZE = 128;

  private static final int CONTROL_FLAGS = 8;
  private static final int CREAD = 0x80;
  private static final int CLOCAL = 0x800;
  private static final int NOW = 0;

  private static final int RDWR = 2;
  private static final int NOCTTY = 0x100;
  private static final int NONBLOCK = 0x800;
  private static final int CLOEXEC = 0x80000;
  private static final int LONGEST_NAME = 128;

  private static final SymbolLookup LOOKUP = Linker.nativeLinker().defaultLookup();
  private static final MethodHandle OPEN = Libc.function(LOOKUP, "open");
  private static final MethodHandle TCGETATTR = Libc.function(LOOKUP, "tcgetattr");
  private static final MethodHandle TCSETATTR = Libc.function(LOOKUP, "tcsetattr");
  private static final MethodHandle CFMAKERAW = Libc.function(LOOKUP, "cfmakeraw");
  private static final MethodHandle POSIX_OPENPT = Libc.function(LOOKUP, "posix_openpt");
  private static final MethodHandle GRANTPT = Libc.function(LOOKUP, "grantpt");
  private static final MethodHandle UNLOCKPT = Libc.function(LOOKUP, "unlockpt");
  private static final MethodHandle PTSNAME_R = Libc.function(LOOKUP, "ptsname_r");

  private Terminals() {}

  /**
   * A pair whose other end nobody has opened yet.
   *
   * @param descriptor of our end, non-blocking
   * @param name of the other, as {@code /dev/pts/3}
   */
  record Pair(int descriptor, String name) {}

  /**
   * Opens a device, non-blocking, and never as this process's own terminal.
   *
   * @return its descriptor
   * @throws IOException if that cannot be, with the system's text
   */
  static int open(String path) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      long name = arena.allocateFrom(path).address();
      return Libc.checked(Libc.call(OPEN, name, RDWR | NOCTTY | NONBLOCK | CLOEXEC));
    }
  }

  /**
   * Makes a pair, in raw mode.
   *
   * @throws IOException if the system has none left
   */
  static Pair pair() throws IOException {
    int descriptor = Libc.checked(Libc.call(POSIX_OPENPT, RDWR | NOCTTY | NONBLOCK | CLOEXEC));
    boolean made = false;
    try (Arena arena = Arena.ofConfined()) {
      Libc.checked(Libc.call(GRANTPT, descriptor));
      Libc.checked(Libc.call(UNLOCKPT, descriptor));
      MemorySegment name = arena.allocate(LONGEST_NAME);
      int error = Libc.call(PTSNAME_R, descriptor, name.address(), LONGEST_NAME);
      if (error != 0) {
        throw Errno.exception(Math.abs(error));
      }
      makeRaw(descriptor);
      Pair pair = new Pair(descriptor, name.getString(0));
      made = true;
      return pair;
    } finally {
      if (!made) {
        Libc.call(C.close(), descriptor);
      }
    }
  }

  /**
   * Puts a terminal in raw mode: every byte passes as it is, whatever the modem lines say.
   *
   * @return the modes it had, for {@link #restore}; none if it is no terminal
   * @throws IOException if it is one, and refuses
   */
  static byte[] makeRaw(int descriptor) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment modes = arena.allocate(MODES_SIZE, 8);
      int result = Libc.call(TCGETATTR, descriptor, modes.address());
      if (result == -Errno.ENOTTY || result == -Errno.EINVAL) {
        return new byte[0];
      }
      Libc.checked(result);
      byte[] before = modes.toArray(ValueLayout.JAVA_BYTE);
      Libc.call(CFMAKERAW, modes.address());
      int control = modes.get(ValueLayout.JAVA_INT, CONTROL_FLAGS);
      modes.set(ValueLayout.JAVA_INT, CONTROL_FLAGS, control | CLOCAL | CREAD);
      Libc.checked(Libc.call(TCSETATTR, descriptor, NOW, modes.address()));
      return before;
    }
  }

  /** Gives a terminal the modes it had; nothing if it has gone. */
  static void restore(int descriptor, byte[] before) {
    if (before.length > 0) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment modes = arena.allocate(MODES_SIZE, 8);
        MemorySegment.copy(before, 0, modes, ValueLayout.JAVA_BYTE, 0, before.length);
        Libc.call(TCSETATTR, descriptor, NOW, modes.address());
      }
    }
  }
}
