package org.qmpkit.helper;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.qmpkit.net.DescriptorEndpoint;
import org.qmpkit.net.Descriptors;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.PeerGoneException;
import org.qmpkit.protocol.Broker;
import org.qmpkit.protocol.Client;
import org.qmpkit.protocol.Outbox;

/** One client's connection to a {@link SharedRoute}: moves bytes between it and the broker. */
final class ClientConnection {
  /** The most that is read of a client at once, and so the most that is kept unread of it. */
  private static final int READ = 64 * 1024;

  private static final byte[] BLANK = {' '};

  private final SharedRoute route;
  private final Endpoint endpoint;
  private final Client client;
  private final Optional<String> user;
  private boolean open = true;

  ClientConnection(SharedRoute route, Endpoint endpoint, Client client, Optional<String> user) {
    this.route = route;
    this.endpoint = endpoint;
    this.client = client;
    this.user = user;
    endpoint.onReady(this::ready);
  }

  Client client() {
    return client;
  }

  private Broker broker() {
    return route.broker();
  }

  private long now() {
    return route.house().loop().now();
  }

  private void ready(boolean readable, boolean writable) {
    if (readable && client.wantsInput()) {
      read();
    }
    if (writable) {
      write();
    }
    route.settle();
  }

  private void read() {
    ByteBuffer buffer = route.house().loop().buffer().limit(READ);
    try {
      int count = endpoint.read(buffer);
      Descriptors came =
          endpoint instanceof DescriptorEndpoint passing ? passing.takeDescriptors() : null;
      if (came != null) {
        broker().brought(client, Passed.to(route.spec().connect(), came));
      }
      if (count < 0) {
        broker().inputEnded(client, now());
        route.halfClosed(this);
      } else {
        route.meter().fromClients.add(count);
        broker().received(client, buffer.flip(), now());
      }
    } catch (IOException e) {
      end(String.valueOf(e.getMessage()));
    }
  }

  /** Writes what waits as far as it goes. */
  private void write() {
    Outbox outbox = client.outbox();
    try {
      int written = 1;
      while (written > 0 && !outbox.isEmpty()) {
        ByteBuffer buffer = route.house().loop().buffer();
        outbox.peek(buffer);
        written = endpoint.write(buffer.flip());
        if (written > 0) {
          route.meter().toClients.add(written);
          broker().wrote(client, written, now());
        }
      }
    } catch (PeerGoneException e) {
      end("it has left");
    } catch (IOException e) {
      end(String.valueOf(e.getMessage()));
    }
  }

  /** Finds out whether it is still there, though it sends no more. A blank harms no JSON reader. */
  void probe() {
    try {
      if (client.outbox().isEmpty()) {
        endpoint.write(ByteBuffer.wrap(BLANK));
      }
    } catch (IOException e) {
      end("it has left");
    }
  }

  /** Does what has become possible or due since the broker changed something about the client. */
  void look() {
    write();
    if (client.finished()) {
      String cut = client.cutReason();
      route.meter().cut.add(cut == null ? 0 : 1);
      end(cut == null ? "served" : cut);
    } else if (open) {
      endpoint.interest(client.wantsInput() && !route.draining(), !client.outbox().isEmpty());
    }
  }

  /** Closes it. Idempotent. */
  void end(String why) {
    open = false;
    if (route.closed(this, why)) {
      endpoint.close();
      route.house().admission().leave(user);
      broker().left(client, now());
    }
  }
}
