package org.qmpkit.protocol;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Document.Kind;
import org.qmpkit.protocol.Document.Member;

/**
 * What comes of a client's {@code qmp_capabilities} (spec, "Capabilities Negotiation").
 *
 * @param refusal what QEMU would say against it, or null
 * @param oob whether it enables out-of-band execution
 */
record Negotiation(@Nullable Refusal refusal, boolean oob) {
  /**
   * Judges the arguments as QEMU does: an unknown name, a wrong type or an extra argument is an
   * error; to enable the same capability twice is not.
   */
  static Negotiation of(@Nullable String arguments, boolean oobOffered) {
    if (arguments == null) {
      return new Negotiation(null, false);
    }
    Document object = Scanner.document(arguments, Dialect.QEMU_INPUT);
    Member enable = null;
    for (Member member : object.members()) {
      if (!member.key().equals("enable")) {
        return refused("Parameter '" + member.key() + "' is unexpected");
      }
      enable = member;
    }
    if (enable == null) {
      return new Negotiation(null, false);
    }
    if (enable.kind() != Kind.ARRAY) {
      return refused("Invalid parameter type for 'enable', expected: array");
    }
    return of(object.nested(enable), oobOffered);
  }

  private static Negotiation of(Document enabled, boolean oobOffered) {
    List<Member> elements = enabled.members();
    for (int i = 0; i < elements.size(); i++) {
      Member element = elements.get(i);
      if (element.kind() != Kind.STRING) {
        return refused("Invalid parameter type for 'enable[" + i + "]', expected: string");
      }
      String name = JsonString.unquote(enabled.text(element));
      if (!name.equals("oob")) {
        return refused("Parameter 'enable[" + i + "]' does not accept value '" + name + "'");
      }
    }
    if (!elements.isEmpty() && !oobOffered) {
      return refused("Capability oob not available");
    }
    return new Negotiation(null, !elements.isEmpty());
  }

  private static Negotiation refused(String desc) {
    return new Negotiation(Refusal.generic(desc), false);
  }
}
