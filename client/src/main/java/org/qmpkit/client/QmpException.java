package org.qmpkit.client;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;

/**
 * Something did not come about at a monitor. Its message is one line: what was attempted, where,
 * why, and what to do.
 *
 * <p>Checked, since peers vanish here and the compiler should ask. The kinds are split by whose
 * fault it is:
 *
 * <pre>
 *   QmpException
 *   ├── CommandFailed      QEMU, or the helper in front of it, said no
 *   ├── JobFailed          a job of QEMU's did not do what it should
 *   ├── Disconnected       there is no connection, or it was lost
 *   ├── TimedOut           nobody answered in time
 *   ├── ProtocolViolation  the far side said what is no QMP
 *   ├── ViewMismatch       the answer is not of the shape that this program reads it as
 *   └── QueueFull          this program asks faster than QEMU answers
 * </pre>
 */
public abstract sealed class QmpException extends IOException
    permits CommandFailed,
        JobFailed,
        Disconnected,
        TimedOut,
        ProtocolViolation,
        QueueFull,
        ViewMismatch {
  private static final long serialVersionUID = 1;

  /** Texts of the far side may be of any length; characters. */
  private static final int LONGEST = 1000;

  private final String address;

  QmpException(Address address, String message, @Nullable Throwable cause) {
    super(oneLine(message), cause);
    this.address = address.toString();
  }

  /** Where it was attempted, in the address's canonical spelling. */
  public String address() {
    return address;
  }

  /** Whatever the far side put into it: no control characters, and an end. */
  static String oneLine(String text) {
    String cut = text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
    return cut.replaceAll("[\\p{Cntrl}\\u0080-\\u009f\\u2028\\u2029]+", " ");
  }
}
