package org.qmpkit.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.testkit.Messages.assertMentions;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class LineClientTest {
  private static final String NAME = "{\"execute\": \"query-name\"}";

  @Test
  void negotiatesAndAsksARealQemu() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        LineClient client = LineClient.connect(qemu.path())) {
      assertTrue(client.greeting().startsWith("{\"QMP\": "));
      client.negotiate("oob");
      assertEquals("{\"return\": {}, \"id\": 7}", client.ask("{'execute':'query-name','id':7}"));
      client.silent(Duration.ofMillis(50));
      assertTrue(client.ask("{\"exec-oob\": \"query-yank\"}").startsWith("{\"return\": "));
      assertTrue(client.ask("{\"execute\": \"query-qmp-schema\"}").length() > 100_000);
    }
  }

  @Test
  void aRefusedCapabilityIsAFailure() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        LineClient client = LineClient.connect(qemu.path())) {
      AssertionError e = assertThrows(AssertionError.class, () -> client.negotiate("nonsense"));
      assertMentions(e, "expected success of qmp_capabilities");
    }
  }

  @Test
  void aHalfClosedRealQemuAnswersAndThenEnds() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        LineClient client = LineClient.connect(qemu.path())) {
      client.negotiate();
      client.send(NAME);
      client.halfClose();
      List<String> rest = client.expectEnd();
      assertTrue(rest.isEmpty() || rest.equals(List.of("{\"return\": {}}")), rest.toString());
    }
  }

  @Test
  void resetWithUnreadOutputLeavesARealQemuServing() throws Exception {
    try (RealQemu qemu = RealQemu.start()) {
      LineClient rude = LineClient.connect(qemu.path());
      rude.negotiate();
      rude.send("{\"execute\": \"query-qmp-schema\"}");
      rude.reset();
      try (LineClient client = LineClient.connect(qemu.path())) {
        client.greeting();
      }
    }
  }

  @Test
  void eventsAreSkippedAndKeptInOrder() throws Exception {
    try (FakeQemu fake = FakeQemu.start();
        LineClient client = LineClient.connect(fake.path())) {
      client.negotiate();
      fake.event("STOP");
      fake.event("RESUME");
      assertEquals("{\"return\": {}}", client.ask(NAME));
      assertEquals(2, client.events().size());
      assertTrue(client.events().get(1).contains("RESUME"));
      fake.event("POWERDOWN");
      assertTrue(client.event("POWERDOWN").contains("timestamp"));
      assertEquals(2, client.events().size());
      fake.event("STOP");
      AssertionError e = assertThrows(AssertionError.class, () -> client.event("RESUME"));
      assertMentions(e, "expected event RESUME");
    }
  }

  @Test
  void everyFailureShowsWhatWasExpectedWhatCameAndTheLastBytes() throws Exception {
    try (FakeQemu fake = FakeQemu.start();
        LineClient client = LineClient.connect(fake.path(), Duration.ofMillis(300))) {
      client.negotiate();
      fake.send("{\"return\": ");
      AssertionError e = assertThrows(AssertionError.class, client::line);
      assertMentions(e, "expected a line within PT0.3S");
      assertMentions(e, "came: «{\"return\": »");
      assertMentions(e, "bytes seen");
    }
  }

  @Test
  void silenceIsBrokenByBytesAndByTheEnd() throws Exception {
    try (FakeQemu fake = FakeQemu.start();
        LineClient client = LineClient.connect(fake.path())) {
      client.negotiate();
      client.silent(Duration.ofMillis(20));
      fake.event("STOP");
      assertThrows(AssertionError.class, () -> client.silent(Duration.ofSeconds(10)));
      client.event("STOP");
      fake.hangUp();
      assertThrows(AssertionError.class, () -> client.silent(Duration.ofSeconds(10)));
      assertEquals(List.of(), client.expectEnd());
    }
  }

  @Test
  void linesOfTenMegabytesAreReadWithoutDelay() throws Exception {
    String value = "\"" + "x".repeat(10 << 20) + "\"";
    try (FakeQemu fake =
            FakeQemu.start()
                .answers(request ->
                    request.contains("query-name") ? FakeQemu.returning(request, value) : null);
        LineClient client = LineClient.connect(fake.path())) {
      client.negotiate();
      long start = System.nanoTime();
      for (int i = 0; i < 5; i++) {
        assertEquals(value.length() + 12, client.ask(NAME).length());
      }
      Duration each = Duration.ofNanos((System.nanoTime() - start) / 5);
      // About a tenth of this on an idle machine; a quadratic search would take minutes.
      assertTrue(each.toMillis() < 5_000, () -> "10 MB in " + each);
    }
  }

  @Test
  void nobodyThereIsAnIOException(@TempDir Path directory) {
    Path socket = directory.resolve("nobody.sock");
    IOException e = assertThrows(IOException.class, () -> LineClient.connect(socket).close());
    assertMentions(e, socket.toString());
  }

  @Test
  void aFullBacklogIsWaitedForAndThenReported() throws Exception {
    Duration patience = Duration.ofMillis(300);
    try (FakeQemu fake = FakeQemu.start();
        LineClient served = LineClient.connect(fake.path())) {
      served.negotiate();
      try (LineClient second = LineClient.connect(fake.path());
          LineClient third = LineClient.connect(fake.path())) {
        assertThrows(IOException.class, () -> LineClient.connect(fake.path(), patience).close());
        second.silent(Duration.ofMillis(50));
        served.reset();
        second.negotiate();
        second.reset();
        third.negotiate();
      }
    }
  }
}
