package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jline.reader.Candidate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.client.EventFilter;
import org.qmpkit.client.QmpClient;
import org.qmpkit.client.QmpOptions;
import org.qmpkit.client.Subscription;
import org.qmpkit.shell.Knowledge.Known;
import org.qmpkit.testkit.RealQemu;

/** Tab on a machine with disks, cards, consoles and a processor: what it has is offered by name. */
@Timeout(120)
final class LiveCompletionTest {
  @TempDir static Path folder;

  private static RealQemu qemu;
  private static QmpClient client;
  private static Knowledge knowledge;

  @BeforeAll
  static void start() throws Exception {
    Path image = folder.resolve("disk.qcow2");
    Files.createFile(image);
    qemu =
        RealQemu.start(
            "-M",
            "q35",
            "-S",
            "-m",
            "16",
            "-smp",
            "1",
            "-blockdev",
            "driver=file,node-name=below,filename=" + image,
            "-blockdev",
            "driver=null-co,node-name=empty,size=1048576",
            "-drive",
            "if=none,id=old,driver=null-co",
            "-device",
            "virtio-blk-pci,id=vda,drive=old",
            "-netdev",
            "hubport,id=net0,hubid=1",
            "-device",
            "e1000,id=card,netdev=net0",
            "-chardev",
            "null,id=console",
            "-device",
            "isa-serial,id=serial,chardev=console",
            "-object",
            "iothread,id=io0",
            "-object",
            "memory-backend-ram,id=mem0,size=1M",
            "-object",
            "secret,id=sec0,data=sesame",
            "-object",
            "throttle-group,id=slow");
    client = Connections.to(qemu);
    try (Subscription jobs = client.subscribe(EventFilter.of("JOB_STATUS_CHANGE"))) {
      Map<String, ?> options = Map.of("driver", "qcow2", "file", "below", "size", 1 << 20);
      client.execute("blockdev-create", Map.of("job-id", "make", "options", options));
      while (!jobs.next(QmpOptions.FOREVER)
          .orElseThrow()
          .data()
          .path("status")
          .asString("")
          .equals("concluded")) {
        // It goes through several.
      }
    }
    client.execute("job-dismiss", Map.of("id", "make"));
    client.execute("blockdev-add", Map.of("driver", "qcow2", "node-name", "disk", "file", "below"));
    client.execute("blockdev-snapshot-internal-sync", Map.of("device", "disk", "name", "fresh"));
    client.execute("block-dirty-bitmap-add", Map.of("node", "disk", "name", "since-monday"));
    client.execute(
        "blockdev-add", Map.of("driver", "null-co", "node-name", "target", "size", 1 << 20));
    client.execute(
        "blockdev-mirror",
        Map.of("job-id", "copy", "device", "empty", "target", "target", "sync", "full"));
    Knowledge known = new Knowledge();
    known.learn(CompletableFuture.completedFuture(new Known.Described(client.schema())));
    knowledge = known;
  }

  @AfterAll
  static void end() {
    client.close();
    qemu.close();
  }

  private static List<String> offered(String line, String before, boolean transaction) {
    Completion completion = new Completion(knowledge, new LiveNames(() -> client));
    completion.before(before, transaction);
    List<Candidate> candidates = new ArrayList<>();
    completion.complete(CompletionTest.NOBODY, completion.words(line, line.length()), candidates);
    return candidates.stream().map(Candidate::value).toList();
  }

  /** What is offered, of this beginning; QEMU may take longer than a person wants to wait. */
  private static List<String> offered(String line) {
    for (int i = 0; i < 200; i++) {
      List<String> offered = offered(line, "", false);
      if (!offered.isEmpty()) {
        return offered;
      }
    }
    return List.of();
  }

  private static void assertOffers(String line, String... values) {
    List<String> offered = offered(line);
    assertTrue(offered.containsAll(List.of(values)), () -> line + ": " + offered);
  }

