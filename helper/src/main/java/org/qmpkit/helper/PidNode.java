package org.qmpkit.helper;

import java.io.IOException;
import java.io.PrintStream;
import java.util.function.Consumer;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Transports;
import org.qmpkit.net.Xenstore;

/**
 * A helper in the place of OpenXT's {@code qmp_helper}: when it listens, its process id is written
 * to xenstore, where OpenXT's libxl looks for whom to end with the domain.
 *
 * @param path where to write
 */
public record PidNode(String path) {

  /**
   * Runs it until a signal ends it; blocks. On a host without xenstored nothing is written; what
   * xenstored refuses is said and is no obstacle.
   *
   * @param settings with the route
   * @param err where its log goes
   * @throws IOException if it can't listen, or there is no way to the other end
   * @throws IllegalArgumentException if the settings make no sense
   */
  public void run(Settings settings, PrintStream err) throws IOException {
    Helper.run(settings, err, (loop, transports, end) -> write(loop, transports, err::println));
  }

  private void write(Loop loop, Transports transports, Consumer<String> note) {
    Xenstore.here()
        .map(at -> new Xenstore(loop, transports, at))
        .ifPresent(store -> {
          var _ =
              store
                  .write(path, Long.toString(ProcessHandle.current().pid()))
                  .whenComplete((done, why) -> {
                    if (why != null) {
                      note.accept("warning: " + Xenstore.reason(why));
                    }
                    store.close();
                  });
        });
  }
}
