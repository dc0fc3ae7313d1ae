package org.qmpkit.net.linux;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.qmpkit.net.Address;
import org.qmpkit.net.AddressException;
import org.qmpkit.net.TransportException;

/**
 * What a {@code vchan:} address names.
 *
 * @param domid of the other domain
 * @param path in xenstore under which the server tells of its rings; one without a slash before it
 *     is in this domain's own folder
 * @param server whether this side makes the rings
 * @param marker whether a client sends one byte 0x01 first, by which a server tells a new client
 *     from the one before
 */
record VchanPlace(int domid, String path, boolean server, boolean marker) {
  private static final Pattern TARGET = Pattern.compile("([0-9]{1,5}):(\\S+)");

  /** DOMID_FIRST_RESERVED. */
  private static final int DOMIDS = 0x7FF0;

  /** libxenvchan has 64 bytes for the path, "/event-channel" and a NUL. */
  private static final int LONGEST_PATH = 49;

  /**
   * The place of an address.
   *
   * @throws TransportException if it is none, with the rule that it breaks
   */
  static VchanPlace of(String attempted, Address address) throws TransportException {
    Matcher parts = TARGET.matcher(address.target());
    if (!parts.matches()) {
      throw wrong(attempted, address, "'" + address.target() + "' is not DOMID:/xenstore/path");
    }
    int domid = Integer.parseInt(parts.group(1));
    if (domid >= DOMIDS) {
      throw wrong(attempted, address, "domain " + domid + " is not within 0 to " + (DOMIDS - 1));
    }
    String path = parts.group(2);
    int length = path.getBytes(StandardCharsets.UTF_8).length;
    if (length > LONGEST_PATH) {
      throw wrong(
          attempted,
          address,
          "the path has " + length + " bytes, libxenvchan takes " + LONGEST_PATH);
    }
    String mode = address.option("mode").orElse("client");
    boolean marker;
    try {
      address.checkOptions(List.of("mode", "reconnect-marker"));
      marker = address.flag("reconnect-marker", false);
    } catch (AddressException e) {
      throw wrong(attempted, address, String.valueOf(e.getMessage()));
    }
    return switch (mode) {
      case "client" -> new VchanPlace(domid, path, false, marker);
      case "server" -> new VchanPlace(domid, path, true, marker);
      default ->
          throw wrong(attempted, address, "mode '" + mode + "' is neither client nor server");
    };
  }

  private static TransportException wrong(String attempted, Address address, String reason) {
    return new TransportException(
        attempted, address, reason, "as in vchan:7:/local/domain/7/data/qmp", false, null);
  }
}
