package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.qmpkit.protocol.FaultCell.Fault;
import org.qmpkit.protocol.FaultCell.Side;
import org.qmpkit.protocol.FaultCell.Step;

/**
 * Every fault at every step, towards QEMU and towards a client: neighbours notice as little as can
 * be, every request ends in exactly one of reply, error and close, nothing is left behind, and who
 * comes next is served. One cell alone: {@code -Dqmpkit.cell=CLIENT/RST/AWAITING}.
 */
final class FaultMatrixTest {
  private static final int SHOWN = 60;
  private static final int LONGEST = 160;

  /** Longer than any limit of time that a client or QEMU may exceed. */
  private static final Duration LASTING = Duration.ofSeconds(12);

  private static final Duration AFTERWARDS = Duration.ofSeconds(8);

  /** The beginning of a message, for people. */
  static String excerpt(String text) {
    return text.length() <= LONGEST
        ? text.strip()
        : text.substring(0, LONGEST) + "… (" + text.length() + " in all)";
  }

  @TestFactory
  Stream<DynamicTest> everyFaultAtEveryStep() {
    String only = System.getProperty("qmpkit.cell", "");
    return FaultCell.all().stream()
        .filter(cell -> cell.impossible() == null)
        .filter(cell -> only.isEmpty() || cell.toString().equals(only))
        .map(cell -> DynamicTest.dynamicTest(cell.words(), () -> run(cell)));
  }

  @Test
  void whatIsNotRunIsInTheTable() {
    List<FaultCell> all = FaultCell.all();
    assertEquals(24 * 16 * 2, all.size());
    assertEquals(702, all.stream().filter(cell -> cell.impossible() == null).count());
  }

  private static void run(FaultCell cell) {
    FaultScene scene = new FaultScene(cell);
    try {
      scene.approach();
      scene.suffer();
      scene.live(LASTING);
      scene.mend();
      scene.live(AFTERWARDS);
      if (ends(cell)) {
        assertEnded(scene);
      } else {
        if (cell.harmless(scene.qemuWasMidMessage())) {
          assertUnharmed(scene, cell);
        }
        assertServesOn(scene, cell);
        everybodyLeaves(scene);
      }
      assertNothingLeft(scene);
    } catch (RuntimeException | AssertionError e) {
      List<String> trace = scene.trace;
      throw new AssertionError(
          e.getMessage()
              + "\n  again: mvn -pl protocol -am test -Dtest=FaultMatrixTest"
              + " -Dsurefire.failIfNoSpecifiedTests=false -Dqmpkit.cell="
              + cell
              + "\n  "
              + String.join("\n  ", trace.subList(Math.max(0, trace.size() - SHOWN), trace.size())),
          e);
    }
  }

  /** Whether the route ends in it. */
  private static boolean ends(FaultCell cell) {
    return cell.fault() == Fault.OUR_SIGTERM || cell.step() == Step.DRAINING;
  }

  private static void assertEnded(FaultScene scene) {
    assertTrue(scene.route.closed(), "the drain does not end");
    for (LinkedClient each : scene.everybody) {
      assertTrue(each.over(), () -> "left without an end: " + each);
    }
  }

  private static void assertUnharmed(FaultScene scene, FaultCell cell) {
    for (LinkedClient each : scene.everybody) {
      if (each == scene.victim && cell.side() == Side.CLIENT) {
        continue;
      }
      assertFalse(each.over(), () -> "its connection ended: " + each);
      assertEquals(0, each.errors(), each::toString);
      assertEquals(List.of(), each.unanswered(), each::toString);
    }
    for (LinkedClient each : scene.neighbours) {
      assertEquals(scene.qemu.events() - 1, each.lastEvent(), each + " missed events");
    }
    boolean listens = !scene.victim.over() || cell.fault() == Fault.HALF_CLOSE;
    if (listens && scene.victim.negotiated()) {
      assertEquals(List.of(), scene.victim.unanswered(), scene.victim::toString);
    }
  }

  private static void assertServesOn(FaultScene scene, FaultCell cell) {
    LinkedClient victim = scene.victim;
    if (cell.side() == Side.CLIENT && !victim.over()) {
      // It comes to its senses, as the specification tells how to.
      victim.rude = true;
      victim.say("\u00ff\r\n");
      if (!victim.negotiated()) {
        victim.say(victim.negotiation());
      }
      FaultScene.ask(victim);
      scene.still();
      assertEquals(List.of(), victim.unanswered(), victim::toString);
    }
    scene.trace.add("==== QEMU restarts");
    scene.qemu.hangUp();
    scene.live(AFTERWARDS);
    assertTrue(scene.route.broker.ready(), "QEMU is back, and not served");
    LinkedClient newcomer = scene.newcomer("newcomer");
    FaultScene.ask(newcomer);
    scene.still();
    scene.live(Duration.ofSeconds(1));
    assertEquals(2, newcomer.answers(), newcomer::toString);
    assertEquals(0, newcomer.errors(), newcomer::toString);
    assertEquals(scene.qemu.events() - 1, newcomer.lastEvent(), "it hears what happens");
    for (LinkedClient each : scene.everybody) {
      assertTrue(each.over() || each.unanswered().isEmpty(), () -> "waits for ever: " + each);
    }
  }

  private static void everybodyLeaves(FaultScene scene) {
    for (LinkedClient each : scene.everybody) {
      if (!each.over()) {
        each.leave();
      }
    }
    scene.still();
    MemoryRoute route = scene.route;
    assertTrue(route.broker.quiet(), "something is still under way");
    assertEquals(0, Json.parse(route.broker.gauges().status(0)).get("queued").intValue());
    assertEquals(0, Json.parse(route.broker.gauges().status(0)).get("in-flight").size());
    assertEquals(Long.MAX_VALUE, route.broker.deadline(), "something is still due");
  }

  private static void assertNothingLeft(FaultScene scene) {
    MemoryRoute route = scene.route;
    assertEquals(0, route.broker.gauges().clients());
    assertEquals(0, route.backlog.used());
    assertTrue(route.notes.size() <= 30, () -> "a flood of log lines: " + route.notes);
    assertTrue(route.notes.stream().allMatch(each -> each.length() <= 400), route.notes::toString);
  }
}
