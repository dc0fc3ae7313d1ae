package org.qmpkit.shell;

import java.util.List;

/** What may stand in a place of a line for the shell itself. */
sealed interface Offer {
  /** Nothing that is known. */
  Offer NOTHING = new Words(List.of());

  /** Some words. */
  record Words(List<String> words) implements Offer {}

  /** The name of an event, and some words. */
  record EventNames(List<String> words) implements Offer {}

  /** A member of an event's data, as {@code key=value}, and some words. */
  record EventMembers(String event, List<String> words) implements Offer {}

  /** The name of whatever {@code help} explains. */
  record Names() implements Offer {}

  /** A path of QOM, and some words. */
  record Paths(List<String> words) implements Offer {}

  /** The id of a job. */
  record Jobs() implements Offer {}

  /**
   * A line for QEMU.
   *
   * @param from how many words stand before it
   */
  record Line(int from) implements Offer {}
}
