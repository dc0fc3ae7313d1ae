package org.qmpkit.shell;

import java.util.List;
import java.util.Map;
import org.qmpkit.net.Address;
import org.qmpkit.protocol.JsonString;
import tools.jackson.databind.JsonNode;

/** {@code \as}: the last command in other words, to be pasted elsewhere. */
final class AsCommand implements ShellCommand {
  private static final List<String> LANGUAGES =
      List.of("json", "qmp", "socat", "python", "java", "virsh");

  @Override
  public String name() {
    return "\\as";
  }

  @Override
  public List<String> forms() {
    return List.of("\\as json|qmp|socat|python|java|virsh");
  }

  @Override
  public String summary() {
    return "the last command for another tool or language";
  }

  @Override
  public String details() {
    return """
    Secrets are masked. python is for the package qemu.qmp, java for qmpkit's client, virsh for a
    domain of libvirt.
    """;
  }

  @Override
  public boolean offline() {
    return true;
  }

  @Override
  public Offer offer(List<String> before) {
    return before.isEmpty() ? new Offer.Words(LANGUAGES) : Offer.NOTHING;
  }

  @Override
  public int run(Session session, OwnLine line) throws LineException {
    String language = line.next();
    line.end();
    if (language == null || !LANGUAGES.contains(language)) {
      throw new LineException(
          language == null
              ? "it needs a language"
              : "'" + language + "' is none it knows" + Similar.hint(language, LANGUAGES));
    }
    Request request = session.lastRequest();
    if (request == null) {
      throw new LineException("there was no command yet");
    }
    session.screen().result(text(language, request, session.options().address()));
    return ExitStatus.DONE;
  }

  /** A request in another language. */
  static String text(String language, Request request, Address address) {
    JsonNode arguments = Secrets.masked(request.name(), request.arguments());
    String values = arguments.isEmpty() ? "" : JsonText.compact(arguments, Palette.PLAIN);
    String verb = request.oob() ? "exec-oob" : "execute";
    String json =
        "{\""
            + verb
            + "\": "
            + JsonString.quote(request.name())
            + (values.isEmpty() ? "" : ", \"arguments\": " + values)
            + "}";
    return switch (language) {
      case "qmp" -> "qmp exec " + quoted(address.toString()) + " " + quoted(json);
      case "socat" -> socat(json, request.oob(), address);
      case "python" -> python(request, arguments, address);
      case "java" -> java(request, values, address);
      case "virsh" -> "virsh qemu-monitor-command DOMAIN " + quoted(json);
      default -> json;
    };
  }

  /** A word of a POSIX shell. */
  private static String quoted(String text) {
    return text.matches("[\\w./:=@,-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
  }

  /** As socat has them; others it does not have. */
  private static String socat(String json, boolean oob, Address address) {
    String target =
        switch (address.scheme()) {
          case "unix" -> "UNIX-CONNECT:" + address.target();
          case "tcp" -> "TCP:" + address.target();
          default -> "ADDRESS";
        };
    String capabilities =
        "{\"execute\": \"qmp_capabilities\""
            + (oob ? ", \"arguments\": {\"enable\": [\"oob\"]}" : "")
            + "}";
    // QEMU drops what it has not begun when its client leaves.
    return "(echo "
        + quoted(capabilities)
        + "; echo "
        + quoted(json)
        + "; sleep 1) | socat -t 5 - "
        + quoted(target);
  }

  private static String python(Request request, JsonNode arguments, Address address) {
    String where =
        address.scheme().equals("tcp")
            ? "('" + address.target().replaceFirst(":(\\d+)$", "', $1)")
            : JsonString.quote(address.target());
    StringBuilder call = new StringBuilder("qmp.execute(");
    call.append(JsonString.quote(request.name()));
    if (!arguments.isEmpty()) {
      call.append(", ").append(literal(arguments));
    }
    call.append(request.oob() ? ", oob=True)" : ")");
    return """
    import asyncio
    from qemu.qmp import QMPClient

    async def main():
        qmp = QMPClient()
        await qmp.connect(%s)
        print(await %s)
        await qmp.disconnect()

    asyncio.run(main())\
    """
        .formatted(where, call);
  }

  /** A literal of Python: as JSON, but for three words. */
  private static String literal(JsonNode node) {
    return switch (node.getNodeType()) {
      case OBJECT -> {
        List<String> members =
            node.properties().stream()
                .map((Map.Entry<String, JsonNode> each) ->
                    JsonString.quote(each.getKey()) + ": " + literal(each.getValue()))
                .toList();
        yield "{" + String.join(", ", members) + "}";
      }
      case ARRAY ->
          "[" + String.join(", ", node.valueStream().map(AsCommand::literal).toList()) + "]";
      case BOOLEAN -> node.booleanValue() ? "True" : "False";
      case NULL -> "None";
      case STRING, NUMBER, BINARY, MISSING, POJO -> JsonText.compact(node, Palette.PLAIN);
    };
  }

  private static String java(Request request, String values, Address address) {
    String command =
        "QmpCommand.of("
            + JsonString.quote(request.name())
            + (values.isEmpty()
                ? ""
                : ", JsonMapper.shared().readTree(" + JsonString.quote(values) + ")")
            + ")"
            + (request.oob() ? ".outOfBand()" : "");
    return """
    try (QmpClient qmp = QmpClient.connect(%s)) {
      System.out.println(qmp.execute(%s));
    }\
    """
        .formatted(JsonString.quote(address.toString()), command);
  }
}
