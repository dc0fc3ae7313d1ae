package org.qmpkit.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.qmpkit.net.Address;
import org.qmpkit.testkit.FakeQemu;
import org.qmpkit.testkit.RealQemu;

/**
 * Events with cursors, by what a helper answers. What is scripted here a real one does in {@code
 * it}.
 */
@Timeout(120)
class FollowTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final QmpOptions PATIENT = QmpOptions.DEFAULT.withConnectTimeout(MINUTE);

  private FakeQemu helper;
  private QmpClient client;

  @BeforeEach
  void start() throws Exception {
    helper = FakeQemu.start();
    client = QmpClient.connect(Address.unix(helper.path()), PATIENT);
  }

  @AfterEach
  void stop() throws IOException {
    client.close();
    helper.close();
  }

  private static String event(String name, String cursor) {
    return "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 7}, \"event\": \""
        + name
        + "\", \"__org.qmpkit_cursor\": \""
        + cursor
        + "\"}\r\n";
  }

  /** The helper answers subscriptions with this cursor, and these events right behind. */
  private void replays(String newest, String... events) {
    helper.answers(request -> {
      if (!request.contains("__org.qmpkit_subscribe")) {
        return null;
      }
      String value = "{\"cursor\": \"" + newest + "\", \"replayed\": " + events.length + "}";
      return (FakeQemu.returning(request, value) + "\r\n" + String.join("", events)).strip();
    });
  }

  private static List<String> names(Subscription subscription, int count) throws Exception {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      names.add(subscription.next(MINUTE).orElseThrow().name());
    }
    return names;
  }

  @Test
  void anOrdinarySubscriptionAsksNothing() throws Exception {
    int before = helper.received().size();
    try (Subscription all = client.subscribe(EventFilter.all())) {
      client.execute("sync");
      assertEquals(before + 1, helper.received().size());
      assertEquals(Optional.empty(), all.cursor());
    }
  }

  @Test
  void oldEventsAreForWhoAskedNewOnesForAll() throws Exception {
    replays("c2", event("OLD1", "c1"), event("OLD2", "c2"));
    try (Subscription plain = client.subscribe(EventFilter.all());
        Subscription follower = client.follow(EventFilter.all(), "c0")) {
      helper.send(event("NEW", "c3"));
      assertEquals(List.of("OLD1", "OLD2", "NEW"), names(follower, 3));
      assertEquals(List.of("NEW"), names(plain, 1));
      assertEquals(Optional.empty(), plain.cursor());
    }
    assertTrue(helper.received().getLast().contains("\"since\":\"c0\""));
  }

  @Test
  void theCursorIsThatOfWhatWasTaken() throws Exception {
    replays("c0");
    try (Subscription follower = client.follow(EventFilter.of("A"))) {
      assertEquals(Optional.of("c0"), follower.cursor());
      helper.send(event("A", "c1") + event("B", "c2") + event("A", "c3") + event("B", "c4"));
      client.execute("sync");
      assertEquals(Optional.of("c0"), follower.cursor());
      names(follower, 1);
      assertEquals(Optional.of("c1"), follower.cursor());
      names(follower, 1);
      assertEquals(Optional.of("c4"), follower.cursor(), "what it does not want is behind it, too");
      helper.send(event("B", "c5"));
      client.execute("sync");
      assertEquals(Optional.of("c5"), follower.cursor());
    }
  }

  @Test
  void whatIsReplayedHasRoomBesides() throws Exception {
    String[] old = new String[50];
    for (int i = 0; i < old.length; i++) {
      old[i] = event("OLD" + i, "c" + i);
    }
    replays("c49", old);
    try (Subscription follower = client.follow(EventFilter.all().withCapacity(1), "c")) {
      helper.send(event("NEW", "c50"));
      client.execute("sync");
      assertEquals("OLD0", names(follower, 1).getFirst());
      assertEquals(Optional.of("c0"), follower.cursor());
      assertEquals("NEW", names(follower, 50).getLast());
      assertEquals(0, follower.dropped());
    }
  }

  @Test
  void aGapPassesEveryFilterOfWhoFollows() throws Exception {
    replays("c0");
    try (Subscription follower = client.follow(EventFilter.of("A"));
        Subscription plain = client.subscribe(EventFilter.all())) {
      helper.send(event("__ORG.QMPKIT_LOST", "c1") + event("A", "c2"));
      assertEquals(List.of("__ORG.QMPKIT_LOST", "A"), names(follower, 2));
      assertEquals(List.of("A"), names(plain, 1));
    }
  }

  @Test
  void oldEventsForOneWhoHasGivenUpReachNobody() throws Exception {
    replays("c1", event("OLD", "c1"));
    client.close();
    try (QmpClient hasty =
        QmpClient.connect(
            Address.unix(helper.path()), PATIENT.withReplyTimeout(Duration.ofMillis(1)))) {
      try (Subscription plain = hasty.subscribe(EventFilter.all())) {
        helper.hold();
        assertThrows(TimedOut.class, () -> hasty.follow(EventFilter.all(), "c0"));
        helper.release();
        helper.send(event("NEW", "c2"));
        assertEquals(List.of("NEW"), names(plain, 1));
      }
    }
  }

  @Test
  void anAnswerWithoutCursorIsNoHelpers() throws Exception {
    assertThrows(ProtocolViolation.class, () -> client.follow(EventFilter.all()));
    try (Subscription plain = client.subscribe(EventFilter.all())) {
      helper.event("B");
      assertEquals(List.of("B"), names(plain, 1));
    }
  }

  @Test
  void whatIsNoCursorIsTheHelpersToRefuse() {
    helper.answers(request -> FakeQemu.failing(request, "GenericError", "Parameter 'since' …"));
    assertThrows(CommandFailed.class, () -> client.follow(EventFilter.all(), "x"));
  }

  @Test
  void qemuItselfHasNoCursors() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        QmpClient direct = QmpClient.connect(Address.unix(qemu.path()), PATIENT)) {
      String why =
          String.valueOf(
              assertThrows(
                      UnsupportedOperationException.class,
                      () -> direct.follow(EventFilter.all(), "c0"))
                  .getMessage());
      assertTrue(why.contains("only qmp helper gives cursors"), why);
      assertTrue(direct.execute("query-status").has("status"));
    }
  }
}
