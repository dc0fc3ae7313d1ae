package org.qmpkit.protocol;

import org.qmpkit.protocol.FaultCell.Fault;
import org.qmpkit.protocol.FaultCell.Side;
import org.qmpkit.protocol.FaultCell.Step;

/** How a {@link FaultCell}'s fault is done to a {@link FaultScene}. */
final class FaultInflicted {
  private static final String GARBAGE = "}{ nonsense [1,,2] \"\u0001\\x\" {'a' tru\r\n";
  private static final String DEEP = "[".repeat(1500) + "]".repeat(1500);

  private final FaultScene scene;
  private final LinkedQemu qemu;
  private final LinkedClient victim;
  private final FaultCell cell;

  FaultInflicted(FaultScene scene, FaultCell cell) {
    this.scene = scene;
    this.qemu = scene.qemu;
    this.victim = scene.victim;
    this.cell = cell;
  }

  /** What happens at the step: bytes that come, ends. */
  void happens() {
    if (cell.side() == Side.CLIENT) {
      happensToTheClient();
    } else if (cell.step() == Step.CONNECTING) {
      happensAtTheDoor();
    } else {
      happensToQemu();
    }
    scene.still();
  }

  /** What stays so until it is mended. */
  void lasts() {
    boolean byQemu = cell.side() == Side.QEMU;
    Link link = byQemu ? qemu.link() : victim.link();
    switch (cell.fault()) {
      case SILENCE -> {
        qemu.mute = byQemu;
        victim.mute = !byQemu;
      }
      case ONE_BYTE_PER_100_MS -> {
        qemu.slow = byQemu;
        victim.slow = !byQemu;
      }
      case SHORT_WRITE -> link.bite = 1;
      case NEVER_WRITABLE -> {
        qemu.deaf = byQemu;
        victim.deaf = !byQemu;
        link.room = link.unread();
      }
      case SIGSTOP -> {
        qemu.frozen = byQemu;
        victim.frozen = !byQemu;
      }
      case EVENT_STORM -> {
        if (!byQemu) {
          victim.deaf = true;
          // More than its limit and what the connection holds.
          storm(80, 60_000);
        }
      }
      case OUR_SIGTERM -> {
        qemu.mute = byQemu;
        victim.deaf = !byQemu;
        scene.route.drain();
      }
      default -> {}
    }
  }

  private void storm(int count, int bytes) {
    for (int i = 0; i < count; i++) {
      qemu.event(bytes);
      if (i % 20 == 0) {
        scene.still();
      }
    }
  }

  // ---- QEMU

  private void happensAtTheDoor() {
    qemu.dropsTheNext = cell.fault() == Fault.EOF;
    qemu.door =
        switch (cell.fault()) {
          case RST, SIGKILL -> MemoryRoute.Answer.REFUSED;
          case SILENCE, OUR_SIGTERM -> MemoryRoute.Answer.NOTHING_YET;
          default -> MemoryRoute.Answer.ACCEPTED;
        };
  }

