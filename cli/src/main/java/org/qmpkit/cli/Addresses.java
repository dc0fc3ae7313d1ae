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
}
