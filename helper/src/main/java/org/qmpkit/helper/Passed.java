package org.qmpkit.helper;

import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Descriptors;
import org.qmpkit.protocol.Attachment;

/**
 * Descriptors that somebody passed, on their way to the other side of a route.
 *
 * @param objection why they can't go there; null if they can
 */
record Passed(Descriptors descriptors, @Nullable String objection) implements Attachment {

  /** What was passed, for the endpoint of an address. */
  static Passed to(Address address, Descriptors descriptors) {
    return new Passed(
        descriptors,
        !descriptors.whole()
            ? "more than "
                + Descriptors.MOST
                + " descriptors came at once, or more than the helper can take"
            : address.flag("fds", false) ? null : cannotCarry(address));
  }

  private static String cannotCarry(Address address) {
    boolean could = address.scheme().equals("unix") || address.scheme().equals("fd");
    return address
        + " can't carry descriptors; "
        + (could ? "add ,fds=on to it" : "only a UNIX socket can, with fds=on");
  }

  @Override
  public void close() {
    descriptors.close();
  }
}
