package org.qmpkit.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.net.Address;
import org.qmpkit.testkit.FakeQemu;

/** Schemas kept on disk: found, missed, spoilt, outdated, and where nothing can be kept. */
@Timeout(120)
class SchemaCacheTest {
  private static final String OLD = schema("old-command");
  private static final String NEW = schema("new-command");

  @TempDir private Path directory;
  private FakeQemu fake;
  private volatile String answer = OLD;

  private static String schema(String command) {
    return "[{\"name\": \""
        + command
        + "\", \"meta-type\": \"command\", \"arg-type\": \"0\", \"ret-type\": \"0\"},"
        + " {\"name\": \"0\", \"meta-type\": \"object\", \"members\": []}]";
  }

  @BeforeEach
  void start() throws IOException {
    fake = FakeQemu.start();
    fake.answers(request ->
        request.contains("query-qmp-schema") ? FakeQemu.returning(request, answer) : null);
  }

  @AfterEach
  void stop() throws IOException {
    fake.close();
  }

  private QmpClient connect(Path where) throws Exception {
    return QmpClient.connect(
        Address.unix(fake.path()),
        QmpOptions.DEFAULT
            .withConnectTimeout(Duration.ofMinutes(1))
            .withSchemaCache(SchemaCache.in(where)));
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }

  /** Fills the cache, and gives the one file in it. */
  private Path fill() throws Exception {
    try (QmpClient client = connect(directory)) {
      assertEquals("old-command", client.schema().commands().first());
    }
    assertEquals(1, files().size());
    return files().getFirst();
  }

  @Test
  void whatIsKeptIsUsedAtOnce() throws Exception {
    fill();
    fake.answers(request -> request.contains("query-qmp-schema") ? "" : null);
    try (QmpClient client = connect(directory)) {
      assertEquals("old-command", client.schema().commands().first(), "QEMU does not answer");
    }
  }

  @Test
  void anotherBuildOfTheSameVersionReplacesIt() throws Exception {
    Path file = fill();
    answer = NEW;
    try (QmpClient client = connect(directory)) {
      Schema early = client.schema();
      long end = System.nanoTime() + Duration.ofMinutes(1).toNanos();
      while (client.schema().commands().first().equals("old-command")) {
        assertTrue(System.nanoTime() < end, "the new one never came");
        client.execute("wait");
      }
      assertEquals("new-command", client.schema().commands().first());
      assertEquals("old-command", early.commands().first(), "who holds one keeps it");
      awaitKept(file, "new-command");
    }
    assertEquals(1, files().size());
  }

  private static void awaitKept(Path file, String command) throws IOException {
    long end = System.nanoTime() + Duration.ofMinutes(1).toNanos();
    while (!new String(Files.readAllBytes(file), UTF_8).contains(command)) {
      assertTrue(System.nanoTime() < end, "the new one was not kept");
      Thread.onSpinWait();
    }
  }

  @Test
  void anotherVersionHasAFileOfItsOwn() throws Exception {
    fill();
    answer = NEW;
    fake.greeting(FakeQemu.GREETING.replace("FakeQemu", "../../../etc/FakeQemu"));
    try (QmpClient client = connect(directory)) {
      assertEquals("new-command", client.schema().commands().first());
    }
    assertEquals(2, files().size());
    for (Path each : files()) {
      assertTrue(each.getFileName().toString().matches("[0-9a-f]{64}\\.schema"), each::toString);
    }
  }

  @Test
  void whatIsSpoiltIsAskedForAnew() throws Exception {
    Path file = fill();
    byte[] good = Files.readAllBytes(file);
    byte[] flipped = good.clone();
    flipped[good.length - 5] ^= 1;
    for (byte[] spoilt :
        List.of(
            flipped,
            Arrays.copyOf(good, good.length - 1),
            Arrays.copyOf(good, 16),
            new byte[0],
            Arrays.copyOf(good, 11 << 20))) {
      Files.write(file, spoilt);
      try (QmpClient client = connect(directory)) {
        assertEquals("old-command", client.schema().commands().first());
      }
      assertArrayEquals(good, Files.readAllBytes(file), "and mended");
    }
  }

  @Test
  void whatIsNoFileIsLeftAlone() throws Exception {
    Path file = fill();
    Path elsewhere = directory.resolveSibling(directory.getFileName() + "-elsewhere");
    Files.move(file, elsewhere);
    Files.createSymbolicLink(file, elsewhere);
    assertNull(SchemaCache.in(directory).load("x"));
    answer = NEW;
    try (QmpClient client = connect(directory)) {
      assertEquals("new-command", client.schema().commands().first(), "a link is not followed");
    }
    assertTrue(new String(Files.readAllBytes(elsewhere), UTF_8).contains("old-command"));
    Files.delete(elsewhere);
  }

  @Test
  void whereNothingCanBeKeptItWorksWithout() throws Exception {
    Path occupied = Files.writeString(directory.resolve("occupied"), "a file, not a directory");
    for (Path where : List.of(occupied, occupied.resolve("below"))) {
      try (QmpClient client = connect(where)) {
        assertEquals("old-command", client.schema().commands().first());
      }
    }
    assertEquals(List.of(occupied), files());
  }

  @Test
  void thereIsAnEndToHowManyAreKept() throws IOException {
    SchemaCache cache = SchemaCache.in(directory);
    byte[] bytes = OLD.getBytes(UTF_8);
    for (int i = 0; i < 40; i++) {
      cache.store("version " + i, bytes);
    }
    assertEquals(16, files().size());
    assertArrayEquals(bytes, cache.load("version 39"));
    cache.store("big", new byte[(10 << 20) + 1]);
    assertNull(cache.load("big"));
  }

  @Test
  void aSchemaThatIsNoneIsAViolationAndNotKept() throws Exception {
    answer = "[{\"name\": \"x\"}]";
    try (QmpClient client = connect(directory)) {
      assertThrows(ProtocolViolation.class, client::schema);
      answer = NEW;
      assertEquals("new-command", client.schema().commands().first());
    }
    assertFalse(files().isEmpty());
  }
}
