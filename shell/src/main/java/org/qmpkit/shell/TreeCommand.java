package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.qmpkit.client.CommandFailed;
import org.qmpkit.client.QmpException;
import org.qmpkit.shell.Branches.Branch;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** {@code tree}: QEMU's objects, or what is on PCI, as a tree. */
final class TreeCommand implements ShellCommand {
  /** A QEMU might go round in circles. */
  private static final int DEEPEST = 20;

  private static final int MOST = 5000;
  private static final String PCI = "pci";
  private static final String ALL = "--all";

  /** There are hundreds of them. */
  private static final Set<String> HIDDEN = Set.of("child<memory-region>", "child<irq>");

  private static final Pattern NUMBER = Pattern.compile("\\d+");

  @Override
  public String name() {
    return "tree";
  }

  @Override
  public List<String> forms() {
    return List.of("tree [PATH] [--all]", "tree pci");
  }

  @Override
  public String summary() {
    return "QEMU's objects (QOM) below PATH, or what is on PCI";
  }

  @Override
  public String details() {
    return "PATH is /machine if it is not given. Each object stands there with its type; regions of"
        + "\nmemory and interrupt lines only with --all.";
  }

  @Override
  public Offer offer(List<String> before) {
    return before.isEmpty() ? new Offer.Paths(List.of(PCI)) : new Offer.Words(List.of(ALL));
  }

  @Override
  public int run(Session session, OwnLine line)
      throws LineException, QmpException, InterruptedException {
    boolean all = line.words().remove(ALL);
    String path = line.next();
    line.end();
    if (!session.isConnected()) {
      return ExitStatus.UNREACHABLE;
    }
    List<Branch> roots =
        PCI.equals(path)
            ? pci(session)
            : List.of(new Qom(session, all).tree(path == null ? "/machine" : path));
    session.screen().result(roots.isEmpty() ? "no PCI" : Branches.text(roots));
    return ExitStatus.DONE;
  }

  /** Objects. */
  private static final class Qom {
    private final Session session;
    private final boolean all;
    private int count;

    Qom(Session session, boolean all) {
      this.session = session;
      this.all = all;
    }

    Branch tree(String path) throws QmpException, InterruptedException {
      return new Branch(Printable.text(path), below(path, 0));
    }

    private List<Branch> below(String path, int depth) throws QmpException, InterruptedException {
      List<Branch> branches = new ArrayList<>();
      List<JsonNode> children = new ArrayList<>();
      list(path).forEach(children::add);
      children.sort(Comparator.comparing(TreeCommand::order));
      for (JsonNode each : children) {
        String type = each.path("type").asString("");
        if (!type.startsWith("child<") || (!all && HIDDEN.contains(type))) {
          continue;
        }
        if (depth == DEEPEST || count >= MOST) {
          branches.add(new Branch("…", List.of()));
          break;
        }
        count++;
        String name = each.path("name").asString("");
        String text = name + "  " + type.substring("child<".length()).replaceFirst(">$", "");
        String inner = path.equals("/") ? "/" + name : path + "/" + name;
        branches.add(new Branch(Printable.text(text), below(inner, depth + 1)));
      }
      return branches;
    }

    private JsonNode list(String path) throws QmpException, InterruptedException {
      try {
        return session.ask(
            Request.of("qom-list", JsonNodeFactory.instance.objectNode().put("path", path)));
      } catch (CommandFailed e) {
        if (count == 0) {
          throw e;
        }
        return JsonNodeFactory.instance.arrayNode(); // it has just gone
      }
    }
  }

  /** By name, numbers in it by their value. */
  private static String order(JsonNode child) {
    return NUMBER
        .matcher(child.path("name").asString(""))
        .replaceAll(each -> "0".repeat(Math.max(0, 10 - each.group().length())) + each.group());
  }

  private static List<Branch> pci(Session session) throws QmpException, InterruptedException {
    List<Branch> buses = new ArrayList<>();
    for (JsonNode bus :
        session.ask(Request.of("query-pci", JsonNodeFactory.instance.objectNode()))) {
      buses.add(new Branch("bus " + bus.path("bus").asInt(0), devices(bus, 0)));
    }
    return buses;
  }

  private static List<Branch> devices(JsonNode bus, int depth) {
    List<Branch> devices = new ArrayList<>();
    for (JsonNode each : bus.path("devices")) {
      JsonNode bridge = each.path("pci_bridge");
      JsonNode id = each.path("id");
      String name = each.path("qdev_id").asString("");
      String text =
          String.format(
              Locale.ROOT,
              "%02x.%x  %04x:%04x  %s%s",
              each.path("slot").asInt(0),
              each.path("function").asInt(0),
              id.path("vendor").asInt(0),
              id.path("device").asInt(0),
              each.path("class_info")
                  .path("desc")
                  .asString(
                      "class "
                          + Integer.toHexString(each.path("class_info").path("class").asInt(0))),
              name.isEmpty() ? "" : "  " + name);
      devices.add(
          new Branch(
              Printable.text(text), depth == DEEPEST ? List.of() : devices(bridge, depth + 1)));
    }
    return devices;
  }
}
