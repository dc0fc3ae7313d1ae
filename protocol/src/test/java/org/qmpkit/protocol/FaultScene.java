package org.qmpkit.protocol;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.qmpkit.protocol.FaultCell.Side;
import org.qmpkit.protocol.FaultCell.Step;

/**
 * A route with QEMU, two well-behaved neighbours and a client that is at the place where it goes
 * wrong. It is brought to a step, suffers a fault there, and is mended.
 */
final class FaultScene {
  static final Limits LIMITS = Limits.DEFAULT.withMessages(64 * 1024, 256 * 1024);

  private static final Duration MOMENT = Duration.ofMillis(100);

  final List<String> trace = new ArrayList<>();
  final LinkedQemu qemu = new LinkedQemu(trace);
  final MemoryRoute route;

  /** Every connection of a client that ever was. */
  final List<LinkedClient> everybody = new ArrayList<>();

  final LinkedClient[] neighbours = new LinkedClient[2];
  final LinkedClient victim;
  private final FaultCell cell;
  private int lives;
  private int moments;
  private boolean qemuWasMidMessage;

  FaultScene(FaultCell cell) {
    this.cell = cell;
    if (cell.step() == Step.CONNECTING) {
      qemu.door = MemoryRoute.Answer.NOTHING_YET;
    }
    if (cell.side() == Side.QEMU && cell.step().compareTo(Step.CAPS) <= 0) {
      qemu.holdsGreeting = true;
      qemu.holdsFence = true;
    }
    route = new MemoryRoute(LIMITS, qemu);
    pass(1);
    for (int i = 0; i < neighbours.length; i++) {
      neighbours[i] = newcomer("neighbour" + i);
      ask(neighbours[i]);
    }
    Link link = new Link();
    if (cell.side() == Side.CLIENT) {
      link.room =
          switch (cell.step()) {
            case ACCEPTED -> 0;
            case GREETING -> SharedMonitor.GREETING.length() / 2;
            default -> Link.ROOM;
          };
    }
    victim = join("victim", link);
    still();
  }

  /** Whether QEMU was in the middle of a message when it happened. */
  boolean qemuWasMidMessage() {
    return qemuWasMidMessage;
  }

  // ---- people

  private LinkedClient join(String name, Link link) {
    LinkedClient client = new LinkedClient(name + "/" + ++lives, route.join(link), trace);
    everybody.add(client);
    return client;
  }

  /** A client that negotiates at once. */
  LinkedClient newcomer(String name) {
    LinkedClient client = join(name, new Link());
    client.say(client.negotiation());
    return client;
  }

  static void ask(LinkedClient client) {
    client.say(client.question());
  }

  // ---- time

  /** Everything that can move moves, in no time. */
  void still() {
    List<Supplier<Boolean>> turns = new ArrayList<>();
    turns.add(route::turn);
    turns.add(qemu::turn);
    for (LinkedClient each : everybody) {
      if (!each.over()) {
        turns.add(each::turn);
      }
    }
    MemoryRoute.untilStill(turns);
  }

  private void pass(int count) {
    for (int i = 0; i < count; i++) {
      route.pass(MOMENT);
      qemu.pass();
      everybody.stream().filter(each -> !each.over()).forEach(LinkedClient::pass);
      still();
    }
  }

  /** Time passes; every second the neighbours ask something and something happens in QEMU. */
  void live(Duration time) {
    for (long left = time.toMillis(); left > 0; left -= MOMENT.toMillis()) {
      if (moments++ % 10 == 0 && !route.closed()) {
        trace.add("---- a second");
        for (int i = 0; i < neighbours.length; i++) {
          if (neighbours[i].over()) {
            neighbours[i] = newcomer("neighbour" + i);
          }
          ask(neighbours[i]);
        }
        if (qemu.link().open()) {
          qemu.event(10);
        }
      }
      pass(1);
    }
  }

  // ---- the steps

