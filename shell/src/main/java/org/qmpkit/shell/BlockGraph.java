package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.qmpkit.client.CommandFailed;
import org.qmpkit.client.QmpException;
import org.qmpkit.shell.Branches.Branch;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * QEMU's block nodes and what is on them, at a moment.
 *
 * @param names of all in the graph, by their numbers
 * @param kinds of all: {@code block-backend}, {@code block-job}, {@code block-driver}
 * @param edges what each uses, in order
 * @param nodes what is known of the nodes, by name
 * @param devices what is known of drives, by name
 * @param jobs what is known of jobs, by id
 */
record BlockGraph(
    Map<Long, String> names,
    Map<Long, String> kinds,
    Map<Long, List<Edge>> edges,
    Map<String, JsonNode> nodes,
    Map<String, JsonNode> devices,
    Map<String, JsonNode> jobs) {
  private static final int DEEPEST = 50;

  /** Rows of all trees; a node stands below each that uses it. */
  private static final int MOST = 5000;

  private static final List<String> LIMITS =
      List.of("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr");

  /**
   * What uses what.
   *
   * @param part of the one that is used in the other
   */
  record Edge(String part, long child) {}

  /**
   * Asks for it; blocks.
   *
   * @throws QmpException if QEMU does not tell
   * @throws InterruptedException if this thread is interrupted
   */
  static BlockGraph ask(Session session) throws QmpException, InterruptedException {
    Map<String, JsonNode> nodes =
        byName(
            session.ask(
                Request.of(
                    "query-named-block-nodes",
                    JsonNodeFactory.instance.objectNode().put("flat", true))),
            "node-name");
    JsonNode graph = askFor(session, "x-debug-query-block-graph");
    Map<Long, String> names = new LinkedHashMap<>();
    Map<Long, String> kinds = new HashMap<>();
    for (JsonNode each : graph.path("nodes")) {
      names.put(each.path("id").asLong(0), each.path("name").asString(""));
      kinds.put(each.path("id").asLong(0), each.path("type").asString(""));
    }
    Map<Long, List<Edge>> edges = new HashMap<>();
    for (JsonNode each : graph.path("edges")) {
      edges
          .computeIfAbsent(each.path("parent").asLong(0), _ -> new ArrayList<>())
          .add(new Edge(each.path("name").asString(""), each.path("child").asLong(0)));
    }
    return new BlockGraph(
        names,
        kinds,
        edges,
        nodes,
        byName(askFor(session, "query-block"), "device"),
        byName(askFor(session, "query-block-jobs"), "device"));
  }

  private static JsonNode askFor(Session session, String command)
      throws QmpException, InterruptedException {
    try {
      return session.ask(Request.of(command, JsonNodeFactory.instance.objectNode()));
    } catch (CommandFailed e) {
      return JsonNodeFactory.instance.missingNode();
    }
  }

  private static Map<String, JsonNode> byName(JsonNode list, String member) {
    Map<String, JsonNode> byName = new LinkedHashMap<>();
    list.forEach(each -> byName.put(each.path(member).asString(""), each));
    return byName;
  }

  /** What nothing uses, and below it what it uses; the nodes alone where QEMU does not tell. */
  List<Branch> roots() {
    List<Branch> roots = new ArrayList<>();
    if (names.isEmpty()) {
      nodes.keySet().forEach(each -> roots.add(new Branch(node(each), List.of())));
      return roots;
    }
    Set<Long> used = new LinkedHashSet<>();
    edges.values().forEach(some -> some.forEach(each -> used.add(each.child())));
    int[] rows = {0};
    names.keySet().stream()
        .filter(each -> !used.contains(each))
        .forEach(each -> roots.add(branch(each, "", 0, rows)));
    return roots;
  }

  private Branch branch(long id, String part, int depth, int[] rows) {
    List<Branch> below = new ArrayList<>();
    for (Edge each : edges.getOrDefault(id, List.of())) {
      if (depth == DEEPEST || ++rows[0] > MOST) {
        below.add(new Branch("…", List.of()));
        break;
      }
      below.add(branch(each.child(), each.part(), depth + 1, rows));
    }
    String name = names.getOrDefault(id, "");
    String text =
        switch (kinds.getOrDefault(id, "")) {
          case "block-backend" -> device(name);
          case "block-job" -> job(name);
          default -> node(name);
        };
    return new Branch((part.isEmpty() ? "" : Printable.text(part) + ": ") + text, below);
  }

  private String device(String name) {
    JsonNode device = devices.getOrDefault(name, JsonNodeFactory.instance.missingNode());
    String qdev = device.path("qdev").asString("");
    if (name.isEmpty()) {
      return "(a user without a name)";
    }
    boolean attached = !name.startsWith("/");
    return Printable.text(
        (attached ? "drive " + name : "device " + name)
            + (qdev.isEmpty() || qdev.equals(name) ? "" : "  on " + qdev)
            + (device.path("tray_open").asBoolean(false) ? "  tray open" : ""));
  }

  private String job(String name) {
    JsonNode job = jobs.getOrDefault(name, JsonNodeFactory.instance.missingNode());
    if (job.isMissingNode()) {
      return Printable.text("job " + name);
    }
    long left = job.path("len").asLong(0) - job.path("offset").asLong(0);
    long speed = job.path("speed").asLong(0);
    return Printable.text(
        "job "
            + name
            + " ("
            + job.path("type").asString("")
            + ")  "
            + job.path("status").asString("")
            + "  "
            + Pace.amount(left, true)
            + " remaining"
            + (speed == 0 ? "" : "  at most " + Pace.amount(speed, true) + "/s"));
  }

  private String node(String name) {
    JsonNode node = nodes.getOrDefault(name, JsonNodeFactory.instance.missingNode());
    if (node.isMissingNode()) {
      return Printable.text(name);
    }
    JsonNode image = node.path("image");
    StringBuilder text = new StringBuilder(name);
    text.append(" (").append(node.path("drv").asString("")).append(")  ");
    text.append(Pace.amount(image.path("virtual-size").asLong(0), true));
    if (image.has("actual-size")) {
      text.append(", ").append(Pace.amount(image.path("actual-size").asLong(0), true));
      text.append(" on disk");
    }
    if (node.path("ro").asBoolean(false)) {
      text.append("  read-only");
    }
    limits(text, node);
    names(text, "  bitmaps: ", node.path("dirty-bitmaps"));
    names(text, "  snapshots: ", image.path("snapshots"));
    String file = node.path("file").asString("");
    if (edges.isEmpty() || isLeaf(name)) {
      text.append(file.isEmpty() ? "" : "  " + file);
    }
    return Printable.text(text.toString());
  }

  private boolean isLeaf(String name) {
    return names.entrySet().stream()
        .noneMatch(each -> each.getValue().equals(name) && edges.containsKey(each.getKey()));
  }

  private static void limits(StringBuilder text, JsonNode node) {
    for (String each : LIMITS) {
      long limit = node.path(each).asLong(0);
      if (limit > 0) {
        text.append("  ").append(each).append('=').append(limit);
      }
    }
    String group = node.path("group").asString("");
    text.append(group.isEmpty() ? "" : "  throttled with " + group);
  }

  private static void names(StringBuilder text, String title, JsonNode list) {
    // A job's own bitmap has no name.
    List<String> names =
        list.valueStream()
            .map(each -> each.path("name").asString(""))
            .filter(each -> !each.isEmpty())
            .toList();
    if (!names.isEmpty()) {
      text.append(title).append(String.join(", ", names.subList(0, Math.min(20, names.size()))));
      text.append(names.size() > 20 ? ", …" : "");
    }
  }
}
