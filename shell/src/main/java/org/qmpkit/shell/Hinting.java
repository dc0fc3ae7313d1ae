package org.qmpkit.shell;

import org.jline.reader.LineReader;
import org.jline.reader.LineReader.SuggestionType;
import org.jline.reader.impl.DefaultHighlighter;
import org.jline.utils.AttributedString;

/** Shows what may still come on a line behind its end. The line editor asks before it draws. */
final class Hinting extends DefaultHighlighter {
  private static final String TAB = "\t";
  private static final String ESCAPE = "\033";

  private final Completion completion;

  /** The line as it was before Tab was pressed. */
  private String typed = "";

  Hinting(Completion completion) {
    this.completion = completion;
  }

  @Override
  public AttributedString highlight(LineReader reader, String buffer) {
    String key = reader.getLastBinding();
    boolean tab = TAB.equals(key);
    // Where it draws a tip, the line editor takes away what Tab has listed below the line.
    boolean arrow = key != null && key.startsWith(ESCAPE);
    boolean listed = arrow || (tab && buffer.equals(typed));
    if (!tab) {
      typed = buffer;
    }
    boolean atEnd = reader.getBuffer().cursor() == reader.getBuffer().length();
    reader.setAutosuggestion(listed ? SuggestionType.NONE : SuggestionType.TAIL_TIP);
    reader.setTailTip(buffer.isEmpty() || !atEnd ? "" : completion.hint(buffer));
    return super.highlight(reader, buffer);
  }
}
