package org.qmpkit.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.qmpkit.cli.FoundMonitor.State;
import org.qmpkit.net.Address;
import org.qmpkit.shell.ExitStatus;
import tools.jackson.databind.JsonNode;

/**
 * How each of some monitors is, with no more disturbance than that takes.
 *
 * <p>QEMU serves one client at a time. So one that listens is not connected to: who is connected,
 * the system tells. Helpers are asked, which disturbs nobody; and so is a socket at which nobody
 * seems to listen, to be sure: it is dead, or the system did not show who does. Where the system
 * should tell and fails, only what is in folders of helpers is asked.
 */
final class RollCall {
  /** How many are asked at once; each is an open file. */
  private static final int AT_ONCE = 200;

  private final SocketTable sockets;
  private final Duration timeout;

  /**
   * One that has not begun.
   *
   * @param timeout how long all of them together may take to answer
   */
  RollCall(SocketTable sockets, Duration timeout) {
    this.sockets = sockets;
    this.timeout = timeout;
  }

  /** Asks those that may be asked; blocks. In the same order. */
  List<FoundMonitor> of(Collection<Sighting> sightings) {
    Map<Address, Probe.Finding> answers =
        ask(sightings.stream().filter(this::isAsked).map(Sighting::address).toList());
    return sightings.stream()
        .map(each -> {
          Probe.Finding answer = answers.get(each.address());
          if (answer != null) {
            return asked(each, answer);
          }
          return isAsked(each)
              ? found(each, State.UNKNOWN, "", "not asked: the time was over")
              : seen(each);
        })
        .toList();
  }

  private Map<Address, Probe.Finding> ask(List<Address> all) {
    Map<Address, Probe.Finding> answers = new HashMap<>();
    List<Probe.Finding> found = Probe.ask(all, timeout, AT_ONCE);
    for (int i = 0; i < found.size(); i++) {
      answers.put(all.get(i), found.get(i));
    }
    return answers;
  }

  private boolean isAsked(Sighting it) {
    Path socket = it.socket();
    if (!Files.isWritable(socket)) {
      return false;
    }
    Folder folder = it.folder();
    boolean helpers = folder != null && folder.helpers();
    if (sockets.failed()) {
      return helpers && !isRelay(it);
    }
    if (!sockets.listens(socket)) {
      return !sockets.isEmpty() || it.through() == null;
    }
    if (it.by().equals(Sighting.HELPER)) {
      // A relay's clients are QEMU's: it has one place, too.
      return !isRelay(it);
    }
    return helpers && sockets.listening(socket).isEmpty();
  }

  private static boolean isRelay(Sighting it) {
    return it.route() != null && it.route().route().relay();
  }

  /** What is to be made of one that was not asked. */
  private FoundMonitor seen(Sighting it) {
    Path socket = it.socket();
    if (Files.notExists(socket)) {
      QemuProcess qemu = it.qemu();
      String who = qemu == null ? "its program" : "QEMU (pid " + qemu.pid() + ")";
      return found(it, State.GONE, "", "there is no such file, though " + who + " listens");
    }
    if (it.through() != null) {
      String where = Address.unix(it.through().listen()).toString();
      return found(it, State.SHARED, "", "by a helper, at " + where);
    }
    if (!Files.isWritable(socket)) {
      String remedy = SocketChecks.denied(socket, "").remedy();
      return found(it, State.DENIED, "", remedy.replaceFirst("    # .*", ""));
    }
    if (sockets.failed()) {
      return found(it, State.UNKNOWN, "", "not asked: ss did not tell whether that takes a place");
    }
    boolean relay = it.route() != null;
    List<Holder> holders = sockets.connected(socket);
    long connections = sockets.connections(socket);
    if (connections == 0) {
      return found(it, State.FREE, "", relay ? "a relay" : "");
    }
    String who =
        holders.isEmpty()
            ? "another user's program; root sees which"
            : holders.stream().map(Holder::toString).collect(Collectors.joining(", "));
    return found(it, State.BUSY, "", "held by " + who);
  }

  /** What is to be made of an answer, or of none. */
  private FoundMonitor asked(Sighting it, Probe.Finding answer) {
    Verdict verdict = Verdict.of(it.address(), timeout, answer);
    JsonNode status = verdict.details();
    if (status != null) {
      String qemu = status.path("qemu").asString("");
      State state =
          switch (verdict.status()) {
            case ExitStatus.DONE -> State.CONNECTED;
            case ExitStatus.UNREACHABLE -> State.GONE;
            case ExitStatus.NO_ANSWER -> State.BUSY;
            default -> State.BROKEN;
          };
      String note =
          state == State.CONNECTED
              ? "clients: " + Math.max(0, status.path("clients").asInt(1) - 1)
              : verdict.text();
      return found(it, state, qemu, note);
    }
    return switch (verdict.status()) {
      case ExitStatus.DONE -> found(it, State.FREE, Verdict.version(answer.greeting()), "");
      case ExitStatus.NO_ANSWER ->
          found(it, State.BUSY, "", "another client holds it, or QEMU is stopped");
      case ExitStatus.BROKEN -> found(it, State.BROKEN, "", verdict.text());
      default ->
          found(
              it,
              State.GONE,
              "",
              verdict.text().contains("nobody listens there")
                  ? "nobody listens there"
                  : verdict.text());
    };
  }

  private static FoundMonitor found(Sighting it, State state, String qemu, String note) {
    String whole =
        it.isTrusted()
            ? note
            : note + (note.isEmpty() ? "" : "; ") + "another user's: by its address only";
    return new FoundMonitor(it.names(), it.address(), state, qemu, it.by(), whole);
  }
}
