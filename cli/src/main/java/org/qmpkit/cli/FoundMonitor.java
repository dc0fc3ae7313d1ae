package org.qmpkit.cli;

import java.util.List;
import org.qmpkit.net.Address;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A monitor that was found, and how it is.
 *
 * @param names what it is called, the best name first; may be empty
 * @param by who made it: helper, libvirt, Xen, Proxmox or QEMU; empty if that is not known
 * @param qemu QEMU's version; empty if that is not known without taking its place for a client
 * @param note who holds it, or what is wrong; may be empty
 */
record FoundMonitor(
    List<String> names, Address address, State state, String qemu, String by, String note) {
  /** How a monitor is. */
  enum State {
    /** A helper answers, and has its QEMU. */
    CONNECTED,
    /** QEMU itself, with nobody connected. */
    FREE,
    /** A helper shares it, at an address of its own. */
    SHARED,
    /** Somebody holds QEMU's one place for a client; or a helper's QEMU does not answer. */
    BUSY,
    /** Nobody listens there, or a helper has lost its QEMU. */
    GONE,
    /** This user may not connect. */
    DENIED,
    /** What answers there is no QMP. */
    BROKEN,
    /** There was no time to ask, or the system did not tell whether that disturbs. */
    UNKNOWN;

    String word() {
      return switch (this) {
        case CONNECTED -> "connected";
        case FREE -> "free";
        case SHARED -> "shared";
        case BUSY -> "busy";
        case GONE -> "gone";
        case DENIED -> "denied";
        case BROKEN -> "broken";
        case UNKNOWN -> "unknown";
      };
    }
  }

  /** The same as a JSON object on one line. */
  String json() {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    ArrayNode all = object.putArray("names");
    names.forEach(all::add);
    object
        .put("address", address.toString())
        .put("state", state.word())
        .put("qemu", qemu)
        .put("by", by)
        .put("note", note);
    return Json.text(object);
  }
}
