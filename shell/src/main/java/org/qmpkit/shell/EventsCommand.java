package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.List;
import org.qmpkit.client.QmpException;
import org.qmpkit.client.Schema;

/** {@code events}: which are shown as they happen, and those that have happened. */
final class EventsCommand implements ShellCommand {
  private static final List<String> WORDS = List.of("on", "off", "mute", "unmute", "only");

  @Override
  public String name() {
    return "events";
  }

  @Override
  public List<String> forms() {
    return List.of(
        "events [NAME …] [key=value …]",
        "events on|off",
        "events mute NAME …",
        "events unmute [NAME …]",
        "events only NAME …");
  }

  @Override
  public String summary() {
    return "lists what happened; 'events off' keeps events back, 'events on' shows them";
  }

  @Override
  public String details() {
    return """
    Alone it lists the last 1,000: how long ago each came, and behind which command; with names or
    data only those. off keeps all back for an empty line; mute never shows those of a name, only
    those of no other; unmute alone ends both. In a name, * stands for any characters.
    What is not shown is listed all the same, and 'wait' finds it.
    """;
  }

  @Override
  public Offer offer(List<String> before) {
    if (before.isEmpty()) {
      return new Offer.EventNames(WORDS);
    }
    return switch (before.getFirst()) {
      case "on", "off" -> Offer.NOTHING;
      case "mute", "unmute", "only" -> new Offer.EventNames(List.of());
      default -> new Offer.EventMembers(before.getFirst(), List.of());
    };
  }

  @Override
  public int run(Session session, OwnLine line)
      throws LineException, QmpException, InterruptedException {
    String first = line.words().isEmpty() ? "" : line.words().getFirst();
    switch (first) {
      case "on", "off" -> {
        line.next();
        line.end();
        session.events().mute(first.equals("off"));
        if (first.equals("on")) {
          session.showKept();
        }
      }
      case "mute", "unmute", "only" -> {
        line.next();
        choose(session, first, line.words());
      }
      default -> list(session, EventMatch.of(line.words()));
    }
    return ExitStatus.DONE;
  }

  private void choose(Session session, String how, List<String> names)
      throws LineException, QmpException, InterruptedException {
    if (names.isEmpty() && !how.equals("unmute")) {
      throw new LineException(how + " needs the name of an event");
    }
    Schema schema = names.isEmpty() ? null : session.schema();
    if (schema != null) {
      new EventMatch(List.copyOf(names), List.of()).check(schema);
    }
    EventChoice now = session.events().choice();
    session
        .events()
        .choose(
            switch (how) {
              case "mute" -> now.mute(names);
              case "only" -> new EventChoice(now.muted(), names);
              default -> now.unmute(names);
            });
  }

  private static void list(Session session, EventMatch wanted) {
    List<EventLog.Entry> some =
        session.history().entries().stream().filter(each -> wanted.test(each.event())).toList();
    if (some.isEmpty()) {
      session.screen().say("no such event so far");
      return;
    }
    Palette palette = session.screen().palette();
    List<String> rows = new ArrayList<>();
    for (EventLog.Entry each : some) {
      String age = TimeText.people(each.age()) + " ago";
      String data =
          each.event().data().isEmpty() ? "" : " " + JsonText.compact(each.event().data(), palette);
      String after = each.after() == null ? "" : "  after " + Printable.text(each.after());
      rows.add(
          String.format("%15s  ", age)
              + palette.word(Printable.text(each.event().name()))
              + data
              + after);
    }
    session.screen().result(String.join("\n", rows));
  }
}
