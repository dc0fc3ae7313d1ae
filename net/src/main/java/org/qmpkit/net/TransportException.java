package org.qmpkit.net;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A connection or a listener that did not come about; its message is one line of the four parts.
 */
public final class TransportException extends IOException {
  private static final long serialVersionUID = 1;

  private final String attempted;
  private final String address;
  private final String reason;
  private final String remedy;
  private final boolean retryable;

  /**
   * Says what failed.
   *
   * @param attempted what was attempted, before the address: "connect to", "listen on"
   * @param address where
   * @param reason why it failed
   * @param remedy what to do; empty if there is nothing to say
   * @param retryable true if the same attempt may succeed later without anybody changing it
   * @param cause the system's own word, if any
   */
  public TransportException(
      String attempted,
      Address address,
      String reason,
      String remedy,
      boolean retryable,
      @Nullable Throwable cause) {
    super(
        "cannot "
            + attempted
            + " "
            + address
            + ": "
            + reason
            + (remedy.isEmpty() ? "" : "; " + remedy),
        cause);
    this.attempted = attempted;
    this.address = address.toString();
    this.reason = reason;
    this.remedy = remedy;
    this.retryable = retryable;
  }

  /** What was attempted, as "connect to" or "listen on". */
  public String attempted() {
    return attempted;
  }

  /** The address it was attempted on, in its canonical spelling. */
  public String address() {
    return address;
  }

  /** Why it failed. */
  public String reason() {
    return reason;
  }

  /** What to do about it; may be empty. */
  public String remedy() {
    return remedy;
  }

  /** True if the same attempt may succeed later, as when the other side has yet to start. */
  public boolean retryable() {
    return retryable;
  }
}
