package org.qmpkit.shell;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.QmpClient;
import org.qmpkit.client.QmpCommand;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.MissingNode;

/**
 * The names of what a QEMU has at this moment: devices, block nodes, jobs and so on. A QEMU that
 * takes its time is waited for 300 ms in all; then what it said the last time will do. One thread
 * asks at a time.
 */
final class LiveNames {
  /** As many questions are remembered with their answers. */
  private static final int REMEMBERED = 64;

  /** The most names of a kind. */
  private static final int MOST = 10_000;

  /** An answer may come too late for who asked, but not for who asks next. */
  private static final Duration LATEST = Duration.ofSeconds(30);

  /** Apart, so that a start does not make them. */
  private static final class Patterns {
    /** A card, which is no netdev, has its netdev behind a backslash below it; so has a hub. */
    static final Pattern NETDEV = Pattern.compile("^(?: \\\\ |(?!.*type=nic))([^\\s:]+)(?::|$)");

    static final Pattern NIC = Pattern.compile("^(?: \\\\ )?([^\\s:]+):.*type=nic");

    static final Pattern BUS = Pattern.compile("^\\s*bus: (\\S+)");
    static final Pattern CHILD = Pattern.compile("(?:child|link)<.*");
    static final Pattern OF_TYPE = Pattern.compile("child<(.*)>");
  }

  /** A question and what is known of its answer. */
  private static final class Asked {
    CompletableFuture<JsonNode> pending = new CompletableFuture<>();
    JsonNode last = MissingNode.getInstance();
  }