  private void happensToQemu() {
    switch (cell.fault()) {
      case EOF -> qemu.hangUp();
      case RST -> qemu.link().reset();
      case HALF_CLOSE -> qemu.link().shutdown();
      case SIGKILL -> {
        qemu.crash();
        qemu.door = MemoryRoute.Answer.REFUSED;
      }
      case GARBAGE -> qemu.say(GARBAGE);
      case BYTE_FF -> qemu.say("\u00ff");
      case BYTE_01 -> qemu.say("\u0001");
      case TRUNCATED_UTF8 -> qemu.say("\"\u00e2\u0082\"\r\n");
      case FOREIGN_ID -> qemu.say(qemu.foreignAnswer());
      case NO_ID ->
          qemu.say("{\"error\": {\"class\": \"GenericError\", \"desc\": \"whose?\"}}\r\n");
      case DUPLICATE_REPLY -> qemu.say(qemu.lastAnswer());
      case REPLY_TO_NOTHING -> qemu.say("{\"return\": {\"nonce\": \"x\"}, \"id\": 987654321}\r\n");
      case SECOND_GREETING -> {
        if (qemu.holdsGreeting) {
          qemu.greet();
          scene.still();
        }
        qemu.greetAgain();
      }
      case WRONG_GREETING -> qemu.say("{\"QMP\": {\"version\": 5}}\r\n");
      case EVENT_STORM -> storm(1000, 10);
      case EVENT_BEFORE_CAPS_REPLY -> {
        if (cell.step().compareTo(Step.CAPS) > 0) {
          // Another negotiation is needed for that.
          qemu.greetAgain();
        }
        qemu.event(10);
      }
      case OVERSIZE_LINE ->
          qemu.say("{\"return\": \"" + "x".repeat(300 * 1024) + "\", \"id\": 1}\r\n");
      case DEEP_NEST -> qemu.say("{\"return\": " + DEEP + ", \"id\": 1}\r\n");
      case SILENCE, ONE_BYTE_PER_100_MS, SHORT_WRITE, NEVER_WRITABLE, SIGSTOP, OUR_SIGTERM -> {}
    }
  }

  // ---- the client

  private void happensToTheClient() {
    switch (cell.fault()) {
      case EOF -> victim.leave();
      case RST -> victim.reset();
      case SIGKILL -> victim.crash();
      case HALF_CLOSE -> {
        interrupt();
        victim.halfClose();
      }
      case GARBAGE -> offend(GARBAGE);
      case BYTE_FF -> offend("\u00ff\r\n");
      case BYTE_01 -> offend("\u0001\r\n");
      case TRUNCATED_UTF8 -> offend("\"\u00e2\u0082\"\r\n");
      case FOREIGN_ID -> {
        interrupt();
        // Those that its neighbours and we ourselves use.
        victim.say(victim.question("\"neighbour0/1#2\""));
        doubtIfInterrupted();
        victim.say(victim.question("1"));
        doubtIfInterrupted();
      }
      case NO_ID -> {
        interrupt();
        victim.say(victim.question("-"));
        doubtIfInterrupted();
      }
      case DUPLICATE_REPLY -> {
        // It can't make one; it can ask two questions under one id.
        interrupt();
        victim.say(victim.question("7"));
        doubtIfInterrupted();
        victim.say(victim.question("7"));
        doubtIfInterrupted();
      }
      case REPLY_TO_NOTHING -> offend("{\"return\": {}, \"id\": 1}\r\n");
      case SECOND_GREETING -> offend(SharedMonitor.GREETING + "\r\n");
      case WRONG_GREETING ->
          offend(
              "{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[\"no\"]},\"id\":1}\r\n");
      // Here it is the client that does not read while QEMU storms: see lasts().
      case EVENT_STORM -> {}
      case EVENT_BEFORE_CAPS_REPLY -> {
        qemu.sayTheRest();
        qemu.event(10);
      }
      case OVERSIZE_LINE ->
          offend(
              "{\"execute\":\"c\",\"arguments\":{\"a\":\""
                  + "x".repeat(100 * 1024)
                  + "\"},\"id\":1}\r\n");
      case DEEP_NEST ->
          offend("{\"execute\":\"c\",\"arguments\":{\"a\":" + DEEP + "},\"id\":1}\r\n");
      case SILENCE, ONE_BYTE_PER_100_MS, SHORT_WRITE, NEVER_WRITABLE, SIGSTOP, OUR_SIGTERM -> {}
    }
  }

  private void offend(String text) {
    interrupt();
    victim.rude = true;
    victim.tolerate("1");
    victim.say(text);
  }

  /** What it was saying is spoilt by what it says now. */
  private void interrupt() {
    if (victim.midMessage()) {
      victim.rude = true;
      victim.doubtTheLast();
    }
  }

  private void doubtIfInterrupted() {
    if (victim.midMessage()) {
      victim.doubtTheLast();
    }
  }
}
