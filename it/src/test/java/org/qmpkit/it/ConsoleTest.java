package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code qmp console} on a terminal, with a shell on a terminal of its own at the far side. */
@Timeout(300)
class ConsoleTest {
  /** Its modes before and after, and how the program between ended. */
  private static final String BETWEEN =
      "stty -g >\"$0/before\"; \"$@\"; status=$?; stty -g >\"$0/after\"; exit $status";

  @TempDir Path folder;

  /** A guest: a socket with a shell behind it, which has a prompt, and keys that interrupt. */
  private Process guest(Path socket) throws IOException {
    String shell = "EXEC:env PS1=guest% sh -i,pty,setsid,ctty,stderr";
    Process socat =
        new ProcessBuilder("socat", "UNIX-LISTEN:" + socket + ",fork", shell)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("guest.log").toFile())
            .start();
    Patience.until("the guest's socket", () -> Files.exists(socket), () -> "none yet");
    return socat;
  }

  private Tmux console(Path socket) throws IOException {
    List<String> words = new ArrayList<>(List.of("sh", "-c", BETWEEN, folder.toString()));
    words.addAll(Program.command(Program.ON_TERMINAL, "console", "unix:" + socket));
    return Tmux.start(folder, 100, 30, Map.of(), words);
  }

  @Test
  void isATerminalOnTheGuest() throws IOException {
    Path socket = folder.resolve("console");
    Process guest = guest(socket);
    try (Tmux console = console(socket)) {
      console.awaitLastLine("guest%");
      assertTrue(console.text().contains("connected to unix:" + socket + "; Ctrl-] leaves"));
      assertEquals("a terminal", console.ask("guest%", "tty -s && echo a terminal"));
      // An interrupt is the guest's: it ends what runs there, and nothing here.
      console.enter("cat");
      console.enter("here");
      console.await("here\nhere");
      console.press("C-c");
      console.awaitLastLine("guest%");
      assertEquals("130", console.ask("guest%", "echo $?"));
      // As SeaBIOS does: lines that don't wrap, and programs that hide the cursor.
      console.ask("guest%", "printf '\\033[?7l\\033[?25l'");
      assertEquals("0 0", console.terminal("#{wrap_flag} #{cursor_flag}"));
      console.press("C-]");
      assertEquals(0, console.awaitEnd());
      assertEquals("1", console.terminal("#{wrap_flag}"));
      assertEquals(
          Files.readString(folder.resolve("before")), Files.readString(folder.resolve("after")));
    } finally {
      guest.destroyForcibly();
    }
  }

  @Test
  void saysThatTheGuestHasEndedIt() throws IOException {
    Path socket = folder.resolve("console");
    Process guest = guest(socket);
    try (Tmux console = console(socket)) {
      console.awaitLastLine("guest%");
      console.enter("exit");
      assertEquals(3, console.awaitEnd());
      console.await("the other side of unix:" + socket + " has ended it");
      assertEquals(
          Files.readString(folder.resolve("before")), Files.readString(folder.resolve("after")));
    } finally {
      guest.destroyForcibly();
    }
  }
}
