package org.qmpkit.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.qmpkit.testkit.LibxlClient.Code;
import tools.jackson.databind.JsonNode;

@Timeout(120)
class LibxlClientTest {
  @Test
  void runsOperationsOnARealQemu() throws Exception {
    try (RealQemu qemu = RealQemu.start("-name", "guest")) {
      LibxlClient libxl = new LibxlClient(qemu.path());
      for (int i = 0; i < 10; i++) {
        List<JsonNode> returns =
            libxl.operation(
                "query-version",
                "query-name",
                "human-monitor-command {\"command-line\": \"info name\"}");
        assertEquals(7, returns.get(0).path("qemu").path("major").asInt());
        assertEquals("guest", returns.get(1).path("name").asString());
        assertEquals("guest\r\n", returns.get(2).asString());
      }
    }
  }

  @Test
  void mapsTheErrorsOfARealQemu() throws Exception {
    try (RealQemu qemu = RealQemu.start()) {
      assertEquals(Code.QMP_COMMAND_NOT_FOUND, failure(qemu, "no-such-command"));
      assertEquals(Code.QMP_DEVICE_NOT_FOUND, failure(qemu, "device_del {\"id\": \"nobody\"}"));
      assertEquals(Code.QMP_GENERIC_ERROR, failure(qemu, "qom-get {}"));
    }
  }

  private static Code failure(RealQemu qemu, String command) {
    return assertThrows(
            LibxlClient.Failure.class, () -> new LibxlClient(qemu.path()).operation(command))
        .code();
  }

  @Test
  void writesExactlyWhatLibxlWrites() throws Exception {
    try (FakeQemu fake = FakeQemu.start()) {
      new LibxlClient(fake.path()).operation("stop", "add-fd {\"fdset-id\": 1}", "cont");
      assertEquals(
          List.of(
              "{\"execute\":\"qmp_capabilities\",\"id\":2020372737}",
              "{\"execute\":\"stop\",\"id\":2020372736}",
              "{\"execute\":\"add-fd\",\"id\":2020372738,\"arguments\":{\"fdset-id\":1}}",
              "{\"execute\":\"cont\",\"id\":2020372739}"),
          fake.received());
      assertTrue(Excerpt.tail(fake.receivedBytes()).endsWith("\"id\":2020372739}\\r\\n»"));
    }
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "GARBAGE_BEFORE_GREETING",
        "STALE_REPLY",
        "UNKNOWN_ID",
        "ERROR_WITHOUT_ID",
        "SECOND_GREETING",
        "EOF_IN_REPLY",
        "PRETTY"
      })
  void isBrokenBy(Fault fault) throws Exception {
    try (FakeQemu fake = FakeQemu.start().next(fault)) {
      assertEquals(Code.PROTOCOL_ERROR_QMP, failure(fake, "query-status", "query-status"));
      // The next operation is a connection of its own.
      new LibxlClient(fake.path()).operation("query-status");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"RAW_UTF8", "BYTE_BY_BYTE", "EVENT_STORM"})
  void isNotBrokenBy(Fault fault) throws Exception {
    try (FakeQemu fake = FakeQemu.start().next(fault)) {
      assertEquals(2, new LibxlClient(fake.path()).operation("query-status", "stop").size());
    }
  }

  @Test
  void aSecondReplyBreaksTheCommandAfterIt() throws Exception {
    try (FakeQemu fake = FakeQemu.start().next(Fault.REPLY_TWICE)) {
      assertEquals(Code.PROTOCOL_ERROR_QMP, failure(fake, "query-status", "query-status"));
    }
  }

  @Test
  void anEndlessMessageFillsTheBuffer() throws Exception {
    try (FakeQemu fake = FakeQemu.start().next(Fault.ENDLESS_STRING)) {
      assertEquals(Code.BUFFERFULL, failure(fake, "query-status"));
    }
  }

  @Test
  void aMessageOfAlmostOneMebibytePassesAndOneOfMoreDoesNot() throws Exception {
    try (FakeQemu fake = FakeQemu.start()) {
      fake.answers(request -> sized(request, 1_040_000));
      assertEquals(1, new LibxlClient(fake.path()).operation("query-status").size());
      fake.answers(request -> sized(request, 1_044_480));
      assertEquals(Code.BUFFERFULL, failure(fake, "query-status"));
    }
  }

  private static String sized(String request, int size) {
    String value = request.contains("qmp_capabilities") ? "{}" : "\"" + "x".repeat(size) + "\"";
    return FakeQemu.returning(request, value);
  }

  @Test
  void silenceEndsTheOperationAfterTenSeconds() throws Exception {
    try (FakeQemu fake = FakeQemu.start().next(Fault.NO_GREETING)) {
      assertEquals(Code.TIMEDOUT, failure(fake, "query-status"));
    }
  }

  @Test
  void aFullBacklogIsAFailureAtOnce() throws Exception {
    try (FakeQemu fake = FakeQemu.start();
        LineClient served = LineClient.connect(fake.path())) {
      served.negotiate();
      try (LineClient second = LineClient.connect(fake.path());
          LineClient third = LineClient.connect(fake.path())) {
        assertEquals(Code.FAIL, failure(fake, "query-status"));
        assertEquals(0, second.events().size() + third.events().size());
      }
    }
  }

  private static Code failure(FakeQemu fake, String... commands) {
    return assertThrows(
            LibxlClient.Failure.class, () -> new LibxlClient(fake.path()).operation(commands))
        .code();
  }
}
