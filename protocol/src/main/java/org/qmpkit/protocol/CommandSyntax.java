package org.qmpkit.protocol;

import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Document.Kind;
import org.qmpkit.protocol.Document.Member;
import org.qmpkit.protocol.Message.Command;

/** What a request must look like (spec, "Issuing Commands"; QEMU's qmp_dispatch_check_obj). */
final class CommandSyntax {
  private CommandSyntax() {}

  /** What QEMU would say against this request, or null if it is one. */
  static @Nullable Refusal objection(Document document, boolean oobEnabled) {
    if (document.kind() != Kind.OBJECT) {
      return Refusal.generic("QMP input must be a JSON object");
    }
    String execute = null;
    for (Member member : document.members()) {
      String key = member.key();
      if (key.equals("execute") || (key.equals("exec-oob") && oobEnabled)) {
        if (member.kind() != Kind.STRING) {
          return Refusal.generic("QMP input member '" + key + "' must be a string");
        }
        if (execute != null) {
          return Refusal.generic("QMP input member '" + key + "' clashes with '" + execute + "'");
        }
        execute = key;
      } else if (key.equals("arguments")) {
        if (member.kind() != Kind.OBJECT) {
          return Refusal.generic("QMP input member 'arguments' must be an object");
        }
      } else if (!key.equals("id")) {
        return Refusal.generic("QMP input member '" + key + "' is unexpected");
      }
    }
    return execute == null ? Refusal.generic("QMP input lacks member 'execute'") : null;
  }

  /**
   * Whether QEMU takes this for an out-of-band request, well-formed or not, where oob is enabled.
   */
  static boolean outOfBand(Document document) {
    return document.kind() == Kind.OBJECT && document.has("exec-oob") && !document.has("execute");
  }

  /** The request of a document that has no objection against it. */
  static Command command(Document document) {
    Member oob = document.member("exec-oob");
    Member name = oob == null ? document.member("execute") : oob;
    Member arguments = document.member("arguments");
    return new Command(
        name == null ? "" : JsonString.unquote(document.text(name)),
        oob != null,
        arguments == null ? null : document.text(arguments),
        id(document));
  }

  /** The canonical text of the id, which QEMU echoes in errors too, or null. */
  static @Nullable String id(Document document) {
    Member id = document.kind() == Kind.OBJECT ? document.member("id") : null;
    return id == null ? null : document.text(id);
  }
}
