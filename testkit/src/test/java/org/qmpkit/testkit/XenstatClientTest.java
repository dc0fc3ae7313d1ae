package org.qmpkit.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.qmpkit.testkit.Messages.assertMentions;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(120)
class XenstatClientTest {
  // What ends an answer where speed is not the point: a busy machine may take its time.
  private static final Duration PATIENT = Duration.ofSeconds(1);

  @Test
  void samplesTheDisksOfARealQemu() throws Exception {
    try (RealQemu qemu = RealQemu.start("-drive", "if=none,id=disk0,format=raw,file=null-co://")) {
      List<XenstatClient.Disk> disks = new XenstatClient(qemu.path(), PATIENT).sample();
      assertEquals(List.of(new XenstatClient.Disk("disk0", 0, 0, 0, 0, "null-co://")), disks);
    }
  }

  @Test
  void aRealQemuKeepsUpWithTenMillisecondsMostOfTheTime() throws Exception {
    try (RealQemu qemu = RealQemu.start()) {
      XenstatClient xenstat = new XenstatClient(qemu.path());
      int lost = 0;
      int good = 0;
      while (good < 3 && lost < 100) {
        try {
          assertEquals(List.of(), xenstat.sample());
          good++;
        } catch (XenstatClient.Lost e) {
          lost++;
        }
      }
      assertEquals(3, good, lost + " samples were lost");
    }
  }

  @Test
  void asksLikeLibxenstat() throws Exception {
    try (FakeQemu fake = FakeQemu.start().answers(XenstatClientTest::statistics)) {
      assertEquals(
          List.of(
              new XenstatClient.Disk("a", 2, 4, 3, 5, "/disk/a"),
              new XenstatClient.Disk("b", 0, 0, 0, 0, null)),
          new XenstatClient(fake.path(), PATIENT).sample());
      assertEquals(
          List.of(
              "{ \"execute\": \"qmp_capabilities\" }",
              "{ \"execute\": \"query-blockstats\" }",
              "{ \"execute\": \"query-block\" }",
              "{ \"execute\": \"query-block\" }"),
          fake.received());
      assertEquals(String.join("", fake.received()).length(), fake.receivedBytes().length);
    }
  }

  private static String statistics(String request) {
    if (request.contains("query-blockstats")) {
      return "{\"return\": [{\"device\": \"a\", \"stats\": {\"rd_bytes\": 1024, \"wr_bytes\": 2050,"
          + " \"rd_operations\": 3, \"wr_operations\": 5}}, {\"device\": \"b\", \"stats\": {}}]}";
    }
    if (request.contains("query-block")) {
      return "{\"return\": [{\"device\": \"a\", \"inserted\": {\"file\": \"/disk/a\"}},"
          + " {\"device\": \"b\"}]}";
    }
    return "{\"return\": {}}";
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "NO_GREETING",
        "REPLY_TWICE",
        "ERROR_WITHOUT_ID",
        "SECOND_GREETING",
        "EVENT_STORM",
        "EOF_IN_REPLY",
        "STOP_READING"
      })
  void losesTheSampleBy(Fault fault) throws Exception {
    try (FakeQemu fake = FakeQemu.start().answers(XenstatClientTest::statistics).next(fault)) {
      if (fault == Fault.NO_GREETING) {
        fake.answers(request -> "");
      }
      XenstatClient xenstat = new XenstatClient(fake.path(), Duration.ofMillis(300));
      assertThrows(XenstatClient.Lost.class, xenstat::sample);
    }
  }

  @Test
  void neverLooksAtTheGreeting() throws Exception {
    try (FakeQemu fake = FakeQemu.start().answers(XenstatClientTest::statistics)) {
      fake.next(Fault.GARBAGE_BEFORE_GREETING, Fault.STALE_REPLY);
      assertEquals(2, new XenstatClient(fake.path(), PATIENT).sample().size());
    }
  }

  @Test
  void takesALateReplyForTheNextOnes() throws Exception {
    AtomicInteger requests = new AtomicInteger();
    try (FakeQemu fake = FakeQemu.start()) {
      // The reply to qmp_capabilities is late: it comes with that to query-blockstats.
      fake.answers(request ->
          requests.getAndIncrement() == 0 ? "" : "{\"return\": {}}\r\n" + statistics(request));
      XenstatClient.Lost lost =
          assertThrows(
              XenstatClient.Lost.class, () -> new XenstatClient(fake.path(), PATIENT).sample());
      assertMentions(lost, "{\"return\": {}}\\r\\n{");
    }
  }
}
