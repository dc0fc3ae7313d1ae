package org.qmpkit.shell;

import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.qmpkit.client.CommandFailed;
import org.qmpkit.client.QmpClient;
import org.qmpkit.client.QmpCommand;
import org.qmpkit.client.QmpException;
import org.qmpkit.shell.Knowledge.Known;
import tools.jackson.databind.JsonNode;

/** Learns in the background what a monitor can do. */
final class Learning {
  /** The prompt comes first. */
  private static final Duration LATER = Duration.ofMillis(150);

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private Learning() {}

  /** What is learned of a monitor; never complete if there is nothing to learn. */
  static CompletableFuture<Known> of(QmpClient client, boolean hmp, boolean negotiates) {
    CompletableFuture<Known> known = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name("qmp schema")
        .start(() -> {
          try {
            Thread.sleep(LATER);
            if (hmp) {
              known.complete(new Known.Lines(human(client)));
            } else if (negotiates) {
              known.complete(new Known.Described(client.schema()));
            } else {
              known.complete(new Known.Lines(names(client)));
            }
          } catch (QmpException | RuntimeException e) {
            // Then Tab offers nothing.
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    return known;
  }

  private static Set<String> human(QmpClient client) throws QmpException, InterruptedException {
    Set<String> commands = HumanMonitor.commands(ask(client, "help"));
    commands.addAll(HumanMonitor.infos(ask(client, "info")));
    return commands;
  }

  private static String ask(QmpClient client, String line)
      throws QmpException, InterruptedException {
    return client.execute(new HumanMonitor().request(line).command().within(PATIENCE)).asString("");
  }

  /** The commands that a guest agent lists, or a QEMU that is not negotiated with. */
  private static Set<String> names(QmpClient client) throws QmpException, InterruptedException {
    JsonNode listed;
    try {
      listed =
          client.execute(QmpCommand.of("guest-info").within(PATIENCE)).path("supported_commands");
    } catch (CommandFailed e) {
      listed = client.execute(QmpCommand.of("query-commands").within(PATIENCE));
    }
    Set<String> names = new TreeSet<>();
    listed.forEach(each -> names.add(each.path("name").asString("")));
    return names;
  }
}
