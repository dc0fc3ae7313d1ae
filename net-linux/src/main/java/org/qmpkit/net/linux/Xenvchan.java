package org.qmpkit.net.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The functions of libxenvchan ({@code libxenvchan.h}), each as a method handle of {@link Libc}'s
 * shape. A channel belongs to one thread at a time; only {@code wait} can block, and is called when
 * the descriptor is readable.
 */
record Xenvchan(
    MethodHandle clientInit,
    MethodHandle serverInit,
    MethodHandle read,
    MethodHandle write,
    MethodHandle waitFor,
    MethodHandle fdForSelect,
    MethodHandle isOpen,
    MethodHandle dataReady,
    MethodHandle bufferSpace,
    MethodHandle close) {

  /** The library, made at the first use; null if it is not here. */
  static final @Nullable Xenvchan LIBRARY = load();

  /** {@code sizeof (struct libxenvchan)}, and where the bits of its flags are. */
  private static final long SIZE = 88;

  private static final long FLAGS = 0x1c;

  private static @Nullable Xenvchan load() {
    SymbolLookup library = Libc.unavailable().isPresent() ? null : Library.load("libxenvchan.so");
    return library == null
        ? null
        : new Xenvchan(
            Libc.function(library, "libxenvchan_client_init"),
            Libc.function(library, "libxenvchan_server_init"),
            Libc.function(library, "libxenvchan_read"),
            Libc.function(library, "libxenvchan_write"),
            Libc.function(library, "libxenvchan_wait"),
            Libc.function(library, "libxenvchan_fd_for_select"),
            Libc.function(library, "libxenvchan_is_open"),
            Libc.function(library, "libxenvchan_data_ready"),
            Libc.function(library, "libxenvchan_buffer_space"),
            Libc.function(library, "libxenvchan_close"));
  }

  static Optional<String> unavailable() {
    return Libc.unavailable()
        .or(() ->
            LIBRARY == null
                ? Optional.of(
                    "libxenvchan.so not found; install libxenvchan (Debian: libxenmisc4.17) or"
                        + " xen-utils")
                : Optional.empty());
  }

  static Xenvchan library() {
    Xenvchan library = LIBRARY;
    if (library == null) {
      throw new IllegalStateException("libxenvchan was not asked for");
    }
    return library;
  }

  /**
   * Connects to a server; may wait for xenstored.
   *
   * @return the channel
   * @throws IOException if there is no server, with the system's word
   */
  static long connect(int domid, String path) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      long channel =
          Libc.pointer(library().clientInit(), 0, domid, arena.allocateFrom(path).address(), 0, 0);
      return ours(channel, false);
    }
  }

  /**
   * Makes a server, of rings of the library's usual sizes; may wait for xenstored.
   *
   * @throws IOException if that cannot be, with the system's word
   */
  static long serve(int domid, String path) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      long channel =
          Libc.pointer(library().serverInit(), 0, domid, arena.allocateFrom(path).address(), 0, 0);
      return ours(channel, true);
    }
  }

  /**
   * Sets the flags that the library leaves as it found the memory: non-blocking, not persistent.
   */
  private static long ours(long channel, boolean server) {
    MemorySegment.ofAddress(channel)
        .reinterpret(SIZE)
        .set(JAVA_BYTE, FLAGS, (byte) (server ? 1 : 0));
    return channel;
  }
}
