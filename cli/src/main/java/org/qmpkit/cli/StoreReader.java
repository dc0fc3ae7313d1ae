package org.qmpkit.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.qmpkit.net.Address;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Transports;
import org.qmpkit.net.Xenstore;

/** Xenstore for who may wait: each call blocks, at most some 5 s. */
final class StoreReader implements AutoCloseable {
  private static final Duration TURN = Duration.ofMillis(500);

  private final Loop loop;
  private final Xenstore xenstore;

  /**
   * Connects when first asked.
   *
   * @throws IOException if there is no way to such an address here
   */
  StoreReader(Address address) throws IOException {
    Transports transports = Transports.load();
    loop = new Loop(transports.poller(List.of(address)));
    xenstore = new Xenstore(loop, transports, address);
  }

  /**
   * The names in a folder.
   *
   * @throws IOException if xenstored does not answer, or refuses
   */
  List<String> list(String path) throws IOException {
    return await(xenstore.list(path));
  }

  /**
   * The value at a path.
   *
   * @throws IOException if xenstored does not answer, or refuses
   */
  Optional<String> read(String path) throws IOException {
    return await(xenstore.read(path));
  }

  private <T> T await(CompletableFuture<T> answer) throws IOException {
    while (!answer.isDone()) {
      loop.turn(TURN);
    }
    if (answer.isCompletedExceptionally()) {
      throw new IOException(Xenstore.reason(answer.exceptionNow()));
    }
    return answer.resultNow();
  }

  @Override
  public void close() {
    xenstore.close();
    loop.close();
  }
}
