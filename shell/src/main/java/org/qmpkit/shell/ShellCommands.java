package org.qmpkit.shell;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The commands of the shell itself, in the order in which {@code help} lists them. */
final class ShellCommands {
  static final List<ShellCommand> ALL =
      List.of(
          new HelpCommand(),
          new AproposCommand(),
          new EventsCommand(),
          new WaitCommand(),
          new WatchCommand(),
          new JobsCommand(),
          new JobCommand(),
          new TreeCommand(),
          new BlockgraphCommand(),
          new ScreenCommand(),
          new AsCommand(),
          new SetCommand(),
          new SourceCommand(),
          new RecordCommand(),
          new ReplayCommand(),
          new LetCommand(),
          new ConnectCommand(),
          new DisconnectCommand(),
          new AtCommand(),
          new ReconnectCommand(),
          new ExitCommand());

  private ShellCommands() {}

  /** The command that a line begins with; null if it is none of the shell's. */
  static @Nullable ShellCommand of(String line) {
    String word = line.strip().split("\\s+", 2)[0];
    // Its name needs no blank behind it.
    String name = word.startsWith("@") ? "@" : word;
    for (ShellCommand each : ALL) {
      if (each.name().equals(name)) {
        return each;
      }
    }
    return null;
  }

  /** Their names. */
  static List<String> names() {
    return ALL.stream().map(ShellCommand::name).toList();
  }
}
