package org.qmpkit.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.client.Schema.Misfit;
import org.qmpkit.client.StatusInfo.RunState;
import org.qmpkit.net.Address;
import org.qmpkit.testkit.RealQemu;
import org.qmpkit.testkit.WithQemu;
import tools.jackson.databind.JsonNode;

/** Records of a program's own, read from a real QEMU's answers and checked against its schema. */
@Timeout(120)
@WithQemu(args = {"-object", "memory-backend-ram,id=m0,size=4M"})
class ViewsTest {
  private static QmpClient client;

  @BeforeAll
  static void start(Address monitor) throws Exception {
    client =
        QmpClient.connect(
            monitor,
            QmpOptions.DEFAULT
                .withConnectTimeout(Duration.ofMinutes(1))
                .withSchemaCache(SchemaCache.none()));
  }

  @AfterAll
  static void stop() {
    client.close();
  }

  private static <T> T read(String json, Class<T> view) throws ViewMismatch {
    return Views.read(Json.tree(json), view, Peer.MONITOR, Address.parse("unix:/q"), "query-it");
  }

  // @start region="example"
  /** What a program wants to know of the answer to {@code query-memdev}. */
  record Memdev(Optional<String> id, long size, boolean merge, Policy policy) {}

  enum Policy {
    DEFAULT,
    PREFERRED,
    BIND,
    INTERLEAVE,
    UNKNOWN
  }

  private static long memory(QmpClient qemu) throws QmpException, InterruptedException {
    long size = 0;
    for (Memdev each : qemu.execute("query-memdev", Memdev[].class)) {
      size += each.size();
    }
    return size;
  }

  // @end

  private static void check(QmpClient qemu) throws Exception {
    // @start region="check"
    List<Misfit> misfits = qemu.schema().check(Memdev[].class, "query-memdev");
    if (!misfits.isEmpty()) {
      throw new IllegalStateException("not a QEMU for this program: " + misfits);
    }
    // @end
  }

  @Test
  void theExamplesOfTheDocumentation() throws Exception {
    check(client);
    assertEquals(4 << 20, memory(client));
  }

  @Test
  void whatTheLibraryBringsFitsThisQemu() throws Exception {
    Schema schema = client.schema();
    assertEquals(List.of(), schema.check(StatusInfo.class, "query-status"));
    assertEquals(List.of(), schema.check(VersionInfo.class, "query-version"));
    assertEquals(List.of(), schema.check(MigrationInfo.class, "query-migrate"));
    assertEquals(List.of(), schema.check(JobInfo[].class, "query-jobs"));
    StatusInfo status = client.execute("query-status", StatusInfo.class);
    assertEquals(new StatusInfo(false, RunState.PRELAUNCH), status);
    VersionInfo version = client.execute("query-version", VersionInfo.class);
    VersionInfo.Triple triple = version.qemu();
    assertEquals(RealQemu.version(), triple.major() + "." + triple.minor() + "." + triple.micro());
    assertTrue(client.execute("query-migrate", MigrationInfo.class).status().isEmpty());
    assertEquals(0, client.execute("query-jobs", JobInfo[].class).length);
  }

  @Test
  void aJobIsReadByHandAsByJackson() throws Exception {
    client.execute("blockdev-add", Map.of("driver", "null-co", "node-name", "n", "size", 1 << 30));
    client.execute(
        "blockdev-create",
        Map.of("job-id", "j", "options", Map.of("driver", "qcow2", "file", "n", "size", 1 << 20)));
    assertEquals("j", client.execute("query-jobs", JobInfo[].class)[0].id());
    assertThrows(JobFailed.class, () -> client.awaitJob("j", Duration.ofMinutes(1)));
    JobInfo read = client.execute("query-jobs", JobInfo[].class)[0];
    assertEquals(JobInfo.of(client.execute("query-jobs").get(0)), read);
    assertTrue(read.error().isPresent());
    client.execute("job-dismiss", Map.of("id", "j"));
  }

  record Everything(
      int aNumber,
      OptionalLong maybeLong,
      OptionalInt maybeInt,
      Optional<List<String>> texts,
      double fraction,
      @Nullable String nullable,
      @JsonProperty("UUID") String uuid,
      Set<Colour> colours,
      Map<String, Boolean> more,
      JsonNode any) {}

  enum Colour {
    RED,
    DARK_BLUE,
    @JsonProperty("24bit")
    FULL,
    @JsonEnumDefaultValue
    OTHER
  }

  @Test
  void namesOptionalsAndEnums() throws Exception {
    Everything read =
        read(
            """
            {"a-number": 1, "maybe_long": 99999999999, "fraction": 2, "UUID": "u",
             "colours": ["red", "dark-blue", "dark_blue", "24bit", "infrared"],
             "more": {"x-y": true}, "any": [1, null], "unknown": {}}
            """,
            Everything.class);
    assertEquals(1, read.aNumber());
    assertEquals(99999999999L, read.maybeLong().orElseThrow());
    assertTrue(read.maybeInt().isEmpty());
    assertTrue(read.texts().isEmpty());
    assertEquals(2.0, read.fraction());
    assertNull(read.nullable());
    assertEquals("u", read.uuid());
    assertEquals(Set.of(Colour.RED, Colour.DARK_BLUE, Colour.FULL, Colour.OTHER), read.colours());
    assertEquals(Map.of("x-y", true), read.more());
    assertEquals("[1,null]", read.any().toString());
  }

  enum Closed {
    RED
  }

  record Strict(Inner inner, List<Item> items) {}

  record Inner(String text, int number, boolean flag, Closed closed) {}

  record Item(long value) {}

