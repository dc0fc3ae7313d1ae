package org.qmpkit.net.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Locale;
import java.util.Optional;

/**
 * The functions of the C library that this module calls, each as a method handle.
 *
 * <p>All have one shape, five longs in and one out, because a shape is what costs at the first use:
 * some 10 ms without a cache of classes, against a tenth of that for each further function. The
 * calling conventions of x86-64 and AArch64 allow it: an argument has a register of 64 bits of
 * which the callee looks at its own part, registers beyond its arguments don't matter, and of a
 * result only the lower 32 bits are looked at here.
 *
 * <p>Results are as the kernel has them: -errno where C has -1. No call blocks; every descriptor
 * they are used on is non-blocking. From any thread.
 */
record Libc(
    MethodHandle socket,
    MethodHandle bind,
    MethodHandle listen,
    MethodHandle accept4,
    MethodHandle connect,
    MethodHandle shutdown,
    MethodHandle getsockname,
    MethodHandle getpeername,
    MethodHandle getsockopt,
    MethodHandle setsockopt,
    MethodHandle read,
    MethodHandle write,
    MethodHandle sendmsg,
    MethodHandle recvmsg,
    MethodHandle fcntl,
    MethodHandle close,
    MethodHandle epollCreate1,
    MethodHandle epollCtl,
    MethodHandle epollWait,
    MethodHandle eventfd,
    MethodHandle getpwuidR) {

  private static final Linker LINKER = Linker.nativeLinker();
  private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
  private static final FunctionDescriptor SHAPE =
      FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private static final VarHandle ERRNO_OF =
      Linker.Option.captureStateLayout().varHandle(MemoryLayout.PathElement.groupElement("errno"));

  /** Where a call leaves its errno; every thread has its own. */
  private static final ThreadLocal<MemorySegment> STATE =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(Linker.Option.captureStateLayout()));

  /** The library of this process; made at the first use. */
  static final Libc C = load(lookup());

  /**
   * The linker's own lookup has the C library alone; a function that a preloaded library puts in
   * front of it, as an emulated device does, is found by dlsym only.
   */
  private static SymbolLookup lookup() {
    SymbolLookup system = LINKER.defaultLookup();
    if (System.getenv("LD_PRELOAD") == null) {
      return system;
    }
    MethodHandle dlsym = function(system, "dlsym");
    return name -> {
      try (Arena arena = Arena.ofConfined()) {
        long found = invoke(dlsym, 0, arena.allocateFrom(name).address(), 0, 0, 0);
        return found == 0 ? Optional.empty() : Optional.of(MemorySegment.ofAddress(found));
      }
    };
  }

  private static Libc load(SymbolLookup lookup) {
    return new Libc(
        function(lookup, "socket"),
        function(lookup, "bind"),
        function(lookup, "listen"),
        function(lookup, "accept4"),
        function(lookup, "connect"),
        function(lookup, "shutdown"),
        function(lookup, "getsockname"),
        function(lookup, "getpeername"),
        function(lookup, "getsockopt"),
        function(lookup, "setsockopt"),
        function(lookup, "read"),
        function(lookup, "write"),
        function(lookup, "sendmsg"),
        function(lookup, "recvmsg"),
        function(lookup, "fcntl"),
        function(lookup, "close"),
        function(lookup, "epoll_create1"),
        function(lookup, "epoll_ctl"),
        function(lookup, "epoll_wait"),
        function(lookup, "eventfd"),
        function(lookup, "getpwuid_r"));
  }

  /** A function of this library that is needed seldom. */
  static MethodHandle function(String name) {
    return function(lookup(), name);
  }

  /** A function of the one shape, of this library or another. */
  static MethodHandle function(SymbolLookup lookup, String name) {
    MemorySegment symbol =
        lookup.find(name).orElseThrow(() -> new UnsatisfiedLinkError("no function " + name));
    return LINKER.downcallHandle(symbol, SHAPE, ERRNO);
  }

  /** Why none of this can be used here; empty where it can. */
  static Optional<String> unavailable() {
    String system = System.getProperty("os.name", "");
    String machine = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    return system.equals("Linux") && (machine.equals("amd64") || machine.equals("aarch64"))
        ? Optional.empty()
        : Optional.of(
            "native code is for Linux on x86-64 and AArch64, this is " + system + " on " + machine);
  }

  static int call(MethodHandle function, long a) {
    return call(function, a, 0, 0, 0, 0);
  }

  static int call(MethodHandle function, long a, long b) {
    return call(function, a, b, 0, 0, 0);
  }

  static int call(MethodHandle function, long a, long b, long c) {
    return call(function, a, b, c, 0, 0);
  }

  static int call(MethodHandle function, long a, long b, long c, long d) {
    return call(function, a, b, c, d, 0);
  }

  /**
   * Calls a function of this library.
   *
   * @return its result, or -errno where that is -1
   */
  static int call(MethodHandle function, long a, long b, long c, long d, long e) {
    int result = (int) invoke(function, a, b, c, d, e);
    return result == -1 ? -(int) ERRNO_OF.get(STATE.get(), 0L) : result;
  }

  /**
   * Calls a function that returns a pointer.
   *
   * @throws IOException if that is NULL, with the system's word
   */
  static long pointer(MethodHandle function, long a, long b, long c, long d, long e)
      throws IOException {
    long result = invoke(function, a, b, c, d, e);
    if (result == 0) {
      throw Errno.exception((int) ERRNO_OF.get(STATE.get(), 0L));
    }
    return result;
  }

  private static long invoke(MethodHandle function, long a, long b, long c, long d, long e) {
    try {
      return (long) function.invokeExact(STATE.get(), a, b, c, d, e);
    } catch (Throwable t) {
      throw new AssertionError("C throws nothing", t);
    }
  }

  /** The system's text for a negative result of {@link #call}. */
  static String text(int result) {
    return Errno.text(-result);
  }

  /** The result if it is not negative. */
  static int checked(int result) throws IOException {
    if (result < 0) {
      throw Errno.exception(-result);
    }
    return result;
  }

  /** {@code strerror}, which has another shape and is needed seldom. */
  static final class Texts {
    private static final MethodHandle STRERROR =
        LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("strerror"),
            FunctionDescriptor.of(ADDRESS, JAVA_INT));

    private Texts() {}

    static String of(int errno) {
      try {
        MemorySegment text = (MemorySegment) STRERROR.invokeExact(errno);
        return text.reinterpret(256).getString(0);
      } catch (Throwable t) {
        throw new AssertionError("C throws nothing", t);
      }
    }
  }
}
