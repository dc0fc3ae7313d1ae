package org.qmpkit.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.qmpkit.testkit.RealQemu;

@Timeout(120)
class TapTest {
  private final List<String> heard = new CopyOnWriteArrayList<>();

  private final Tap tap =
      new Tap() {
        @Override
        public void sent(long id, String message) {
          heard.add(id + " > " + message);
        }

        @Override
        public void answered(long id, String message) {
          heard.add(id + " < " + message);
        }

        @Override
        public void happened(String message) {
          heard.add("< " + message.replaceFirst("\"timestamp\": \\{.*?}, ", ""));
        }
      };

  @Test
  void hearsWhatGoesOverTheWireInItsOrder() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        QmpClient client = QmpClient.connect("unix:" + qemu.path())) {
      assertTrue(client.greeting().startsWith("{\"QMP\": {\"version\": "), client.greeting());
      client.execute("query-name");
      client.tap(tap);
      client.execute("cont");
      assertThrows(CommandFailed.class, () -> client.execute("qom-get", Map.of("path", "/nope")));
      client.tap(null);
      client.execute("query-name");
      assertEquals(
          List.of(
              "2 > {\"execute\":\"cont\",\"id\":2}",
              "< {\"event\": \"RESUME\"}",
              "2 < {\"return\": {}, \"id\": 2}",
              "3 > {\"execute\":\"qom-get\",\"arguments\":{\"path\":\"/nope\"},\"id\":3}",
              "3 < {\"id\": 3, \"error\": {\"class\": \"GenericError\", \"desc\":"
                  + " \"Parameter 'property' is missing\"}}"),
          heard);
    }
  }
}
