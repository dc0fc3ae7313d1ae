package org.qmpkit.shell;

import java.util.List;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.utils.AttributedString;

/** Rows of a terminal that are drawn in place, at the end of what is on it. Safe for threads. */
final class TerminalFrame implements Screen.Frame {
  private static final String TO_END_OF_LINE = "\033[K";
  private static final String TO_END_OF_SCREEN = "\033[J";

  private final Terminal terminal;
  private final Object writing;
  private final Runnable closed;
  private List<String> rows = List.of();

  /** How many rows are on the screen. */
  private int drawn;

  /**
   * A frame without rows.
   *
   * @param writing who has it may write to the terminal
   * @param closed hears that it is closed
   */
  TerminalFrame(Terminal terminal, Object writing, Runnable closed) {
    this.terminal = terminal;
    this.writing = writing;
    this.closed = closed;
  }

  @Override
  public void show(List<String> some) {
    synchronized (writing) {
      rows = List.copyOf(some);
      draw("");
    }
  }

  /** Writes a text above it. */
  void above(String text) {
    draw(text + TO_END_OF_LINE + "\n");
  }

  private void draw(String above) {
    Size size = terminal.getSize();
    int width = Math.max(size.getColumns() - 1, 1);
    int height = Math.max(size.getRows() - 1, 1);
    StringBuilder text = new StringBuilder("\r");
    if (drawn > 0) {
      text.append("\033[").append(Math.min(drawn, height)).append('A');
    }
    if (!above.isEmpty()) {
      text.append(TO_END_OF_SCREEN);
    }
    text.append(above);
    int count = Math.min(rows.size(), height);
    for (int i = 0; i < count; i++) {
      boolean cut = i == height - 1 && rows.size() > height;
      String row = cut ? "… " + (rows.size() - i) + " rows more" : rows.get(i);
      AttributedString attributed = AttributedString.fromAnsi(row);
      text.append(attributed.columnSubSequence(0, width).toAnsi(terminal))
          .append(TO_END_OF_LINE)
          .append('\n');
    }
    text.append(TO_END_OF_SCREEN);
    drawn = count;
    terminal.writer().print(text);
    terminal.flush();
  }

  @Override
  public void close() {
    synchronized (writing) {
      closed.run();
    }
  }
}
