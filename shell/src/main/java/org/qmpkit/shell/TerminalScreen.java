package org.qmpkit.shell;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReader.Option;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.DefaultHighlighter;
import org.jline.reader.impl.LineReaderImpl;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jspecify.annotations.Nullable;

/** A person's terminal, on JLine. */
final class TerminalScreen implements Screen {
  /** The property that holds the one line of a shell: where caches are made nobody types. */
  private static final String KEYS = "qmpkit.keys";

  private static final int LATER = 100;

  private static final Pattern COLOURS = Pattern.compile("\033\\[[0-9;]*m");

  private final Terminal terminal;
  private final LineReader reader;
  private final ShellHistory history;
  private final Palette palette;
  private final boolean pages;

  /** Whether a pager has the screen; what happens meanwhile is shown later. */
  private final Object writing = new Object();

  /** What is to be said when the pager is gone; the oldest goes first. */
  private final ArrayDeque<String> later = new ArrayDeque<>();

  private boolean paging;

  /** What is drawn again and again now; null if nothing is. */
  private volatile @Nullable TerminalFrame frame;

  private TerminalScreen(
      Terminal terminal, LineReader reader, ShellHistory history, Palette palette, boolean pages) {
    this.terminal = terminal;
    this.reader = reader;
    this.history = history;
    this.palette = palette;
    this.pages = pages;
  }

  /**
   * Takes the terminal of this process.
   *
   * @param history where lines are remembered
   * @param completion what Tab offers
   * @param cancel what Ctrl-C does while no line is read
   * @param pages whether what does not fit goes through a pager
   * @throws IOException if there is no terminal
   */
  static TerminalScreen open(
      ShellHistory history, Completion completion, Runnable cancel, boolean pages)
      throws IOException {
    Terminal terminal = Tty.open();
    if (terminal.getSize().getColumns() == 0 || terminal.getSize().getRows() == 0) {
      // A serial line knows no size; nothing could be drawn on none.
      terminal.setSize(Size.of(80, 24));
    }
    terminal.handle(
        Signal.INT,
        _ -> {
          // Behind the ^C that the terminal shows.
          terminal.writer().println();
          terminal.flush();
          cancel.run();
        });
    boolean colours = System.getenv("NO_COLOR") == null && !isDumb(terminal);
    LineReaderImpl reader = new ListingReader(terminal, "qmp");
    reader.setHistory(history);
    // Nothing is quoted or escaped as far as the line editor is concerned.
    reader.setParser((line, cursor, _) -> completion.words(line, cursor));
    reader.setCompleter(completion);
    reader.setHighlighter(colours ? new Hinting(completion) : new DefaultHighlighter());
    reader.setVariable(LineReader.HISTORY_FILE, history.file());
    reader.setVariable(LineReader.HISTORY_SIZE, 10_000);
    reader.setVariable(LineReader.HISTORY_FILE_SIZE, 10_000);
    reader.setVariable(LineReader.ERRORS, 2);
    reader.option(Option.HISTORY_TIMESTAMPED, false);
    reader.option(Option.HISTORY_INCREMENTAL, true);
    // A "!" is a character like any other.
    reader.option(Option.DISABLE_EVENT_EXPANSION, true);
    reader.option(Option.CASE_INSENSITIVE, true);
    reader.option(Option.HISTORY_REDUCE_BLANKS, false);
    String keys = System.getProperty(KEYS);
    if (keys != null) {
      reader.runMacro(keys + "\r\004");
    }
    return new TerminalScreen(terminal, reader, history, Palette.of(colours), pages);
  }

  private static boolean isDumb(Terminal terminal) {
    return terminal.getType().startsWith(Terminal.TYPE_DUMB);
  }

  @Override
  public boolean interactive() {
    return true;
  }

  @Override
  public Palette palette() {
    return palette;
  }

  @Override
  public @Nullable String read(String prompt) throws Cancelled {
    try {
      return reader.readLine(prompt);
    } catch (UserInterruptException e) {
      history.abandon();
      throw new Cancelled();
    } catch (EndOfFileException e) {
      return null;
    }
  }

  @Override
  public @Nullable String ask(String question) throws Cancelled {
    reader.setVariable(LineReader.DISABLE_HISTORY, true);
    try {
      return read(question);
    } finally {
      reader.setVariable(LineReader.DISABLE_HISTORY, false);
    }
  }

  @Override
  public void result(String text) {
    synchronized (writing) {
      int height = terminal.getSize().getRows();
      // A terminal that can't move its cursor has no use for a pager.
      if (!pages || isDumb(terminal) || rows(text) < height || !page(text)) {
        write(text);
      }
    }
  }

  /** How many rows of the screen it takes; wide characters are counted as one column. */
  private int rows(String text) {
    int width = Math.max(terminal.getSize().getColumns(), 1);
    String bare = COLOURS.matcher(text).replaceAll("");
    long rows = bare.lines().mapToLong(each -> 1 + Math.max(each.length() - 1, 0) / width).sum();
    return (int) Math.min(rows, Integer.MAX_VALUE);
  }

  @Override
  public void say(String text) {
    synchronized (later) {
      if (paging) {
        // Whoever has something to say must not wait for a person who reads.
        if (later.size() == LATER) {
          later.remove();
        }
        later.add(text);
        return;
      }
    }
    event(text);
  }

  private boolean page(String text) {
    synchronized (later) {
      paging = true;
    }
    boolean shown = Pager.show(text);
    List<String> waiting;
    synchronized (later) {
      paging = false;
      waiting = List.copyOf(later);
      later.clear();
    }
    waiting.forEach(reader::printAbove);
    return shown;
  }

  @Override
  public void event(String text) {
    synchronized (writing) {
      TerminalFrame drawn = frame;
      if (drawn == null) {
        reader.printAbove(text);
      } else {
        drawn.above(text);
      }
    }
  }

  @Override
  public void picture(Picture picture) {
    Map<String, String> environment = System.getenv();
    Size size = terminal.getSize();
    synchronized (writing) {
      write(
          isDumb(terminal)
              ? picture.width() + " x " + picture.height() + " pixels"
              : PictureText.of(environment)
                  .text(
                      picture,
                      size.getColumns(),
                      Math.max(size.getRows() - 2, 1),
                      PictureText.hasAllColours(environment)));
    }
  }

  @Override
  public @Nullable Frame frame() {
    if (isDumb(terminal)) {
      return null;
    }
    TerminalFrame made = new TerminalFrame(terminal, writing, () -> frame = null);
    frame = made;
    return made;
  }

  private void write(String text) {
    terminal.writer().println(text);
    terminal.flush();
  }

  @Override
  public void close() {
    try {
      history.save();
      terminal.close();
    } catch (IOException e) {
      System.err.println("qmp shell: " + Reasons.of(e));
    }
  }
}