  private static ViewMismatch mismatch(String json) {
    return assertThrows(ViewMismatch.class, () -> read(json, Strict.class), json);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "text|{'number': 1, 'flag': true, 'closed': 'red'}",
        "text|{'text': null, 'number': 1, 'flag': true, 'closed': 'red'}",
        "text|{'text': 1, 'number': 1, 'flag': true, 'closed': 'red'}",
        "text|{'text': true, 'number': 1, 'flag': true, 'closed': 'red'}",
        "text|{'text': {}, 'number': 1, 'flag': true, 'closed': 'red'}",
        "number|{'text': '', 'number': '1', 'flag': true, 'closed': 'red'}",
        "number|{'text': '', 'number': 1.0, 'flag': true, 'closed': 'red'}",
        "number|{'text': '', 'number': 2147483648, 'flag': true, 'closed': 'red'}",
        "number|{'text': '', 'number': null, 'flag': true, 'closed': 'red'}",
        "number|{'text': '', 'number': true, 'flag': true, 'closed': 'red'}",
        "flag|{'text': '', 'number': 1, 'flag': 1, 'closed': 'red'}",
        "flag|{'text': '', 'number': 1, 'flag': 'true', 'closed': 'red'}",
        "closed|{'text': '', 'number': 1, 'flag': true, 'closed': 'blue'}",
        "closed|{'text': '', 'number': 1, 'flag': true, 'closed': ''}",
        "closed|{'text': '', 'number': 1, 'flag': true, 'closed': 0}",
        "closed|{'text': '', 'number': 1, 'flag': true, 'closed': '0'}",
        "closed|{'text': '', 'number': 1, 'flag': true, 'closed': null}",
      })
  void nothingIsConverted(String line) {
    String path = line.substring(0, line.indexOf('|'));
    String inner = line.substring(line.indexOf('|') + 1).replace('\'', '"');
    ViewMismatch mismatch = mismatch("{\"items\": [], \"inner\": " + inner + "}");
    assertEquals("inner." + path, mismatch.path());
    assertEquals("query-it", mismatch.command());
    assertEquals("unix:/q", mismatch.address());
    assertTrue(mismatch.getMessage().contains("'query-it' at unix:/q as Strict: inner."));
    assertTrue(mismatch.getMessage().chars().noneMatch(Character::isISOControl));
  }

  @Test
  void aMismatchSaysWhere() throws Exception {
    String good = "\"inner\": {\"text\": \"\", \"number\": 1, \"flag\": true, \"closed\": \"red\"}";
    assertEquals(
        7,
        read("{" + good + ", \"items\": [{\"value\": 7}]}", Strict.class).items().get(0).value());
    assertEquals(
        "items[1].value", mismatch("{" + good + ", \"items\": [{\"value\": 1}, {}]}").path());
    assertEquals("items[0]", mismatch("{" + good + ", \"items\": [null]}").path());
    assertEquals("items", mismatch("{" + good + ", \"items\": {}}").path());
    assertEquals("items", mismatch("{" + good + "}").path());
    assertEquals("", mismatch("[]").path());
    assertEquals("", mismatch("null").path());
    assertEquals("", mismatch("\"\"").path());
  }

  interface NoRecord {
    String text();
  }

  @Test
  void aViewThatCannotBeMadeIsTheProgramsFault() {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> read("{}", NoRecord.class));
    assertTrue(e.getMessage().contains("opened to tools.jackson.databind"), e.getMessage());
  }

  record Misfits(
      Closed status,
      String running,
      Optional<String> singlestep,
      int cpuIndex,
      Optional<String> no) {}

  record Block(List<String> tags, String device, Set<Integer> inserted) {}

  private static List<String> misfits(Class<?> view, String command) throws Exception {
    return client.schema().check(view, command).stream()
        .map(each -> each.kind() + " " + each.path())
        .toList();
  }

  @Test
  void theSchemaSaysWhatDoesNotFit() throws Exception {
    assertEquals(
        List.of("VALUES status", "TYPE running", "TYPE singlestep", "ABSENT cpu-index", "NEVER no"),
        misfits(Misfits.class, "query-status"));
    Misfit values = client.schema().check(Misfits.class, "query-status").getFirst();
    assertTrue(values.toString().startsWith("status: Closed lacks colo, debug, "), values.text());
    assertEquals(List.of("ABSENT "), misfits(StatusInfo.class, "query-nothing"));
    assertEquals(List.of("TYPE "), misfits(StatusInfo[].class, "query-status"));
    assertEquals(List.of("TYPE "), misfits(StatusInfo.class, "query-jobs"));
    assertEquals(List.of("TYPE "), misfits(NoRecord.class, "query-status"));
    assertEquals(
        List.of("ABSENT [].tags", "OPTIONAL [].inserted", "TYPE [].inserted"),
        misfits(Block[].class, "query-block"));
  }

  /** Members of variants, and a type that contains itself. */
  record Image(String filename, Optional<Image> backingImage, Optional<Specific> formatSpecific) {}

  record Specific(String type, JsonNode data) {}

  record Named(Optional<String> nodeName, Image image, @JsonProperty("bps_rd") long read) {}

  /** What one target alone has. */
  record Cpu(int cpuIndex, String target, Optional<String> cpuState) {}

  record MainframeCpu(int cpuIndex, String cpuState) {}

  @Test
  void variantsAndTypesWithinThemselves() throws Exception {
    assertEquals(List.of(), misfits(Named[].class, "query-named-block-nodes"));
    assertEquals(List.of(), misfits(Cpu[].class, "query-cpus-fast"));
    assertEquals(
        List.of("OPTIONAL [].cpu-state"), misfits(MainframeCpu[].class, "query-cpus-fast"));
  }
}