  private final Supplier<@Nullable QmpClient> client;
  private final Duration patience;
  private final Map<String, Asked> asked =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Asked> eldest) {
          return size() > REMEMBERED;
        }
      };

  private @Nullable QmpClient of;
  private long end;

  LiveNames(Supplier<@Nullable QmpClient> client) {
    this(client, Knowledge.PATIENCE);
  }

  /**
   * Names of the QEMU that a client is connected to at the time.
   *
   * @param patience how long all answers to one key may take, instead of 300 ms
   */
  LiveNames(Supplier<@Nullable QmpClient> client, Duration patience) {
    this.client = client;
    this.patience = patience;
  }

  /** From here on QEMU may be asked, until patience ends. */
  void begin() {
    end = System.nanoTime() + patience.toNanos();
    QmpClient now = client.get();
    if (now != of) {
      asked.clear();
      of = now;
    }
  }

  /**
   * The names that may stand in a place.
   *
   * @param given what else the command has, by the names of its members
   * @param partial what has been typed of it
   */
  List<String> of(LiveKind kind, Map<String, String> given, String partial) {
    Set<String> names = new TreeSet<>();
    switch (kind) {
      case NONE -> {}
      case NODE -> nodes(names);
      case DRIVE -> drives(names);
      case DRIVE_OR_NODE -> {
        // Both questions at once.
        ask("query-block");
        nodes(names);
        drives(names);
      }
      case JOB -> collect(names, "query-jobs", "id");
      case CHARDEV -> collect(names, "query-chardev", "label");
      case NETDEV -> human(names, "info network", Patterns.NETDEV);
      case NIC -> human(names, "info network", Patterns.NIC);
      case LINK -> {
        human(names, "info network", Patterns.NETDEV);
        human(names, "info network", Patterns.NIC);
      }
      case BUS -> human(names, "info qtree", Patterns.BUS);
      case DEVICE -> children(names, "/machine/peripheral", "");
      case OBJECT -> children(names, "/objects", "");
      case MEMORY_BACKEND -> children(names, "/objects", "memory-backend");
      case IOTHREAD -> children(names, "/objects", "iothread");
      case SECRET -> children(names, "/objects", "secret");
      case CREDENTIALS -> children(names, "/objects", "tls-creds");
      case AUTHORIZATION -> children(names, "/objects", "authz");
      case THROTTLE_GROUP -> children(names, "/objects", "throttle-group");
      case EXPORT -> collect(names, "query-block-exports", "id");
      case CPU -> collect(names, "query-cpus-fast", "cpu-index");
      case CPU_MODEL -> collect(names, "query-cpu-definitions", "name");
      case QOM_PATH -> paths(names, partial);
      case PROPERTY -> properties(names, given.getOrDefault("path", ""));
      case SNAPSHOT -> images(names, given, "snapshots");
      case BITMAP -> images(names, given, "dirty-bitmaps");
      case TYPE -> collect(names, "qom-list-types", "name");
      case ANY_TYPE -> collect(names, answer("qom-list-types", "abstract", "true"), "name");
      case DEVICE_TYPE ->
          collect(
              names, answer("qom-list-types", "implements", "device", "abstract", "false"), "name");
    }
    names.remove("");
    return List.copyOf(names);
  }

  /** What a kind of device can be made with: its properties, each with its type. */
  Map<String, String> properties(String driver) {
    Map<String, String> properties = new LinkedHashMap<>();
    for (JsonNode each : answer("device-list-properties", "typename", driver)) {
      String type = each.path("type").asString("");
      String text = each.path("description").asString("");
      properties.put(each.path("name").asString(""), text.isEmpty() ? type : type + ": " + text);
    }
    properties.remove("");
    return properties;
  }

  /** Those of {@code object-add} that a link to this type of QOM may lead to. */
  List<String> linked(String type) {
    Set<String> types = new TreeSet<>();
    collect(types, answer("qom-list-types", "implements", type), "name");
    Set<String> names = new TreeSet<>();
    for (JsonNode each : answer("qom-list", "path", "/objects")) {
      Matcher child = Patterns.OF_TYPE.matcher(each.path("type").asString(""));
      if (names.size() < MOST && child.matches() && types.contains(child.group(1))) {
        names.add(each.path("name").asString(""));
      }
    }
    return List.copyOf(names);
  }

  private void nodes(Set<String> names) {
    collect(names, answer("query-named-block-nodes", "flat", "true"), "node-name");
  }

  private void drives(Set<String> names) {
    collect(names, "query-block", "device");
  }

  private void collect(Set<String> names, String command, String member) {
    collect(names, answer(command), member);
  }

  private static void collect(Set<String> names, JsonNode list, String member) {
    for (JsonNode each : list) {
      if (names.size() < MOST) {
        names.add(each.path(member).asString(""));
      }
    }
  }

  private void human(Set<String> names, String line, Pattern pattern) {
    answer("human-monitor-command", "command-line", line)
        .asString("")
        .lines()
        .limit(MOST)
        .map(pattern::matcher)
        .filter(Matcher::find)
        .forEach(each -> names.add(each.group(1)));
  }

  private void children(Set<String> names, String path, String type) {
    for (JsonNode each : answer("qom-list", "path", path)) {
      if (each.path("type").asString("").startsWith("child<" + type)) {
        names.add(each.path("name").asString(""));
      }
    }
  }

  /** The folder's content, and what is below what is typed if that is a folder itself. */
  private void paths(Set<String> names, String partial) {
    if (!partial.startsWith("/")) {
      names.add("/machine");
      names.add("/objects");
      return;
    }
    String folder = partial.substring(0, partial.lastIndexOf('/'));
    folder(names, folder.isEmpty() ? "/" : folder, folder + "/");
    if (names.contains(partial)) {
      folder(names, partial, partial + "/");
    }
  }

  private void folder(Set<String> names, String path, String prefix) {
    for (JsonNode each : answer("qom-list", "path", path)) {
      if (Patterns.CHILD.matcher(each.path("type").asString("")).matches()) {
        names.add(prefix + each.path("name").asString(""));
      }
    }
  }

  private void properties(Set<String> names, String path) {
    for (JsonNode each : path.isEmpty() ? List.<JsonNode>of() : answer("qom-list", "path", path)) {
      if (!each.path("type").asString("").startsWith("child<")) {
        names.add(each.path("name").asString(""));
      }
    }
  }

  /** Snapshots and bitmaps: of one node if it is named. */
  private void images(Set<String> names, Map<String, String> given, String list) {
    String node = given.getOrDefault("node", given.getOrDefault("device", ""));
    List<JsonNode> nodes = new ArrayList<>();
    answer("query-named-block-nodes", "flat", "true").forEach(nodes::add);
    List<JsonNode> meant =
        nodes.stream().filter(each -> each.path("node-name").asString("").equals(node)).toList();
    for (JsonNode each : meant.isEmpty() ? nodes : meant) {
      JsonNode holder = list.equals("snapshots") ? each.path("image") : each;
      collect(names, holder.path(list), "name");
    }
  }

  private static QmpCommand command(String name, String... arguments) {
    var object = JsonNodeFactory.instance.objectNode();
    for (int i = 0; i + 1 < arguments.length; i += 2) {
      String value = arguments[i + 1];
      if (value.equals("true") || value.equals("false")) {
        object.put(arguments[i], value.equals("true"));
      } else {
        object.put(arguments[i], value);
      }
    }
    return QmpCommand.of(name, object).within(LATEST);
  }

  /** Asks, unless the same question still waits for its answer; does not block. */
  private @Nullable Asked ask(String name, String... arguments) {
    QmpClient now = of;
    if (now == null) {
      return null;
    }
    String question = name + "\n" + String.join("\n", arguments);
    Asked known = asked.remove(question);
    boolean anew = known == null || known.pending.isDone();
    Asked current = known == null ? new Asked() : known;
    asked.put(question, current);
    if (anew && System.nanoTime() < end) {
      try {
        current.pending = now.executeAsync(command(name, arguments));
      } catch (IllegalArgumentException e) {
        current.pending = CompletableFuture.failedFuture(e);
      }
    }
    return current;
  }

  private JsonNode answer(String name, String... arguments) {
    Asked question = ask(name, arguments);
    if (question == null) {
      return MissingNode.getInstance();
    }
    try {
      question.last =
          question.pending.get(Math.max(end - System.nanoTime(), 0), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      // What is known will do.
    } catch (ExecutionException e) {
      question.last = MissingNode.getInstance();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return question.last;
  }
}
