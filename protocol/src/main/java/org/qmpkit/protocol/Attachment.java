package org.qmpkit.protocol;

import org.jspecify.annotations.Nullable;

/**
 * What came along with a client's bytes and goes to QEMU with one command: open descriptors, of
 * which nothing more is known here. It has one owner, which closes it.
 */
public interface Attachment extends AutoCloseable {
  /** Why it can't go to QEMU, for its client; null if it can. */
  @Nullable String objection();

  /** Gives it back. Idempotent; does not block. */
  @Override
  void close();
}
