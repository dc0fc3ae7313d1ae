package org.qmpkit.shell;

import org.jspecify.annotations.Nullable;

/** How a shell behaves, as its user set it. One thread at a time. */
final class Settings {
  private boolean confirms;
  private boolean stopsOnError;
  private @Nullable Variables variables;

  /** The settings at the start; whether a file ends at the first line that fails is given. */
  Settings(boolean stopsOnError) {
    this.stopsOnError = stopsOnError;
  }

  /** Whether a person is asked before what ends the guest or destroys data. */
  boolean confirms() {
    return confirms;
  }

  /** Asks from here on before what ends the guest or destroys data, or does not. */
  void confirm(boolean on) {
    confirms = on;
  }

  /** Whether a file of lines ends at the first that fails. */
  boolean stopsOnError() {
    return stopsOnError;
  }

  /** Ends files of lines at the first that fails, or does not. */
  void stopOnError(boolean on) {
    stopsOnError = on;
  }

  /** What stands for what in files of lines. */
  Variables variables() {
    Variables known = variables == null ? new Variables() : variables;
    variables = known;
    return known;
  }
}
