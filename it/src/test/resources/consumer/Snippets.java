package consumer;

import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.qmpkit.client.CommandFailed;
import org.qmpkit.client.Disconnected;
import org.qmpkit.client.Event;
import org.qmpkit.client.EventFilter;
import org.qmpkit.client.JobFailed;
import org.qmpkit.client.ProtocolViolation;
import org.qmpkit.client.QmpClient;
import org.qmpkit.client.QmpCommand;
import org.qmpkit.client.QmpException;
import org.qmpkit.client.QmpLoop;
import org.qmpkit.client.QmpOptions;
import org.qmpkit.client.QueueFull;
import org.qmpkit.client.Schema;
import org.qmpkit.client.Subscription;
import org.qmpkit.client.TimedOut;
import org.qmpkit.client.ViewMismatch;
import tools.jackson.databind.JsonNode;

/** The pieces of code of docs/library.md, one after the other. Its argument is where a helper is. */
public class Snippets {
  private static final PrintStream out = System.out;

  public static void main(String[] arguments) throws Exception {
    String address = arguments[0];
    connect(address);
    try (QmpClient qemu = QmpClient.connect(address)) {
      execute(qemu);
      deadlines(qemu);
      for (String command : List.of("no-such-command", "query-name")) {
        exceptions(qemu, command);
      }
      futures(qemu);
      events(qemu);
      schema(qemu);
    }
    cursors(address);
    loop(address);
    out.println("done");
  }

  private static void connect(String address) throws Exception {
    // @start region="connect"
    QmpOptions options =
        QmpOptions.DEFAULT
            .withConnectTimeout(Duration.ofSeconds(30)) // 5 s if not given
            .withReplyTimeout(Duration.ofMinutes(2)); // no limit if not given
    try (QmpClient qemu = QmpClient.connect(address, options)) {
      out.println("QEMU " + qemu.release());
    }
    // @end
  }

  private static void execute(QmpClient qemu) throws Exception {
    // @start region="execute"
    JsonNode status = qemu.execute("query-status");
    out.println(status.get("status").asString());

    qemu.execute(
        "blockdev-add",
        Map.of(
            "driver", "raw",
            "node-name", "disk",
            "file", Map.of("driver", "null-co", "size", 1 << 20)));
    for (JsonNode node : qemu.execute("query-named-block-nodes", Map.of("flat", true))) {
      out.println(node.get("node-name").asString() + " " + node.at("/image/virtual-size"));
    }
    // @end
  }

  private static void deadlines(QmpClient qemu) throws Exception {
    // @start region="deadlines"
    try {
      qemu.execute(QmpCommand.of("query-block").within(Duration.ofSeconds(30)));
    } catch (TimedOut e) {
      if (e.outcomeUnknown()) {
        out.println("QEMU has the command, and may execute it yet: " + e.getMessage());
      }
    }
    // @end
  }

  private static void exceptions(QmpClient qemu, String command) throws Exception {
    // @start region="exceptions"
    try {
      qemu.execute(command);
    } catch (QmpException problem) {
      String advice =
          switch (problem) {
            case CommandFailed e when e.refusal().isPresent() -> "the helper said no: " + e.desc();
            case CommandFailed e -> e.errorClass() + ": " + e.desc();
            case Disconnected e -> e.outcomeUnknown() ? "look what became of it" : "try again";
            case TimedOut e -> "QEMU hangs, or another client holds its monitor";
            case ProtocolViolation e -> "that is no QEMU";
            case QueueFull e -> "too fast; it was not sent";
            case JobFailed e -> "the job " + e.job() + " ended badly: " + e.reason();
            case ViewMismatch e -> "a QEMU of another version than this was made for";
          };
      out.println(advice);
    }
    // @end
  }

  private static void futures(QmpClient qemu) {
    // @start region="futures"
    CompletableFuture<String> name =
        qemu.executeAsync("query-name").thenApply(each -> each.path("name").asString("unnamed"));
    CompletableFuture<JsonNode> status = qemu.executeAsync("query-status");
    out.println(name.thenCombine(status, (a, b) -> a + " " + b.get("running")).join());
    // @end
  }

  private static void events(QmpClient qemu) throws Exception {
    // @start region="events"
    try (Subscription events = qemu.subscribe(EventFilter.of("STOP", "RESUME"))) {
      qemu.execute("cont");
      Optional<Event> event = events.next(Duration.ofSeconds(30));
      out.println(event.map(Event::name).orElse("nothing happened"));
    }
    // @end
  }

  private static void schema(QmpClient qemu) throws Exception {
    // @start region="schema"
    Schema schema = qemu.schema();
    if (schema.command("blockdev-snapshot-sync").isPresent()) {
      out.println("this QEMU takes snapshots");
    }
    Schema.Command resize = schema.command("block_resize").orElseThrow();
    for (Schema.Member member : schema.arguments(resize).members()) {
      out.println(member.name() + (member.optional() ? " (optional)" : ""));
    }
    // @end
  }

  private static void cursors(String address) throws Exception {
    // @start region="cursors"
    String cursor;
    try (QmpClient qemu = QmpClient.connect(address);
        Subscription events = qemu.follow(EventFilter.all())) {
      cursor = events.cursor().orElseThrow(); // keep it, in a file
    }
    // Whatever happens now is not missed.
    try (QmpClient qemu = QmpClient.connect(address)) {
      qemu.execute("stop");
    }
    try (QmpClient qemu = QmpClient.connect(address);
        Subscription events = qemu.follow(EventFilter.all(), cursor)) {
      out.println(events.next(Duration.ofSeconds(30)).orElseThrow().name());
    }
    // @end
  }

  private static void loop(String address) throws Exception {
    // @start region="loop"
    try (QmpLoop loop = QmpLoop.start();
        QmpClient one = QmpClient.connect(address, QmpOptions.DEFAULT.withLoop(loop));
        QmpClient two = QmpClient.connect(address, QmpOptions.DEFAULT.withLoop(loop))) {
      out.println(one.release().equals(two.release()));
    }
    // @end
  }
}
