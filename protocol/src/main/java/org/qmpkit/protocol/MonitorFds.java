package org.qmpkit.protocol;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Document.Kind;
import org.qmpkit.protocol.Document.Member;
import org.qmpkit.protocol.Holdings.Added;
import org.qmpkit.protocol.InFlight.Sent;
import org.qmpkit.protocol.Message.Answer;
import org.qmpkit.protocol.Message.Command;
import org.qmpkit.protocol.Message.Return;

/**
 * The descriptors of one monitor: with which command each batch goes, which client holds which name
 * of {@code getfd}, and what is given back for clients that have left (sharing-rules 22 and 23).
 *
 * <p>QEMU keeps the last batch that came until a command takes it, whoever sends that. So a batch
 * goes with a command that will take it, and no such command goes without.
 */
final class MonitorFds {
  private static final String GETFD = "getfd";
  private static final String ADD_FD = "add-fd";
  private static final String CLOSEFD = "closefd";
  private static final String REMOVE_FD = "remove-fd";

  private static final int LONGEST_NUMBER = 20;

  /** The longest name that is kept in mind, in characters. */
  private static final int LONGEST_NAME = 255;

  private final boolean cleansUp;
  private final Audience audience;
  private final Traffic traffic;

  /** What was sent or is to be sent for clients that have left. */
  private final List<Cleanup> cleanups = new ArrayList<>();

  private boolean sentAny;

  /**
   * A command of our own.
   *
   * @param name what it is to close, of {@code getfd}; null for another command
   */
  private record Cleanup(Client client, Request request, @Nullable String name) {}

  /**
   * Nobody has any.
   *
   * @param cleansUp whether what a client gave QEMU is closed there when the client leaves
   */
  MonitorFds(boolean cleansUp, Audience audience, Traffic traffic) {
    this.cleansUp = cleansUp;
    this.audience = audience;
    this.traffic = traffic;
  }

  /** Gives a command the descriptors that came for it, or says why it may not go to QEMU. */
  @Nullable Refusal bind(Client client, Request request) {
    Command command = request.command();
    if (!takesDescriptors(command)) {
      return null;
    }
    Attachment came = client.holdings.take();
    if (came == null) {
      // Without any, QEMU could take those that an earlier command left.
      return sentAny ? Refusal.generic("No file descriptor supplied via SCM_RIGHTS") : null;
    }
    String objection = objection(client, command, came);
    if (objection != null) {
      came.close();
      return Refusal.generic(Refusal.REFUSED + objection);
    }
    if (!wellFormed(command)) {
      came.close(); // QEMU would not take them, and says why
      return null;
    }
    String name = getfdName(command);
    if (name != null) {
      cancelCleanup(name);
    }
    sentAny = true;
    request.attach(came, name);
    client.holdings.ask(request);
    return null;
  }

  private @Nullable String objection(Client client, Command command, Attachment came) {
    if (came.objection() != null) {
      return came.objection();
    }
    String name = getfdName(command);
    if (name == null) {
      return null;
    }
    if (name.length() > LONGEST_NAME) {
      return "a name of getfd may have " + LONGEST_NAME + " characters";
    }
    for (Client other : audience.all()) {
      if (!other.equals(client) && other.holdings.holds(name)) {
        return other.name() + " holds a descriptor named '" + name + "'; use another name";
      }
    }
    return null;
  }

  private static boolean takesDescriptors(Command command) {
    return !command.oob() && (command.name().equals(GETFD) || command.name().equals(ADD_FD));
  }

  /** Whether QEMU will look for a descriptor: it judges the arguments first. */
  private static boolean wellFormed(Command command) {
    if (command.name().equals(GETFD)) {
      return getfdName(command) != null && arguments(command).members().size() == 1;
    }
    return arguments(command).members().stream()
        .allMatch(each ->
            switch (each.key()) {
              case "fdset-id" -> each.kind() == Kind.NUMBER;
              case "opaque" -> each.kind() == Kind.STRING;
              default -> false;
            });
  }

  private static Document arguments(Command command) {
    String text = command.arguments();
    return Scanner.document(text == null ? "{}" : text, Dialect.QEMU_INPUT);
  }

