package org.qmpkit.net.linux;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import org.qmpkit.net.BacklogFullException;

/** The numbers of errno that mean something to us; the same on x86-64 and AArch64. */
final class Errno {
  static final int EPERM = 1;
  static final int ENOENT = 2;
  static final int ESRCH = 3;
  static final int EINTR = 4;
  static final int EIO = 5;
  static final int ENXIO = 6;
  static final int EBADF = 9;
  static final int EAGAIN = 11;
  static final int ENOMEM = 12;
  static final int EACCES = 13;
  static final int EFAULT = 14;
  static final int EBUSY = 16;
  static final int ENODEV = 19;
  static final int EINVAL = 22;
  static final int ENOTTY = 25;
  static final int ENOSPC = 28;
  static final int EPIPE = 32;
  static final int ENOSYS = 38;
  static final int EMSGSIZE = 90;
  static final int EOPNOTSUPP = 95;
  static final int EAFNOSUPPORT = 97;
  static final int EADDRINUSE = 98;
  static final int EADDRNOTAVAIL = 99;
  static final int ENETUNREACH = 101;
  static final int ECONNABORTED = 103;
  static final int ECONNRESET = 104;
  static final int ENOBUFS = 105;
  static final int ENOTCONN = 107;
  static final int ETIMEDOUT = 110;
  static final int ETOOMANYREFS = 109;
  static final int ECONNREFUSED = 111;
  static final int EHOSTUNREACH = 113;
  static final int EINPROGRESS = 115;

  private static final int[] TOLD_APART = {
    EPERM,
    EACCES,
    ENODEV,
    EAFNOSUPPORT,
    EADDRINUSE,
    EADDRNOTAVAIL,
    ENETUNREACH,
    ECONNRESET,
    ETIMEDOUT,
    ECONNREFUSED,
    EHOSTUNREACH
  };

  private Errno() {}

  /** Whether a sendmsg failed for the descriptors it was to pass along, and not for the peer. */
  static boolean isOfDescriptors(int errno) {
    return switch (errno) {
      case ETOOMANYREFS, EBADF, EINVAL, EPERM, EACCES -> true;
      default -> false;
    };
  }

  /** The number behind an {@link #exception}, which has only its text; 0 for other numbers. */
  static int of(IOException e) {
    for (int errno : TOLD_APART) {
      if (text(errno).equals(e.getMessage())) {
        return errno;
      }
    }
    return 0;
  }

  static String text(int errno) {
    return Libc.Texts.of(errno);
  }

  /** As the JDK would say it, so that one piece of code understands both. */
  static IOException exception(int errno) {
    return switch (errno) {
      case ECONNREFUSED, ETIMEDOUT -> new ConnectException(text(errno));
      case EACCES, EPERM -> new BindException(text(errno));
      case EAGAIN -> new BacklogFullException();
      default -> new IOException(text(errno));
    };
  }
}
