package org.qmpkit.shell;

import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.QmpException;
import tools.jackson.databind.JsonNode;

/** {@code watch}: a command again and again, its answer drawn in place. */
final class WatchCommand implements ShellCommand {
  private static final Duration EVERY = Duration.ofSeconds(1);
  private static final Duration LEAST = Duration.ofMillis(50);
  private static final String UNTIL = "until";

  @Override
  public String name() {
    return "watch";
  }

  @Override
  public List<String> forms() {
    return List.of("watch [EVERY] COMMAND [key=value …] [| EXPR] [until EXPR]");
  }

  @Override
  public String summary() {
    return "a command again and again, with what changes; until EXPR holds";
  }

  @Override
  public String details() {
    return """
    EVERY is a length of time, 1s without it. What is not as it was before is marked. It ends when
    the EXPR behind until holds for the whole answer, with an error, or by Ctrl-C.
    Without a terminal each answer is a line, unless it is as the one before.
    """;
  }

  @Override
  public Offer offer(List<String> before) {
    boolean timed = !before.isEmpty() && TimeText.read(before.getFirst()).isPresent();
    return new Offer.Line(timed ? 1 : 0);
  }

  @Override
  public int run(Session session, OwnLine line)
      throws LineException, QmpException, InterruptedException {
    String text = line.text();
    Duration every = EVERY;
    if (!line.words().isEmpty()) {
      String first = line.words().getFirst();
      Duration given = TimeText.read(first).orElse(null);
      if (given == null && TimeText.isWritten(first)) {
        throw new LineException("EVERY (\"" + first + "\") must be " + TimeText.FORMS);
      }
      if (given != null) {
        every = given.compareTo(LEAST) < 0 ? LEAST : given;
        text = text.substring(first.length());
      }
    }
    int at = Tokens.find(text, UNTIL);
    Selection until = at < 0 ? null : Selection.of(text.substring(at + UNTIL.length()));
    String watched = (at < 0 ? text : text.substring(0, at)).strip();
    Piped piped = Piped.of(watched);
    Request request = ShellCommands.of(watched) == null ? request(piped.command()) : null;
    if (request == null) {
      throw new LineException("it needs a command of QEMU");
    }
    if (!session.isConnected()) {
      return ExitStatus.UNREACHABLE;
    }
    if (session.isRefused(request)) {
      return ExitStatus.INTERRUPTED;
    }
    try (Screen.Frame frame = session.screen().frame()) {
      String title = "every " + TimeText.people(every) + ": " + watched;
      new Watched(session, request, piped.selection(), until, title, every).run(frame);
      return ExitStatus.DONE;
    } catch (InterruptedException e) {
      // That is how it ends.
      return ExitStatus.INTERRUPTED;
    }
  }

  private static @Nullable Request request(String command) throws LineException {
    LineGrammar grammar = new LineGrammar();
    Request request = grammar.read(command);
    if (grammar.inTransaction()) {
      throw new LineException("the transaction has no ')'");
    }
    return request;
  }

  /** What is watched. */
  private record Watched(
      Session session,
      Request request,
      @Nullable Selection selection,
      @Nullable Selection until,
      String title,
      Duration every) {
    void run(Screen.@Nullable Frame frame)
        throws LineException, QmpException, InterruptedException {
      long next = System.nanoTime();
      String before = "";
      Set<String> known = Set.of();
      for (long count = 1; ; count++) {
        JsonNode value = session.ask(request);
        Format format = frame == null ? session.options().format() : Format.PRETTY;
        String text =
            selection == null
                ? format.text(value, Palette.PLAIN)
                : selection.text(value, format, Palette.PLAIN);
        if (frame == null) {
          if (!text.equals(before)) {
            session.screen().result(text);
          }
        } else {
          frame.show(rows(text, known, count));
          known = new HashSet<>(text.lines().toList());
        }
        before = text;
        if (until != null && until.holds(value)) {
          return;
        }
        // Behind time, as when QEMU took long, it does not catch up.
        next = Math.max(next + every.toNanos(), System.nanoTime());
        TimeUnit.NANOSECONDS.sleep(next - System.nanoTime());
      }
    }

    private List<String> rows(String text, Set<String> known, long count) {
      Palette palette = session.screen().palette();
      List<String> rows = new ArrayList<>();
      String time =
          LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS).toString();
      rows.add(palette.faint(Printable.text(title) + "  " + time + ", no. " + count));
      for (String each : text.lines().toList()) {
        boolean isNew = count > 1 && !known.contains(each);
        int indent = each.length() - each.stripLeading().length();
        rows.add(
            isNew ? each.substring(0, indent) + palette.changed(each.substring(indent)) : each);
      }
      return rows;
    }
  }
}