  /** A line up to a value, and what must be among what is offered, or not if a "!" precedes it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "device_del id= > vda card serial !disk",
        "blockdev-del node-name= > disk below empty",
        "block_resize node-name= > disk empty",
        "block_resize device= > disk old",
        "blockdev-mirror device= > disk old",
        "blockdev-mirror target= > disk target",
        "drive-mirror target= > !disk",
        "blockdev-add driver=qcow2 file= > disk below",
        "blockdev-add driver=raw node-name= > !disk",
        "blockdev-add driver=throttle throttle-group= > slow !mem0",
        "job-cancel id= > copy",
        "block-job-set-speed device= > copy",
        "chardev-remove id= > console",
        "netdev_del id= > net0",
        "set_link name= > net0",
        "object-del id= > io0 mem0 sec0 slow",
        "device_add driver=virtio-blk-pci iothread= > io0 !mem0",
        "device_add driver=pc-dimm memdev= > mem0 !io0",
        "device_add driver=e1000 netdev= > net0",
        "device_add driver=isa-serial chardev= > console",
        "device_add driver=e1000 bus= > pcie.0",
        "device_add driver= > e1000 virtio-blk-pci",
        "device_add driver=virtio-blk-pci write-cache= > !x",
        "device_add driver=e1000 multifunction= > true false",
        "blockdev-add driver=luks key-secret= > sec0 !mem0",
        "qom-get path=/machine/peripheral/ > /machine/peripheral/vda /machine/peripheral/card",
        "qom-get path=/mac > /machine",
        "qom-get path=/machine/peripheral/card > /machine/peripheral/card/e1000-mmio*",
        "qom-get path=/objects/io0 property= > poll-max-ns",
        "qom-set path=/machine/peripheral/card property= > mac !nobody",
        "block-dirty-bitmap-remove node=disk name= > since-monday",
        "block-dirty-bitmap-add node=disk name= > !since-monday",
        "snapshot-delete tag= > fresh",
        "blockdev-snapshot-delete-internal-sync device=disk name= > fresh",
        "qom-list-properties typename= > iothread",
        "exec-oob migrate-recover uri= > !disk",
        "migrate-set-parameters multifd-compression= > zlib none",
        "help block_res > !disk",
        "job-cancel id=copy | .i > !id="
      })
  void offersWhatIsThere(String row) {
    String line = row.substring(0, row.indexOf(" > "));
    String key = line.substring(line.lastIndexOf(' ') + 1);
    String prefix = key.substring(0, key.indexOf('=') + 1);
    List<String> offered = offered(line);
    for (String each : row.substring(row.indexOf(" > ") + 3).split(" ", -1)) {
      if (each.startsWith("!")) {
        assertFalse(offered.contains(prefix + each.substring(1)), () -> line + ": " + offered);
      } else if (each.endsWith("*")) {
        String start = prefix + each.substring(0, each.length() - 1);
        assertTrue(
            offered.stream().anyMatch(one -> one.startsWith(start)), () -> line + ": " + offered);
      } else {
        assertTrue(offered.contains(prefix + each), () -> line + ": " + offered);
      }
    }
  }

  @Test
  void aDeviceTakesWhatItsKindTakes() {
    assertOffers("device_add driver=e1000 ", "mac=", "netdev=", "addr=", "id=");
    assertFalse(offered("device_add driver=e1000 mac=x ").contains("mac="));
  }

  @Test
  void inJsonAsInLines() {
    assertOffers("{", "\"execute\": ", "\"arguments\": {");
    assertOffers("{\"execute\": ", "\"block_resize\"");
    assertOffers("{\"exec-oob\": \"", "\"migrate-recover\"");
    String add = "{\"execute\": \"blockdev-add\", \"arguments\": {";
    assertOffers(add, "\"driver\": ", "\"node-name\": ", "\"cache\": {");
    assertOffers(add + "\"driver\": \"qc", "\"qcow2\"");
    assertOffers(add + "\"driver\": \"qcow2\", \"fi", "\"file\": {");
    assertOffers(add + "\"driver\": \"qcow2\", \"file\": ", "\"below\"");
    String nested = add + "\"driver\": \"raw\", \"file\": {\"driver\": \"file\", ";
    assertOffers(nested, "\"filename\": ");
    assertFalse(offered(nested).contains("\"driver\": "));
    assertOffers(nested + "\"read-only\": ", "true", "false");
    assertOffers("{'execute': 'device_del', 'arguments': {'id': ", "\"vda\"");
    assertOffers("blockdev-add driver=raw file:={\"driver\": \"nu", "\"null-co\"");
    assertOffers("blockdev-add driver=raw file={\"driver\":\"file\",", "\"filename\": ");
    assertEquals(List.of(), offered("{\"execute\": \"quit\" "));
    assertEquals(List.of(), offered("{\"execute\": \"no-such\", \"arguments\": {"));
  }

  @Test
  void jsonOverSeveralLines() {
    List<String> offered =
        offered("\"arguments\": {\"id\": \"v", "{\"execute\": \"device_del\",", false);
    assertTrue(offered.contains("\"vda\""), offered::toString);
  }

  @Test
  void inTransactions() {
    List<String> actions = offered("", "", true);
    assertTrue(actions.contains("block-dirty-bitmap-add") && actions.contains(")"));
    assertTrue(offered("block-dirty-bitmap-clear node=disk na", "", true).contains("name="));
    assertTrue(
        offered("block-dirty-bitmap-clear node=disk name=", "", true)
            .contains("name=since-monday"));
    assertTrue(
        offered("{\"type\": \"block-dirty-bitmap-clear\", \"data\": {\"node\": ", "", true)
            .contains("\"disk\""));
    assertOffers("transaction( blockdev-ba", "blockdev-backup");
    assertOffers("transaction( blockdev-backup device=", "device=disk");
  }

  @Test
  void forTheShellsOwnCommands() {
    assertOffers("wait ", "DEVICE_DELETED");
    assertOffers("wait DEVICE_DELETED ", "device=", "path=", "--since", "--timeout");
    assertOffers("wait STOP --since ", "last", "now");
    assertOffers("events ", "STOP", "mute", "off");
    assertOffers("events mute ", "STOP");
    assertOffers("help ", "block_resize", "STOP", "wait");
    assertOffers("help blockdev-add driver=", "driver=qcow2");
  }

  /** A QEMU that stands still is not waited for, and what it said earlier is of use. */
  @Test
  void whatIsKnownWillDo() throws Exception {
    try (RealQemu slow = RealQemu.start("-object", "iothread,id=io0");
        QmpClient other = Connections.to(slow)) {
      LiveNames live = new LiveNames(() -> other);
      List<String> known = List.of();
      while (known.isEmpty()) {
        live.begin();
        known = live.of(LiveKind.OBJECT, Map.of(), "");
      }
      assertEquals(List.of("io0"), known);
      slow.pause();
      live.begin();
      long start = System.nanoTime();
      assertEquals(List.of("io0"), live.of(LiveKind.OBJECT, Map.of(), ""));
      assertEquals(List.of(), live.of(LiveKind.CHARDEV, Map.of(), ""));
      // Far less than the 30 s that an answer may take.
      assertTrue(System.nanoTime() - start < TimeUnit.SECONDS.toNanos(20));
      slow.resume();
    }
  }

  @Test
  void garbageIsOfferedNothingThatHarms() {
    List<String> lines = new ArrayList<>();
    String whole =
        "{\"execute\": 'x', \"arguments\": {\"a\": [1, {\"b\": \"\\\"\"}], \"c\": null}} }]";
    for (int i = 0; i <= whole.length(); i++) {
      lines.add(whole.substring(0, i));
      lines.add("blockdev-add file=" + whole.substring(0, i));
    }
    lines.add("{".repeat(10_000));
    lines.add("[{\"".repeat(10_000));
    lines.add("a=[" + "{".repeat(10_000));
    for (String line : lines) {
      List<String> offered = offered(line, "", false);
      assertEquals(new TreeSet<>(offered).size(), offered.size(), line);
    }
  }
}
