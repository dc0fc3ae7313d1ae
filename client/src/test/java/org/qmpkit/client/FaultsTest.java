package org.qmpkit.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.math.BigInteger;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.qmpkit.client.CommandFailed.Refusal;
import org.qmpkit.net.Address;
import org.qmpkit.testkit.FakeQemu;
import org.qmpkit.testkit.Fault;

/** What a client makes of a far side that misbehaves. */
@Timeout(120)
class FaultsTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration SECONDS = Duration.ofSeconds(2);
  private static final Duration MOMENT = Duration.ofMillis(100);
  private static final QmpOptions OPTIONS =
      QmpOptions.DEFAULT.withConnectTimeout(MINUTE).withSchemaCache(SchemaCache.none());

  private FakeQemu fake;

  @BeforeEach
  void start() throws IOException {
    fake = FakeQemu.start();
  }

  @AfterEach
  void stop() throws IOException {
    fake.close();
  }

  private QmpClient connect(QmpOptions options) throws Exception {
    return QmpClient.connect(Address.unix(fake.path()), options);
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "GARBAGE_BEFORE_GREETING",
        "STALE_REPLY",
        "REPLY_TWICE",
        "EVENT_STORM",
        "PRETTY",
        "RAW_UTF8",
        "BARE_NEWLINE",
        "BYTE_BY_BYTE"
      })
  void faultsThatDoNotMatter(Fault fault) throws Exception {
    fake.next(fault);
    try (QmpClient client = connect(OPTIONS)) {
      assertTrue(client.execute("a").isObject());
      assertTrue(client.execute("b").isObject());
    }
  }

  @Test
  void silenceTimesOut() {
    fake.next(Fault.LATE_GREETING);
    TimedOut timedOut =
        assertThrows(TimedOut.class, () -> connect(OPTIONS.withConnectTimeout(SECONDS)));
    assertTrue(timedOut.getMessage().contains("not greeted"), timedOut.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "gone, Disconnected, its QEMU is gone: it left",
    "busy, TimedOut, its QEMU is busy: it left"
  })
  void aHelperThatDoesNotGreetSaysWhatBecameOfItsQemu(String state, String kind, String text) {
    fake.greeting("");
    String status = "{\"state\": \"" + state + "\", \"reason\": \"it left\"}";
    fake.answers(request ->
        request.contains("__org.qmpkit_status") ? FakeQemu.returning(request, status) : null);
    QmpException silence =
        assertThrows(QmpException.class, () -> connect(OPTIONS.withConnectTimeout(SECONDS)));
    assertEquals(kind, silence.getClass().getSimpleName());
    assertTrue(silence.getMessage().contains(text), silence.getMessage());
    assertFalse(silence.getMessage().contains("another client"), silence.getMessage());
  }

  @Test
  void aQemuThatGreetsBehindTheQuestionIsServedAsEver() throws Exception {
    fake.next(Fault.LATE_GREETING);
    Thread late =
        Thread.ofVirtual()
            .start(() -> {
              fake.awaitReceived(1);
              fake.release();
            });
    try (QmpClient client = connect(OPTIONS.withConnectTimeout(SECONDS.multipliedBy(4)))) {
      assertTrue(fake.received().getFirst().contains("__org.qmpkit_status"));
      assertTrue(client.execute("a").isObject());
    }
    late.join();
  }

  @Test
  void aGreetingWithoutNegotiationTimesOut() {
    fake.answers(_ -> "");
    TimedOut timedOut =
        assertThrows(TimedOut.class, () -> connect(OPTIONS.withConnectTimeout(SECONDS)));
    assertTrue(timedOut.getMessage().contains("not answered"), timedOut.getMessage());
  }

  @Test
  void garbageInPlaceOfAGreetingIsAViolation() {
    fake.greeting("QEMU 7.2.22 monitor - type 'help' for more information");
    ProtocolViolation violation =
        assertThrows(ProtocolViolation.class, () -> connect(OPTIONS.withConnectTimeout(SECONDS)));
    assertTrue(violation.getMessage().contains("mode=control"), violation.getMessage());
  }

  @Test
  void anEndDuringTheNegotiationIsADisconnection() {
    fake.answers(_ -> {
      fake.send("");
      throw new IllegalStateException("left");
    });
    assertThrows(Disconnected.class, () -> connect(OPTIONS));
    assertThrows(IllegalStateException.class, fake::close);
  }

  @Test
  void anEndWithinAReplyLeavesTheOutcomeUnknown() throws Exception {
    try (QmpClient client = connect(OPTIONS)) {
      fake.now(Fault.EOF_IN_REPLY);
      Disconnected lost = assertThrows(Disconnected.class, () -> client.execute("stop"));
      assertTrue(lost.outcomeUnknown());
      assertTrue(
          lost.getMessage().contains("whether the command ran is unknown"), lost.getMessage());
    }
  }

  @Test
  void anAnswerToNobodyIsLeftAloneAndTheCallerTimesOut() throws Exception {
    try (QmpClient client = connect(OPTIONS)) {
      fake.now(Fault.UNKNOWN_ID);
      TimedOut timedOut;
      do { // on a busy machine the time may be up before it is sent
        timedOut =
            assertThrows(
                TimedOut.class, () -> client.execute(QmpCommand.of("stop").within(MOMENT)));
      } while (!timedOut.outcomeUnknown());
      client.execute("cont");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"ERROR_WITHOUT_ID", "ENDLESS_STRING"})
  void whatNoQemuSaysEndsTheConnection(Fault fault) throws Exception {
    try (QmpClient client = connect(OPTIONS)) {
      fake.now(fault);
      assertThrows(ProtocolViolation.class, () -> client.execute("stop"));
      assertThrows(ProtocolViolation.class, () -> client.execute("stop"));
    }
  }

  @Test
  void aReplyBeyondTheLimitEndsTheConnection() throws Exception {
    fake.answers(request ->
        request.contains("big")
            ? FakeQemu.returning(request, "\"" + "x".repeat(11 << 20) + "\"")
            : null);
    try (QmpClient client = connect(OPTIONS)) {
      ProtocolViolation violation =
          assertThrows(ProtocolViolation.class, () -> client.execute("big"));
      assertTrue(violation.getMessage().contains("size limit"), violation.getMessage());
    }
  }

  @Test
  void aReplyBelowTheLimitArrives() throws Exception {
    fake.answers(request ->
        request.contains("big")
            ? FakeQemu.returning(request, "\"" + "x".repeat(9 << 20) + "\"")
            : null);
    try (QmpClient client = connect(OPTIONS)) {
      assertEquals(9 << 20, client.execute("big").asString().length());
    }
  }

  @Test
  void aGreetingInMidStreamEndsTheConnection() throws Exception {
    try (QmpClient client = connect(OPTIONS)) {
      fake.now(Fault.SECOND_GREETING);
      Disconnected lost = assertThrows(Disconnected.class, () -> client.execute("stop"));
      assertTrue(lost.getMessage().contains("greeted anew"), lost.getMessage());
    }
  }

  @Test
  void numbersBeyondADoubleAreAViolationOfThatAnswerAlone() throws Exception {
    fake.answers(request ->
        request.contains("huge")
            ? FakeQemu.returning(request, "[1e400]")
            : request.contains("long")
                ? FakeQemu.returning(request, "9".repeat(1001))
                : request.contains("whole")
                    ? FakeQemu.returning(request, "123456789012345678901234567890")
                    : null);
    try (QmpClient client = connect(OPTIONS)) {
      assertThrows(ProtocolViolation.class, () -> client.execute("huge"));
      assertThrows(ProtocolViolation.class, () -> client.execute("long"));
      assertEquals(
          new BigInteger("123456789012345678901234567890"),
          client.execute("whole").bigIntegerValue());
    }
  }

  @Test
  void anErrorWithoutClassOrDescIsAViolation() throws Exception {
    fake.answers(request ->
        request.contains("bad")
            ? "{\"error\": {}" + request.substring(request.lastIndexOf(",\"id\""))
            : null);
    try (QmpClient client = connect(OPTIONS)) {
      assertThrows(ProtocolViolation.class, () -> client.execute("bad"));
      client.execute("good");
    }
  }

  @Test
  void whatTheHelperRefusesIsTold() throws Exception {
    for (Refusal refusal : Refusal.values()) {
      String word = refusal.name().toLowerCase(Locale.ROOT).replace('_', ' ');
      fake.answers(request ->
          request.contains("qmp_capabilities")
              ? null
              : FakeQemu.failing(request, "GenericError", "qmpkit: " + word + ": so it is"));
      try (QmpClient client = connect(OPTIONS)) {
        CommandFailed failed = assertThrows(CommandFailed.class, () -> client.execute("a"));
        assertEquals(Optional.of(refusal), failed.refusal());
      }
    }
  }

  @Test
  void textsOfTheFarSideStayOnOneLine() throws Exception {
    fake.answers(request ->
        request.contains("a-b")
            ? FakeQemu.failing(request, "GenericError", "one\\ntwo\\u001b[31m" + "x".repeat(5000))
            : null);
    try (QmpClient client = connect(OPTIONS)) {
      CommandFailed failed = assertThrows(CommandFailed.class, () -> client.execute("a-b"));
      String message = String.valueOf(failed.getMessage());
      assertFalse(message.chars().anyMatch(Character::isISOControl), message);
      assertTrue(message.length() < 1100, () -> "" + message.length());
      assertTrue(failed.desc().startsWith("one\ntwo"), failed.desc());
    }
  }
}
