package org.qmpkit.helper;

import java.lang.reflect.Proxy;

/**
 * The operating system's signals, by {@code sun.misc.Signal} of jdk.unsupported: Java has no other
 * way. It is only named in strings, because the compiler's warning of it can't be turned off.
 */
final class Signals {
  private static final String SIGNAL = "sun.misc.Signal";
  private static final String HANDLER = "sun.misc.SignalHandler";

  private Signals() {}

  /**
   * Runs {@code handler}, on a thread of its own, whenever a signal comes.
   *
   * @param name without {@code SIG}, as {@code TERM}
   */
  static void handle(String name, Runnable handler) {
    try {
      Class<?> signals = Class.forName(SIGNAL);
      Class<?> handlers = Class.forName(HANDLER);
      Object called =
          Proxy.newProxyInstance(
              Signals.class.getClassLoader(),
              new Class<?>[] {handlers},
              (proxy, method, arguments) -> {
                // Nothing but handle() is ever called.
                handler.run();
                return null;
              });
      Object signal = signals.getConstructor(String.class).newInstance(name);
      signals.getMethod("handle", signals, handlers).invoke(null, signal, called);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this JVM gives no signals: " + e, e);
    }
  }
}
