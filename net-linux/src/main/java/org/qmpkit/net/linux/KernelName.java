package org.qmpkit.net.linux;

import java.net.SocketAddress;

/** A UNIX socket's name in the kernel's own name space, which no file stands for; unix(7). */
final class KernelName extends SocketAddress {
  private static final long serialVersionUID = 1;

  private final String name;

  KernelName(String name) {
    this.name = name;
  }

  /** Without the NUL that comes before it. */
  String name() {
    return name;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof KernelName that && name.equals(that.name);
  }

  @Override
  public int hashCode() {
    return name.hashCode();
  }

  @Override
  public String toString() {
    return "@" + name;
  }
}
