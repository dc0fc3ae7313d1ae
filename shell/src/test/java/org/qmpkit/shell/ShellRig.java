package org.qmpkit.shell;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.qmpkit.client.QmpException;
import org.qmpkit.client.QmpOptions;
import org.qmpkit.client.SchemaCache;
import org.qmpkit.net.Address;
import org.qmpkit.testkit.FakeQemu;
import org.qmpkit.testkit.RealQemu;

/** A shell without a terminal on a real QEMU, a line at a time. */
final class ShellRig implements AutoCloseable {
  /** What a line came to. */
  record Shown(int status, String out, String err) {}

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final CancelKey key = new CancelKey();
  private final Monitor monitor;
  private final Session session;
  private final Conversation conversation;

  private ShellRig(Path socket, String input) throws QmpException, InterruptedException {
    ShellOptions options =
        new ShellOptions(
            Address.unix(socket),
            false,
            true,
            false,
            Format.JSON,
            null,
            null,
            List.of(),
            null,
            false,
            QmpOptions.FOREVER,
            false,
            Address::parseInShell);
    monitor =
        new Monitor(
            options.address(),
            QmpOptions.DEFAULT
                .withConnectTimeout(Duration.ofMinutes(1))
                .withSchemaCache(SchemaCache.none()),
            options.timeout(),
            true);
    Screen screen =
        new StreamScreen(
            new StringReader(input),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    Knowledge knowledge = new Knowledge();
    session = new Session(options, screen, monitor, knowledge, key, null);
    conversation =
        new Conversation(
            options, session, new Completion(knowledge, new LiveNames(monitor::client)));
    session.events().mute(true);
    session.begin(monitor.connect());
  }

  static ShellRig on(RealQemu qemu) throws QmpException, InterruptedException {
    return new ShellRig(qemu.path(), "");
  }

  /** One on a QEMU that does what no real one does on demand. */
  static ShellRig on(FakeQemu qemu) throws QmpException, InterruptedException {
    return new ShellRig(qemu.path(), "");
  }

  /** One on whatever listens there. */
  static ShellRig on(Path socket) throws QmpException, InterruptedException {
    return new ShellRig(socket, "");
  }

  /** As a script does; blocks until it has ended. */
  static Shown script(RealQemu qemu, String lines) throws Exception {
    try (ShellRig shell = new ShellRig(qemu.path(), lines)) {
      int status = shell.conversation.run(Objects.requireNonNull(shell.monitor.link()));
      return new Shown(status, text(shell.out), text(shell.err));
    }
  }

  /** Executes a line; blocks until it is done. */
  Shown line(String line) {
    out.reset();
    err.reset();
    int status = conversation.execute(line);
    return new Shown(status, text(out), text(err));
  }

  /** As Ctrl-C does; from any thread. */
  void interrupt() {
    key.press();
  }

  /** What the line that is executed now has shown so far. */
  String shown() {
    return text(out);
  }

  /** What the line that is executed now has said so far. */
  String said() {
    return text(err);
  }

  Session session() {
    return session;
  }

  private static String text(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8).stripTrailing();
  }

  @Override
  public void close() {
    monitor.record(null);
    monitor.close();
  }
}
