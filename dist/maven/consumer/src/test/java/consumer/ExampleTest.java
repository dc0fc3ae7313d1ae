package consumer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.qmpkit.client.QmpClient;
import org.qmpkit.client.QmpOptions;
import org.qmpkit.testkit.RealQemu;

@Timeout(300)
class ExampleTest {
  @Test
  void theExampleTalksToQemu() throws Exception {
    assertEquals(Boolean.getBoolean("consumer.module"), QmpClient.class.getModule().isNamed());
    assertEquals(Boolean.getBoolean("consumer.module"), Example.class.getModule().isNamed());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (RealQemu qemu = RealQemu.start()) {
      // Loads all classes, which may take a slow machine longer than the example's 5 s to connect.
      QmpClient.connect(
              qemu.path().toString(), QmpOptions.DEFAULT.withConnectTimeout(Duration.ofMinutes(1)))
          .close();
      Example.run(qemu.path().toString(), new PrintStream(out, true, StandardCharsets.UTF_8));
    }
    assertEquals("prelaunch\nRESUME\n[]\n", out.toString(StandardCharsets.UTF_8));
  }
}
