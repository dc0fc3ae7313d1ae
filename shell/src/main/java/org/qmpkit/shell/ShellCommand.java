package org.qmpkit.shell;

import java.util.List;
import org.qmpkit.client.QmpException;

/**
 * A command of the shell itself: a file each, and a line in {@link ShellCommands}. What it needs
 * beyond a few lines of code belongs into other classes, so that nothing of them is loaded before
 * it is wanted.
 */
interface ShellCommand {
  /** The word that a line begins with. */
  String name();

  /** What a line may look like, a form each, as in a manual. */
  List<String> forms();

  /** What it does, in half a line. */
  String summary();

  /** What {@code help} says of it besides; may have several lines. */
  default String details() {
    return "";
  }

  /** Whether it has a use where there is no QEMU, as in HMP mode when that is gone. */
  default boolean offline() {
    return false;
  }

  /**
   * What Tab offers behind the words that stand there already, this command's name not among them.
   */
  default Offer offer(List<String> before) {
    return Offer.NOTHING;
  }

  /**
   * Does it; blocks, until it is done or this thread is interrupted.
   *
   * @param line what stands behind the name
   * @return an {@link ExitStatus}
   * @throws LineException if the line makes no sense
   * @throws QmpException if QEMU does not do its part
   * @throws InterruptedException if this thread is interrupted: the user pressed Ctrl-C
   */
  int run(Session session, OwnLine line) throws LineException, QmpException, InterruptedException;
}
