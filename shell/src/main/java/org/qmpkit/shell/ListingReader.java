package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.function.BiFunction;
import org.jline.reader.Candidate;
import org.jline.reader.impl.LineReaderImpl;
import org.jline.terminal.Terminal;
import org.jline.utils.AttributedString;

/**
 * JLine's line editor, but that it prints all possibilities where they do not fit the screen: JLine
 * shows the first, and gives no sign of the others.
 */
final class ListingReader extends LineReaderImpl {
  private static final String GAP = "   ";

  ListingReader(Terminal terminal, String name) {
    super(terminal, name, new HashMap<>());
  }

  @Override
  protected boolean doList(
      List<Candidate> possible,
      String completed,
      boolean runLoop,
      BiFunction<CharSequence, Boolean, CharSequence> escaper,
      boolean forSuggestion) {
    List<Candidate> sorted =
        possible.stream()
            .sorted(getCandidateComparator(isSet(Option.CASE_INSENSITIVE), completed))
            .toList();
    List<String> rows = rows(sorted, size.getColumns());
    int typed = 1 + (prompt.columnLength() + buf.length()) / Math.max(size.getColumns(), 1);
    if (forSuggestion || rows.size() < size.getRows() - typed) {
      return super.doList(possible, completed, runLoop, escaper, forSuggestion);
    }
    String question =
        getAppName()
            + ": do you wish to see all "
            + possible.size()
            + " possibilities ("
            + rows.size()
            + " lines)?";
    post = () -> new AttributedString(question);
    redisplay(true);
    int answer = readCharacter();
    post = null;
    if (answer != 'y' && answer != 'Y' && answer != '\t') {
      return false;
    }
    print(rows);
    if (runLoop) {
      redisplay();
      Object next = doReadBinding(getKeys(), null);
      if (next != null && getLastBinding().equals("\t") && isSet(Option.AUTO_MENU)) {
        buf.backspace(escaper.apply(completed, false).length());
        doMenu(new ArrayList<>(sorted), completed, escaper);
      } else if (next != null) {
        runMacro(getLastBinding());
      }
    }
    return false;
  }

  /** Below the line, which then goes on below them. */
  private void print(List<String> rows) {
    lock.lock();
    try {
      int cursor = buf.cursor();
      buf.cursor(buf.length());
      redisplay(false);
      buf.cursor(cursor);
      terminal.writer().println();
      rows.forEach(terminal.writer()::println);
      redrawLine();
    } finally {
      lock.unlock();
    }
  }

  /** In columns if several fit, which are read downwards; what is too wide is cut. */
  private static List<String> rows(List<Candidate> candidates, int width) {
    int widest = candidates.stream().mapToInt(each -> cell(each, 0).length()).max().orElse(0);
    int columns = Math.max(1, width / (widest + GAP.length()));
    int height = Math.ceilDiv(candidates.size(), columns);
    List<String> rows = new ArrayList<>();
    for (int row = 0; row < height; row++) {
      StringBuilder text = new StringBuilder();
      for (int i = row; i < candidates.size(); i += height) {
        text.append(cell(candidates.get(i), widest)).append(GAP);
      }
      String all = text.toString().stripTrailing();
      rows.add(all.length() < width ? all : all.substring(0, Math.max(width - 2, 0)) + "…");
    }
    return rows;
  }

  /** As JLine shows one: what it is stands at the right. */
  private static String cell(Candidate candidate, int width) {
    String name = candidate.displ();
    String description = candidate.descr() == null ? "" : " (" + candidate.descr() + ")";
    int blanks = Math.max(width - name.length() - description.length(), 0);
    return name + " ".repeat(blanks) + description;
  }
}