  /** Brings the conversation to the step. */
  void approach() {
    boolean byQemu = cell.side() == Side.QEMU;
    switch (cell.step()) {
      case CONNECTING, ACCEPTED -> {}
      case GREETING -> {
        if (byQemu) {
          qemu.holdsGreeting = false;
          qemu.sayHalf(SharedMonitor.GREETING + "\r\n");
        }
      }
      case CAPS -> {
        if (byQemu) {
          qemu.greet();
          still();
          qemu.sayHalfTheFence();
        } else {
          victim.sayHalf(victim.negotiation());
        }
      }
      default -> {
        victim.say(victim.negotiation());
        ask(victim);
        still();
        approachReady();
      }
    }
    still();
    qemuWasMidMessage = qemu.midMessage();
    trace.add("==== " + cell.words());
  }

  private void approachReady() {
    switch (cell.step()) {
      case CONNECTING, ACCEPTED, GREETING, CAPS, IDLE, FD_ATTACHED -> {}
      case REQUEST_HALF_READ -> victim.sayHalf(victim.question());
      case QUEUED -> {
        qemu.holds = true;
        for (int i = 0; i < 8; i++) {
          ask(neighbours[i % 2]);
          still();
        }
        ask(victim);
      }
      case HALF_WRITTEN -> {
        qemu.deaf = true;
        qemu.link().room = 20;
        ask(victim);
      }
      case AWAITING -> await();
      case REPLY_HALF_READ -> {
        await();
        qemu.sayHalf(qemu.takeAnswer());
      }
      case REPLY_HALF_WRITTEN -> {
        await();
        holdBack(victim, 25);
        qemu.say(qemu.takeAnswer());
      }
      case EVENT_HALF_WRITTEN -> {
        holdBack(victim, 25);
        qemu.event(10);
      }
      case OOB_IN_FLIGHT -> {
        qemu.holdsOob = true;
        victim.say(victim.oobQuestion());
      }
      case DRAINING -> {
        await();
        route.drain();
      }
      case CLOSING -> {
        await();
        if (cell.side() == Side.QEMU) {
          qemu.event(10);
          qemu.say(qemu.takeAnswer());
        } else {
          holdBack(victim, 0);
          qemu.door = MemoryRoute.Answer.NOTHING_YET;
          qemu.hangUp();
        }
      }
    }
  }

  /** QEMU has a question of each, the victim's first, and thinks about it. */
  private void await() {
    qemu.holds = true;
    ask(victim);
    still();
    ask(neighbours[0]);
    ask(neighbours[1]);
    still();
  }

  private static void holdBack(LinkedClient client, int room) {
    client.deaf = true;
    client.link().room = room;
  }

  // ---- the fault

  /** The fault happens; whoever is not at fault goes on. */
  void suffer() {
    FaultInflicted fault = new FaultInflicted(this, cell);
    fault.happens();
    qemu.holdsFence = false;
    qemu.holds = false;
    qemu.holdsOob = false;
    qemu.deaf = false;
    qemu.link().room = Link.ROOM;
    if (qemu.door == MemoryRoute.Answer.NOTHING_YET && cell.side() == Side.CLIENT) {
      qemu.door = MemoryRoute.Answer.ACCEPTED;
    }
    if (qemu.holdsGreeting) {
      qemu.greet();
    }
    qemu.sayTheRest();
    victim.deaf = false;
    victim.link().room = Link.ROOM;
    victim.sayTheRest();
    fault.lasts();
    still();
  }

  /** Whatever lasts is over. */
  void mend() {
    trace.add("==== mended");
    qemu.door = MemoryRoute.Answer.ACCEPTED;
    qemu.frozen = false;
    qemu.deaf = false;
    qemu.mute = false;
    qemu.slow = false;
    victim.frozen = false;
    victim.deaf = false;
    victim.mute = false;
    victim.slow = false;
    for (Link link : List.of(qemu.link(), victim.link())) {
      link.room = Link.ROOM;
      link.bite = Integer.MAX_VALUE;
    }
    if (cell.side() == Side.QEMU && cell.step() == Step.CLOSING) {
      qemu.hangUp();
    }
    still();
  }
}