  /** The name that a {@code getfd} gives; null if it is no such command, or gives none. */
  private static @Nullable String getfdName(Command command) {
    return command.name().equals(GETFD) ? fdname(command) : null;
  }

  private static @Nullable String fdname(Command command) {
    Document arguments = arguments(command);
    Member name = arguments.member("fdname");
    return name == null || name.kind() != Kind.STRING
        ? null
        : JsonString.unquote(arguments.text(name));
  }

  /** QEMU has answered a command: what it did with descriptors is noted. */
  void answered(Sent sent, Answer answer, long now) {
    cleanups.removeIf(each -> each.request().equals(sent.request()));
    if (!(answer instanceof Return)) {
      return;
    }
    Command command = sent.request().command();
    Client client = sent.client();
    switch (command.name()) {
      case GETFD -> {
        String name = fdname(command);
        if (name != null && name.length() <= LONGEST_NAME) {
          client.holdings.add(name);
        }
      }
      case ADD_FD -> noteAdded(client, answer.document());
      case CLOSEFD -> {
        String name = fdname(command);
        if (name != null) {
          audience.all().forEach(each -> each.holdings.remove(name));
        }
      }
      case REMOVE_FD -> noteRemoved(arguments(command));
      default -> {}
    }
    if (client.gone) {
      cleanUp(client, now);
    }
  }

  private void noteAdded(Client client, Document answer) {
    Member returned = answer.member("return");
    if (!cleansUp || returned == null || returned.kind() != Kind.OBJECT) {
      return;
    }
    Document value = answer.nested(returned);
    Member set = value.member("fdset-id");
    Member descriptor = value.member("fd");
    if (set != null && isNumber(set) && descriptor != null && isNumber(descriptor)) {
      client.holdings.add(new Added(value.text(set), value.text(descriptor)));
    }
  }

  private void noteRemoved(Document arguments) {
    Member set = arguments.member("fdset-id");
    Member descriptor = arguments.member("fd");
    if (set != null && isNumber(set)) {
      String which = descriptor == null ? null : arguments.text(descriptor);
      audience.all().forEach(each -> each.holdings.remove(arguments.text(set), which));
    }
  }

  /** Whether it is a number that is not longer than QEMU's are. */
  private static boolean isNumber(Member member) {
    return member.kind() == Kind.NUMBER && member.end() - member.value() <= LONGEST_NUMBER;
  }

  // ---- clients that have left

  /** Has QEMU close what it still has of a client that has left, if that is wanted. */
  void cleanUp(Client client, long now) {
    List<String> names = client.holdings.takeNames();
    List<Added> added = client.holdings.takeAdded();
    if (!cleansUp) {
      return;
    }
    for (String name : names) {
      send(client, CLOSEFD, "{\"fdname\":" + JsonString.quote(name) + "}", name, now);
    }
    for (Added each : added) {
      send(
          client,
          REMOVE_FD,
          "{\"fdset-id\":" + each.set() + ",\"fd\":" + each.descriptor() + "}",
          null,
          now);
    }
  }

  private void send(
      Client client, String command, String arguments, @Nullable String name, long now) {
    Request request = Request.own(new Command(command, false, arguments, null), arguments.length());
    cleanups.add(new Cleanup(client, request, name));
    traffic.add(client, request, now);
  }

  /** A name is given anew, which closes what had it: what was to close it must not come later. */
  private void cancelCleanup(String name) {
    for (Cleanup each : List.copyOf(cleanups)) {
      if (name.equals(each.name()) && !each.request().sent) {
        traffic.withdraw(each.client(), each.request());
        cleanups.remove(each);
      }
    }
  }

  /** The connection to QEMU is lost: what it had may be gone, or another QEMU's by its number. */
  void lost() {
    cleanups.forEach(each -> traffic.drop(each.client()));
    cleanups.clear();
    sentAny = false;
    for (Client each : audience.all()) {
      sentAny |= each.holdings.asks(); // what was not sent yet may go to the next one
      each.holdings.takeNames();
      each.holdings.takeAdded();
    }
  }
}
