package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.qmpkit.testkit.FakeQemu;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/** The contract with scripts: what a tool ends with, each provoked in earnest. */
@Timeout(300)
class ExitStatusTest {
  /** A tool that executes one command. */
  enum Tool {
    EXEC {
      @Override
      List<String> words(Path socket, String command) {
        List<String> words = new ArrayList<>(List.of("exec", socket.toString()));
        words.addAll(List.of(command.split(" ", -1)));
        return words;
      }
    },
    SHELL {
      @Override
      List<String> words(Path socket, String command) {
        return List.of("shell", "--execute", command, socket.toString());
      }
    };

    abstract List<String> words(Path socket, String command);

    Program.Outcome run(Path socket, String command, String... flags) {
      List<String> words = new ArrayList<>(words(socket, command));
      words.addAll(List.of(flags));
      return Program.run(words.toArray(String[]::new));
    }
  }

  @TempDir Path folder;

  private static void failed(int status, String why, Program.Outcome outcome) {
    assertEquals(status, outcome.status(), outcome::toString);
    assertTrue((outcome.err() + outcome.out()).contains(why), outcome::toString);
    assertFalse(outcome.err().contains("\tat "), outcome::toString);
  }

  @ParameterizedTest
  @EnumSource
  void tellsHowACommandWent(Tool tool) throws IOException {
    Path socket = folder.resolve("qemu.sock");
    failed(3, "qemu.sock", tool.run(socket, "query-name"));
    try (RealQemu qemu = RealQemu.startAt(socket)) {
      Program.Outcome done = tool.run(qemu.path(), "query-name");
      assertEquals(0, done.status(), done::toString);
      assertEquals(
          tool == Tool.EXEC ? "{}" : "{\"return\": {}}", done.out().strip(), "the result alone");
      assertEquals("", done.err());
      failed(1, "has not been found", tool.run(socket, "no-such-command"));
      failed(2, "Expected a key=value pair", tool.run(socket, "query-name x"));
    }
  }

  @ParameterizedTest
  @EnumSource
  void tellsWhatComesBetween(Tool tool) throws IOException {
    Path socket = folder.resolve("qemu.sock");
    try (FakeQemu qemu = FakeQemu.startAt(socket)) {
      qemu.answers(request ->
          request.contains("device_del")
              ? FakeQemu.failing(request, "GenericError", "qmpkit: refused: not allowed here")
              : null);
      failed(5, "not allowed here", tool.run(socket, "device_del id=a"));
      qemu.greeting("{\"hello\": \"world\"}");
      failed(6, "", tool.run(socket, "query-name"));
    }
  }

  @ParameterizedTest
  @EnumSource
  void tellsThatQemuStandsStillOrDies(Tool tool) throws IOException {
    try (SharedQemu shared = SharedQemu.start(folder)) {
      shared.client().close();
      shared.qemu().pause();
      failed(4, "", tool.run(shared.socket(), "query-name", "--timeout", "300ms"));
      shared.qemu().resume();
      shared.awaitInFlight(0);
      shared.qemu().pause();
      CompletableFuture<Program.Outcome> outcome =
          CompletableFuture.supplyAsync(() -> tool.run(shared.socket(), "query-name"));
      shared.awaitInFlight(1);
      shared.qemu().kill();
      failed(3, "gone", outcome.join());
    }
    try (FakeQemu qemu = FakeQemu.startAt(folder.resolve("fake.sock"))) {
      qemu.answers(request -> request.contains("query-name") ? "" : null);
      CompletableFuture<Program.Outcome> outcome =
          CompletableFuture.supplyAsync(() -> tool.run(qemu.path(), "query-name"));
      Patience.until("the command", () -> qemu.received().size() == 2);
      qemu.hangUp();
      failed(3, "", outcome.join());
    }
  }

  @Test
  void tellsHowEventsWent() throws IOException {
    Path socket = folder.resolve("qemu.sock");
    failed(3, "qemu.sock", Program.run("events", socket.toString()));
    failed(2, "--count", Program.run("events", socket.toString(), "--count", "x"));
    try (FakeQemu qemu = FakeQemu.startAt(socket)) {
      qemu.greeting("{\"hello\": \"world\"}");
      failed(6, "", Program.run("events", socket.toString()));
    }
    try (SharedQemu shared = SharedQemu.start(folder)) {
      String address = shared.socket().toString();
      failed(4, "", Program.run("events", address, "--count=1", "--timeout=300ms"));
      failed(2, "no event 'STPO'; did you mean 'STOP'?", Program.run("events", address, "STPO"));
      // Where starting takes longer than that, it is 4, too.
      Patience.until(
          "an end in time",
          () ->
              Program.run("events", address, "--timeout=1s")
                  .equals(new Program.Outcome(0, "", "")));
    }
  }

  @Test
  void eventsAreLines() throws IOException {
    try (LoudQemu qemu = new LoudQemu(folder.resolve("loud.sock"))) {
      // Most of them find nobody to take them.
      var _ = CompletableFuture.runAsync(() -> qemu.storm(10_000));
      List<String> words = new ArrayList<>(List.of("sh", "-c", "\"$@\" | head -n 1", "sh"));
      words.addAll(Program.command("events", folder.resolve("loud.sock").toString()));
      Program.Outcome first = Program.outcome(new ProcessBuilder(words));
      assertEquals(0, first.status(), first::toString);
      assertEquals("", first.err());
      assertTrue(first.out().matches("\\{\"timestamp\": \\{.*\\}\n"), first::toString);
    }
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient other = shared.client()) {
      Process events =
          new ProcessBuilder(
                  Program.command("events", shared.socket().toString(), "S*P", "--count", "2"))
              .start();
      try {
        while (events.isAlive()) {
          other.ask("{\"execute\": \"cont\"}");
          other.ask("{\"execute\": \"stop\"}");
        }
        List<String> lines = events.inputReader().lines().toList();
        assertEquals(2, lines.size(), lines::toString);
        assertTrue(
            lines.stream().allMatch(each -> each.endsWith("\"event\": \"STOP\"}")),
            lines::toString);
        assertEquals(0, events.exitValue());
      } finally {
        events.destroyForcibly();
      }
    }
  }
}
