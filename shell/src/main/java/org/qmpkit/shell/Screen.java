package org.qmpkit.shell;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a shell reads its lines and writes what it has to say. Reading is for one thread; writing
 * for any.
 */
interface Screen extends AutoCloseable {
  /** What a user did in the place of a line: Ctrl-C. */
  final class Cancelled extends Exception {
    private static final long serialVersionUID = 1;

    Cancelled() {
      super("cancelled", null, false, false);
    }
  }

  /** Whether a person is there. */
  boolean interactive();

  /** The colours it has. */
  Palette palette();

  /**
   * The next line, or several that came at once; blocks.
   *
   * @return null at the end
   * @throws Cancelled if the user gives this one up
   */
  @Nullable String read(String prompt) throws Cancelled, IOException;

  /** The answer to a question, which is not remembered among the lines; else as {@link #read}. */
  @Nullable String ask(String question) throws Cancelled, IOException;

  /** Writes a result, and ends its line; may wait for a person who pages through it. */
  void result(String text);

  /** Writes what is no result: an error, a note. */
  void say(String text);

  /** Writes an event; above the line that is being typed, if there is one. */
  void event(String text);

  /**
   * Rows that are drawn again in their place until it is closed; then the last stay. Null where
   * nothing can be drawn in its place. One at a time.
   */
  @Nullable Frame frame();

  /** Shows a picture as well as it can; where nobody looks, its size alone. */
  void picture(Picture picture);

  /** Rows that change. */
  interface Frame extends AutoCloseable {
    /** Shows these in the place of those before; what does not fit is cut off. */
    void show(List<String> rows);

    @Override
    void close();
  }

  @Override
  void close();
}
