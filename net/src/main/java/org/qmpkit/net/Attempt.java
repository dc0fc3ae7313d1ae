package org.qmpkit.net;

/** A connection under way. */
public interface Attempt extends AutoCloseable {

  /**
   * Gives up: nobody is called any more, and what was opened is closed. Nothing if the outcome is
   * known already: an endpoint that was handed over stays. Idempotent, from any thread; on another
   * than the loop's, the call to {@link Connecting} may be under way.
   */
  @Override
  void close();

  /** An attempt that is bound to fail, and says so in a later turn as every other does. */
  static Attempt refused(Loop loop, Connecting connecting, TransportException why) {
    Refusal refusal = new Refusal(connecting, why);
    loop.execute(refusal);
    return refusal;
  }
}
