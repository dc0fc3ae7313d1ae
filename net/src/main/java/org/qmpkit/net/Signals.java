package org.qmpkit.net;

import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * The operating system's signals, by {@code sun.misc.Signal} of jdk.unsupported: Java has no other
 * way. Names are without {@code SIG}, as {@code TERM}.
 */
public final class Signals {
  private Signals() {}

  /**
   * Runs {@code handler}, on a thread of its own, whenever a signal comes.
   *
   * @return puts back what was done with the signal before
   * @throws IllegalArgumentException if this system has no such signal, or the JVM needs it
   */
  public static Runnable handle(String name, Runnable handler) {
    return replace(name, _ -> handler.run());
  }

  /**
   * Leaves a signal to the system, which ends or stops the process by most of them.
   *
   * @return puts back what was done with the signal before
   * @throws IllegalArgumentException if this system has no such signal, or the JVM needs it
   */
  public static Runnable leave(String name) {
    return replace(name, SignalHandler.SIG_DFL);
  }

  private static Runnable replace(String name, SignalHandler handler) {
    Signal signal = new Signal(name);
    SignalHandler before = Signal.handle(signal, handler);
    return () -> Signal.handle(signal, before);
  }
}
