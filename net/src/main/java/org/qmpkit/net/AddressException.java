package org.qmpkit.net;

/** A text, or the parts of an {@link Address}, that cannot be read as an address: a usage error. */
public final class AddressException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  /**
   * Says what is wrong with an address, in one line.
   *
   * @param input the address as it was written
   * @param problem the piece that is wrong, and the rule it breaks
   * @param example an address that keeps the rule
   */
  public AddressException(String input, String problem, String example) {
    super("cannot read address '" + input + "': " + problem + "; example: " + example);
  }
}
