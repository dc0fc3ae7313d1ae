package org.qmpkit.protocol;

import java.nio.ByteBuffer;
import org.qmpkit.protocol.Message.Greeting;

/**
 * What clients say: takes their bytes in order, as far as each may be heard now, and brings every
 * request to who answers it.
 */
final class Reception {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final Audience audience;
  private final Traffic traffic;
  private final Events events;
  private final MonitorFds fds;
  private final Statistics statistics;
  private final Gauges gauges;

  Reception(
      Audience audience,
      Traffic traffic,
      Events events,
      MonitorFds fds,
      Statistics statistics,
      Gauges gauges) {
    this.audience = audience;
    this.traffic = traffic;
    this.events = events;
    this.fds = fds;
    this.statistics = statistics;
    this.gauges = gauges;
  }

  /** Greets a client that may have waited for it, and hears what it said meanwhile. */
  void welcome(Client client, Greeting greeting, long now) {
    if (!client.deaf()) {
      audience.greet(client, greeting, now);
      pump(client, NOTHING, now);
      resume(client, now);
      audience.look(client, now);
    }
  }

  /** Bytes came from a client. All are taken; what is not wanted yet is kept. */
  void received(Client client, ByteBuffer in, long now) {
    if (!client.holds()) {
      pump(client, in, now);
    }
    client.hold(in);
    audience.look(client, now);
  }

  /** A client was given an answer: it may have room for more. */
  void served(Client client, long now) {
    resume(client, now);
    audience.look(client, now);
  }

  /** Hears what was kept, if there is room for it now. */
  void resume(Client client, long now) {
    ByteBuffer rest = client.resume();
    if (rest != null) {
      pump(client, rest, now);
      client.resumed();
    }
  }

  private void pump(Client client, ByteBuffer in, long now) {
    Request request = client.session().next(in);
    while (request != null) {
      bring(client, request, now);
      request = client.session().next(in);
    }
  }

  private void bring(Client client, Request request, long now) {
    if (client.samples) {
      statistics.take(client, request, now);
      return;
    }
    switch (request.command().name()) {
      case ServerSession.STATUS ->
          client
              .session()
              .answer(request, Refusal.success(gauges.status(now), request.command().id()));
      case Events.SUBSCRIBE -> events.subscribe(client, request);
      default -> {
        Refusal refusal = fds.bind(client, request);
        if (refusal != null) {
          client.session().answer(request, refusal.line(request.command().id()));
        } else {
          traffic.add(client, request, now);
        }
      }
    }
  }
}
