package org.qmpkit.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.commonmark.ext.heading.anchor.IdGenerator;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Code;
import org.commonmark.node.FencedCodeBlock;
import org.commonmark.node.Heading;
import org.commonmark.node.HtmlBlock;
import org.commonmark.node.Image;
import org.commonmark.node.IndentedCodeBlock;
import org.commonmark.node.Link;
import org.commonmark.node.Node;
import org.commonmark.node.Text;
import org.commonmark.parser.IncludeSourceSpans;
import org.commonmark.parser.Parser;
import org.jspecify.annotations.Nullable;

/**
 * A document in Markdown, as far as tests look at it.
 *
 * <p>A block of code is run, command by command, unless a comment right before it says otherwise;
 * CONTRIBUTING.md tells which comments there are. A block that is fenced as {@code java} is a
 * region of a test's source.
 *
 * @param name its path in the checkout
 * @param steps what there is to be run or left, in the document's order
 * @param phrases what is in backticks
 * @param anchors what a link's fragment may name
 */
record Guide(
    Path file,
    String name,
    List<Step> steps,
    List<Reference> references,
    List<Phrase> phrases,
    Set<String> anchors) {
  private static final Pattern COMMENT =
      Pattern.compile("<!--\\s*(not run|text|file|run where|run):\\s*(.*?)\\s*-->", Pattern.DOTALL);

  /** A link, or a picture's place. */
  record Reference(int line, String target) {}

  /** A piece of text in backticks. */
  record Phrase(int line, String text) {}

  /** What a comment says of the block behind it. */
  record Mark(int line, String word, String value) {}

  /** Something to be done with a piece of the document. */
  sealed interface Step {
    /** The line of the document where it begins. */
    int line();
  }

  /** A block of commands, and of what they print. */
  record Run(int line, List<String> text, @Nullable String program) implements Step {}

  /** Commands that readers don't see. */
  record Hidden(int line, String commands) implements Step {}

  /** What a file has. */
  record Written(int line, List<String> text, String path) implements Step {}

  /** A block of commands that are not run, or of what is no command. */
  record Left(int line, List<String> text, String reason, boolean commands) implements Step {}

  /** A block of Java. */
  record Snippet(int line, List<String> text) implements Step {}

  /**
   * Reads a document.
   *
   * @throws IOException if it cannot be read
   * @throws AssertionError if its comments make no sense
   */
  static Guide read(Path root, String name) throws IOException {
    Path file = root.resolve(name);
    Node document =
        Parser.builder()
            .includeSourceSpans(IncludeSourceSpans.BLOCKS_AND_INLINES)
            .build()
            .parse(Files.readString(file));
    Reader reader = new Reader(name);
    document.accept(reader);
    reader.end();
    return new Guide(file, name, reader.steps, reader.references, reader.phrases, reader.anchors);
  }

  private static final class Reader extends AbstractVisitor {
    private final String name;
    private final List<Step> steps = new ArrayList<>();
    private final List<Reference> references = new ArrayList<>();
    private final List<Phrase> phrases = new ArrayList<>();
    private final Set<String> anchors = new LinkedHashSet<>();
    private final IdGenerator ids = IdGenerator.builder().defaultId("").build();
    private @Nullable Mark mark;

    private Reader(String name) {
      this.name = name;
    }

    private static int line(Node node) {
      return node.getSourceSpans().isEmpty()
          ? 1
          : node.getSourceSpans().getFirst().getLineIndex() + 1;
    }

    @Override
    public void visit(HtmlBlock block) {
      String text = block.getLiteral();
      if (!text.startsWith("<!--")) {
        return;
      }
      Matcher comment = COMMENT.matcher(text.strip());
      if (!comment.matches()) {
        throw new AssertionError(
            name
                + ":"
                + line(block)
                + ": this comment is none of 'not run:', 'text:', 'file:', 'run where:' and 'run:'"
                + " of CONTRIBUTING.md: "
                + text.strip());
      }
      end();
      Mark found = new Mark(line(block), comment.group(1), comment.group(2));
      if (found.word().equals("run")) {
        steps.add(new Hidden(found.line(), found.value()));
      } else {
        mark = found;
      }
    }

    /** Says so where a mark has no block. */
    private void end() {
      if (mark != null) {
        throw new AssertionError(
            name + ":" + mark.line() + ": '" + mark.word() + ":' has no block of code behind it");
      }
    }

    @Override
    public void visit(IndentedCodeBlock block) {
      code(block, "", block.getLiteral());
    }

    @Override
    public void visit(FencedCodeBlock block) {
      // Its lines begin behind the fence's.
      code(block, block.getInfo(), block.getLiteral());
    }

    private void code(Node block, @Nullable String info, String literal) {
      List<String> text = literal.lines().toList();
      int line = line(block) + (block instanceof FencedCodeBlock ? 1 : 0);
      Mark last = mark;
      mark = null;
      if ("java".equals(info)) {
        steps.add(new Snippet(line, text));
        return;
      }
      if (last == null) {
        steps.add(new Run(line, text, null));
        return;
      }
      steps.add(
          switch (last.word()) {
            case "not run" -> new Left(line, text, last.value(), true);
            case "text" -> new Left(line, text, last.value(), false);
            case "file" -> new Written(line, text, last.value());
            default -> new Run(line, text, last.value());
          });
    }

    @Override
    public void visit(Heading heading) {
      end();
      StringBuilder text = new StringBuilder();
      heading.accept(
          new AbstractVisitor() {
            @Override
            public void visit(Text part) {
              text.append(part.getLiteral());
            }

            @Override
            public void visit(Code part) {
              text.append(part.getLiteral());
            }
          });
      anchors.add(ids.generateId(text.toString()));
      visitChildren(heading);
    }

    @Override
    public void visit(Link link) {
      references.add(new Reference(line(link), link.getDestination()));
      visitChildren(link);
    }

    @Override
    public void visit(Image image) {
      references.add(new Reference(line(image), image.getDestination()));
      visitChildren(image);
    }

    @Override
    public void visit(Code code) {
      phrases.add(new Phrase(line(code), code.getLiteral()));
    }
  }
}
