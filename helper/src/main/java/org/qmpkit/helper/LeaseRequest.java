package org.qmpkit.helper;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.protocol.JsonString;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * What a drop-in asks of a helper: to serve a monitor in its place. On the wire it is {@code
 * {"serve": {"domid": 7, "path": "/local/domain/7/device-model/6/qmp-vchan", "socket":
 * "/var/run/xen/qmp-libxl-6"}}}.
 *
 * @param domid of the domain with the server of the vchan, positive
 * @param path of the vchan in xenstore
 * @param socket where clients connect, absolute
 */
record LeaseRequest(int domid, String path, String socket) {
  LeaseRequest {
    if (domid <= 0) {
      throw new IllegalArgumentException("domid (" + domid + ") must be positive");
    }
    if (!Path.of(socket).isAbsolute()) {
      throw new IllegalArgumentException("socket (\"" + socket + "\") must be an absolute path");
    }
  }

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException if it is none; says why
   */
  static LeaseRequest parse(String text) {
    String expected = "expected {\"serve\": {\"domid\": N, \"path\": TEXT, \"socket\": TEXT}}";
    try (JsonParser tokens = new JsonFactory().createParser(ObjectReadContext.empty(), text)) {
      if (tokens.nextToken() != JsonToken.START_OBJECT
          || tokens.nextToken() != JsonToken.PROPERTY_NAME
          || !tokens.currentName().equals("serve")
          || tokens.nextToken() != JsonToken.START_OBJECT) {
        throw new IllegalArgumentException(expected);
      }
      int domid = 0;
      @Nullable String path = null;
      @Nullable String socket = null;
      while (tokens.nextToken() == JsonToken.PROPERTY_NAME) {
        String key = tokens.currentName();
        JsonToken value = tokens.nextToken();
        if (key.equals("domid") && value == JsonToken.VALUE_NUMBER_INT) {
          domid = tokens.getIntValue();
        } else if (key.equals("path") && value == JsonToken.VALUE_STRING) {
          path = tokens.getString();
        } else if (key.equals("socket") && value == JsonToken.VALUE_STRING) {
          socket = tokens.getString();
        } else {
          throw new IllegalArgumentException("'" + key + "' is not as " + expected);
        }
      }
      if (path == null
          || socket == null
          || tokens.nextToken() != JsonToken.END_OBJECT
          || tokens.nextToken() != null) {
        throw new IllegalArgumentException(expected);
      }
      return new LeaseRequest(domid, path, socket);
    } catch (JacksonException e) {
      throw new IllegalArgumentException("no JSON: " + e.getOriginalMessage(), e);
    }
  }

  /** As it is on the wire, without a line end. */
  @Override
  public String toString() {
    return "{\"serve\": {\"domid\": "
        + domid
        + ", \"path\": "
        + JsonString.quote(path)
        + ", \"socket\": "
        + JsonString.quote(socket)
        + "}}";
  }

  /**
   * The route that is asked for.
   *
   * @throws IllegalArgumentException if it can't be one
   */
  RouteSpec route() {
    Address listen = Address.unix(Path.of(socket));
    Address connect = new Address("vchan", domid + ":" + path, Map.of());
    String name = RouteSpec.of(listen, connect, false).name() + ", domain " + domid;
    return new RouteSpec(name, listen, connect, false);
  }
}
