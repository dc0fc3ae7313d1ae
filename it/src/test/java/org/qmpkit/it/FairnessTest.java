package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.assertEmptyReturn;
import static org.qmpkit.it.Messages.command;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/** No client is kept from QEMU by what another does, or leaves undone. */
@Timeout(300)
class FairnessTest {
  private final Path folder;

  FairnessTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void fiveHundredPipelinedCommandsOfOneDoNotStarveAnother() throws Exception {
    List<String> ids = IntStream.range(0, 500).mapToObj(i -> "name " + i).toList();
    int before = repliesBeforeTheOthersCommand(ids);
    assertTrue(before < 50, before + " of 500 replies came before the other's");
  }

  @Test
  void norDoFortyLongOnes() throws Exception {
    // QEMU reads about 100 KB/s, so these are seconds of its time.
    List<String> ids = IntStream.range(0, 40).mapToObj(i -> i + "x".repeat(10_000)).toList();
    int before = repliesBeforeTheOthersCommand(ids);
    assertTrue(before < 10, before + " of 40 replies came before the other's");
  }

  /**
   * How many replies a client with many commands has got when a command is done that another client
   * sent after all of them: the event of that command, which both get, tells.
   */
  private int repliesBeforeTheOthersCommand(List<String> ids) throws IOException {
    StringBuilder commands = new StringBuilder();
    ids.forEach(id -> commands.append(command("query-name", id)));
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient greedy = shared.client();
        LineClient modest = shared.client()) {
      shared.qemu().pause();
      greedy.send(commands.toString());
      shared.awaitStatus(
          "QEMU to be busy with the one",
          status -> status.path("in-flight").size() > 0 && status.path("queued").asInt() > 0);
      modest.send(command("cont", "mine"));
      // Whoever connects now is served after what has come already.
      SharedQemu.status(shared.socket());
      shared.qemu().resume();
      assertEmptyReturn("mine", modest.reply());
      int before = 0;
      while (greedy.events().isEmpty()) {
        assertEmptyReturn(ids.get(before), greedy.reply());
        before++;
      }
      assertTrue(greedy.events().getFirst().contains("\"RESUME\""), greedy.events()::toString);
      for (String id : ids.subList(before, ids.size())) {
        assertEmptyReturn(id, greedy.reply());
      }
      return before;
    }
  }

  @Test
  void aQemuThatFloodsIsReadAtItsPaceAndOthersAreServed() throws Exception {
    Path loud = folder.resolve("loud.sock");
    Path quiet = folder.resolve("quiet.qmp");
    try (LoudQemu flooding = new LoudQemu(loud);
        RealQemu qemu = RealQemu.startAt(folder.resolve("qemu.sock"));
        HelperProcess helper =
            HelperProcess.start(
                "--route",
                "unix:" + folder.resolve("flood.qmp") + " => unix:" + loud,
                "--route",
                "unix:" + quiet + " => unix:" + qemu.path(),
                "--unasked=64k",
                "--qemu-message=1m")) {
      helper.awaitLog("QEMU .* is ready", 2);
      CompletableFuture<Void> storm = CompletableFuture.runAsync(() -> flooding.storm(50_000));
      helper.awaitLog("says more than 65536 bytes a second that nobody asked for");
      try (LineClient client = SharedQemu.negotiated(quiet)) {
        assertEmptyReturn("mine", client.ask(command("query-name", "mine")));
      }
      assertFalse(storm.isDone(), "it waits with the rest");
    }
  }

  @Test
  void oneThatNeverReadsKeepsNobodyFromTheSchema() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient mute = shared.client();
        LineClient reader = shared.client()) {
      long before = shared.helper().rss();
      // More than all buffers between QEMU and this client hold; none of it is ever read.
      mute.send(command("query-qmp-schema", "unread").repeat(50));
      String schema = reader.ask(command("query-qmp-schema", "read"));
      for (int i = 1; i < 100; i++) {
        assertEquals(schema, reader.ask(command("query-qmp-schema", "read")));
      }
      assertTrue(schema.length() > 100_000, () -> schema.length() + " bytes of schema");
      long grown = shared.helper().rss() - before;
      assertTrue(grown < 128 << 20, () -> "the helper grew by " + grown + " bytes");
    }
  }

  @Test
  void aPipelinerThatReadsLateGetsAllOfIt() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient late = shared.client();
        LineClient other = shared.client()) {
      late.send(command("query-qmp-schema", "mine").repeat(50));
      String schema = late.reply();
      // Others go on while this one takes its time.
      for (int i = 0; i < 20; i++) {
        assertEmptyReturn("other", other.ask(command("query-name", "other")));
      }
      for (int i = 1; i < 50; i++) {
        assertEquals(schema, late.reply());
      }
    }
  }
}
