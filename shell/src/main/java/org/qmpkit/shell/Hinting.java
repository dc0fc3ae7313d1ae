package org.qmpkit.shell;

import org.jline.reader.LineReader;
import org.jline.reader.impl.DefaultHighlighter;
import org.jline.utils.AttributedString;

/** Shows what may still come on a line behind its end. The line editor asks before it draws. */
final class Hinting extends DefaultHighlighter {
  private final Completion completion;

  Hinting(Completion completion) {
    this.completion = completion;
  }

  @Override
  public AttributedString highlight(LineReader reader, String buffer) {
    boolean atEnd = reader.getBuffer().cursor() == reader.getBuffer().length();
    reader.setTailTip(buffer.isEmpty() || !atEnd ? "" : completion.hint(buffer));
    return super.highlight(reader, buffer);
  }
}
