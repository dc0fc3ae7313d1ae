package org.qmpkit.client;

import org.qmpkit.net.Address;

/**
 * The answer is QEMU's, or an agent's, but not of the shape that this program reads it as: another
 * version has other members. Of QEMU, {@link Schema#check} tells beforehand.
 */
public final class ViewMismatch extends QmpException {
  private static final long serialVersionUID = 1;

  private final String command;
  private final String path;

  ViewMismatch(
      Peer peer,
      Address address,
      String command,
      Class<?> view,
      String path,
      String why,
      Throwable cause) {
    super(
        address,
        "cannot read the answer to '"
            + command
            + "' at "
            + address
            + " as "
            + view.getSimpleName()
            + (path.isEmpty() ? "" : ": " + path)
            + ": "
            + why
            + peer.ifMismatched(),
        cause);
    this.command = command;
    this.path = path;
  }

  /** The name of the command whose answer it is. */
  public String command() {
    return command;
  }

  /** Where in the answer, as {@code qemu.major} or {@code [0].status}; empty for the whole. */
  public String path() {
    return path;
  }
}
