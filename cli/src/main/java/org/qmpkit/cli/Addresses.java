package org.qmpkit.cli;

import org.qmpkit.net.Address;
import org.qmpkit.net.AddressException;

/** Addresses as they are written on a command line. */
final class Addresses {
  private Addresses() {}

  /**
   * Reads one, as every tool but the shell does.
   *
   * @throws UsageException if it is none
   */
  static Address parse(String text) throws UsageException {
    try {
      return Address.parse(text);
    } catch (AddressException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }

  /**
   * Reads the address or the name of a monitor to connect to; blocks, for a name.
   *
   * @throws UsageException if it is neither, or the name of several
   */
  static Address ofMonitor(String text) throws UsageException {
    return Names.here().find(text, Address::parse);
  }

  /** Says on standard error what a name stands for. */
  static void tell(String tool, String given, Address address) {
    boolean path = address.scheme().equals("unix") && address.target().startsWith("/");
    if (path && given.indexOf('/') < 0) {
      System.err.println("qmp " + tool + ": '" + given + "' is " + address);
    }
  }
}
