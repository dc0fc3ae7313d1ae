package org.qmpkit.client;

/**
 * Hears what goes over a connection, message by message and in the order of the wire ({@link
 * QmpClient#tap}). Texts are JSON in ASCII, on one line. The negotiation is not among them.
 *
 * <p>Called on the loop of the connection: it must neither block nor throw.
 */
public interface Tap {
  /**
   * A command goes to QEMU.
   *
   * @param id the number that its answer will have
   */
  void sent(long id, String message);

  /**
   * A command is answered, by {@code return} or {@code error}; also one that was sent before the
   * tap was there.
   *
   * @param id the number that the command had; from a guest agent, which has none, 0
   */
  void answered(long id, String message);

  /** An event came. */
  void happened(String message);
}
