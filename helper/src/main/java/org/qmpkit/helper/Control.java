package org.qmpkit.helper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.TransportException;
import org.qmpkit.protocol.Journal.Severity;

/**
 * The socket on which drop-ins hand their domain over to a helper that serves the whole host: for
 * root and the helper's own user. At most 64 may be there that have not asked yet; the next waits
 * in the system's backlog until one of them has, or has had its 5 s.
 */
final class Control implements AutoCloseable, Lease.Listener {
  private static final int MOST_PENDING = 64;

  private final House house;
  private final Lease.Listener server;
  private final Listener listener;
  private final Set<Lease> leases = new HashSet<>();

  /**
   * Listens.
   *
   * @param place a UNIX socket of mode 0600 unless it says otherwise; its folder is made if need be
   * @throws TransportException if it can't listen there
   * @throws IOException if the folder can't be made
   */
  Control(House house, Address place, Lease.Listener server) throws IOException {
    this.house = house;
    this.server = server;
    Path folder = Path.of(place.target()).toAbsolutePath().getParent();
    if (folder != null) {
      // Whoever may write there could take the socket's place.
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    }
    listener = house.transports().listen(place, house.loop());
    listener.onWaiting(this::accept);
    listener.interest(true);
  }

  private void accept() {
    try {
      Endpoint endpoint = pending() < MOST_PENDING ? listener.accept() : null;
      while (endpoint != null) {
        welcome(endpoint);
        endpoint = pending() < MOST_PENDING ? listener.accept() : null;
      }
    } catch (IOException e) {
      house.log().write(Severity.WARNING, "", "", "cannot accept a drop-in: " + e.getMessage());
    }
    listener.interest(pending() < MOST_PENDING);
  }

  private long pending() {
    return leases.stream().filter(Lease::pending).count();
  }

  private void welcome(Endpoint endpoint) throws IOException {
    Lease lease = new Lease(endpoint, house.loop(), this);
    leases.add(lease);
    Object self = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    boolean stranger =
        endpoint
            .credentials()
            .filter(who -> who.uid() != 0 && !Long.toString(who.uid()).equals(self.toString()))
            .isPresent();
    if (stranger) {
      lease.refuse("only root and the helper's own user may ask here");
    }
  }

  @Override
  public @Nullable String asked(Lease lease, LeaseRequest request) {
    listener.interest(true);
    return server.asked(lease, request);
  }

  @Override
  public void over(Lease lease) {
    leases.remove(lease);
    listener.interest(true);
    server.over(lease);
  }

  /** Takes no more of them. */
  void drain() {
    listener.close();
  }

  /** Ends all leases, without a word: who holds one has to serve by itself. */
  @Override
  public void close() {
    listener.close();
    Set.copyOf(leases).forEach(Lease::close);
  }
}
