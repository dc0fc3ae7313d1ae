package org.qmpkit.helper;

import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;
import org.qmpkit.net.Address;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.TransportException;
import org.qmpkit.protocol.Journal.Severity;

/**
 * Where Prometheus reads how the routes are: HTTP on the helper's own loop, for 16 readers at a
 * time. The text is made anew at most once a second, since the routes wait meanwhile.
 */
final class MetricsSocket implements AutoCloseable {
  private static final int MOST = 16;
  private static final long FRESH = Duration.ofSeconds(1).toNanos();

  private final House house;
  private final Supplier<Collection<Route>> routes;
  private final Listener listener;
  private final Set<Scrape> scrapes = new HashSet<>();
  private byte[] text = {};
  private long madeAt;

  /**
   * Listens.
   *
   * @param routes those that are there now
   * @throws TransportException if it can't listen there
   */
  MetricsSocket(House house, Address place, Supplier<Collection<Route>> routes)
      throws TransportException {
    this.house = house;
    this.routes = routes;
    listener = house.transports().listen(place, house.loop());
    listener.onWaiting(this::accept);
    listener.interest(true);
  }

  /** Where it listens, with its real port. */
  Address address() {
    return listener.address();
  }

  private void accept() {
    try {
      Endpoint endpoint = full() ? null : listener.accept();
      while (endpoint != null) {
        scrapes.add(new Scrape(endpoint, loop(), this::text, this::over));
        endpoint = full() ? null : listener.accept();
      }
    } catch (IOException e) {
      house
          .log()
          .write(Severity.WARNING, "", "", "cannot accept who reads metrics: " + e.getMessage());
    }
    listener.interest(!full());
  }

  private Loop loop() {
    return house.loop();
  }

  private boolean full() {
    return scrapes.size() >= MOST;
  }

  private byte[] text() {
    if (text.length == 0 || loop().now() - madeAt >= FRESH) {
      text = MetricsText.of(routes.get());
      madeAt = loop().now();
    }
    return text;
  }

  private void over(Scrape scrape) {
    scrapes.remove(scrape);
    listener.interest(true);
  }

  @Override
  public void close() {
    listener.close();
    Set.copyOf(scrapes).forEach(Scrape::close);
  }
}
