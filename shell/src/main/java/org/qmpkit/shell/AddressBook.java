package org.qmpkit.shell;

import org.qmpkit.net.Address;

/** What the words that people write for addresses stand for. */
@FunctionalInterface
public interface AddressBook {
  /**
   * The address that a word is, or stands for; may block while it is looked for.
   *
   * @throws IllegalArgumentException if there is none, or more than one; the message says so
   */
  Address find(String word);
}
