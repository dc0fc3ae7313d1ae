package org.qmpkit.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.qmpkit.testkit.RealQemu;

/** The example of the documentation, README.md's too: that it runs. */
@Timeout(120)
class ExampleTest {
  private static void example(String address, PrintStream out) throws Exception {
    // @start region="example"
    try (QmpClient qemu = QmpClient.connect(address);
        Subscription events = qemu.subscribe(EventFilter.of("STOP", "RESUME"))) {
      out.println(qemu.execute("query-status").get("status").asString());
      qemu.execute("cont");
      events.next(Duration.ofMinutes(1)).ifPresent(event -> out.println(event.name()));
      qemu.execute("qom-list", Map.of("path", "/machine"));
      qemu.executeAsync("query-iothreads").thenAccept(out::println).join();
    } catch (CommandFailed e) {
      out.println(e.errorClass() + ": " + e.desc()); // QEMU said no; the others: see QmpException
    }
    // @end
  }

  @Test
  void itRuns() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (RealQemu qemu = RealQemu.start()) {
      // Loads all classes, which may take a slow machine longer than the example's 5 s to connect.
      QmpClient.connect(
              qemu.path().toString(), QmpOptions.DEFAULT.withConnectTimeout(Duration.ofMinutes(1)))
          .close();
      example(qemu.path().toString(), new PrintStream(out, true, StandardCharsets.UTF_8));
    }
    assertEquals("prelaunch\nRESUME\n[]\n", out.toString(StandardCharsets.UTF_8));
  }
}
