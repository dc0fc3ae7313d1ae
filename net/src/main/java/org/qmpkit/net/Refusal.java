package org.qmpkit.net;

/** An {@link Attempt} whose failure is known, and told in a later turn. */
final class Refusal implements Attempt, Runnable {
  private final Connecting connecting;
  private final TransportException why;
  private volatile boolean over;

  Refusal(Connecting connecting, TransportException why) {
    this.connecting = connecting;
    this.why = why;
  }

  @Override
  public void run() {
    if (!over) {
      over = true;
      connecting.failed(why);
    }
  }

  @Override
  public void close() {
    over = true;
  }
}
