package org.qmpkit.protocol;

/** What counts the commands and events of a {@link Broker}. Called on its thread. */
public interface Meter {
  /** What became of a client's command. */
  enum Outcome {
    /** QEMU returned a value. */
    OK,
    /** QEMU answered with an error. */
    ERROR,
    /** QEMU's answer is longer than clients are passed. */
    REFUSED,
    /** Commands nobody waits for held every place at QEMU, or kept others waiting. */
    BUSY,
    /** It took longer than its deadline. */
    TIMEOUT,
    /** The connection to QEMU was lost before there was an answer. */
    GONE
  }

  /** Counts nothing. */
  Meter NONE =
      new Meter() {
        @Override
        public void answered(String command, Outcome outcome, long waited, long took) {
          // Nobody asks.
        }

        @Override
        public void unanswered(String command, Outcome outcome) {
          // Nobody asks.
        }

        @Override
        public void happened() {
          // Nobody asks.
        }
      };

  /**
   * QEMU has answered.
   *
   * @param command its name, as a client wrote it
   * @param waited for its turn, in nanoseconds
   * @param took since then, in nanoseconds
   */
  void answered(String command, Outcome outcome, long waited, long took);

  /** The caller was told that there is no answer. */
  void unanswered(String command, Outcome outcome);

  /** QEMU has sent an event. */
  void happened();
}
