package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jline.reader.Candidate;
import org.jline.reader.LineReader;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.qmpkit.client.QmpClient;
import org.qmpkit.client.Schema;
import org.qmpkit.shell.Knowledge.Known;
import org.qmpkit.testkit.RealQemu;

/** What Tab offers, by the schema of a real QEMU. */
@Timeout(120)
final class CompletionTest {
  private static Schema schema;

  @BeforeAll
  static void ask() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        QmpClient client = Connections.to(qemu)) {
      schema = client.schema();
    }
  }

  /** Of the line editor the completion uses nothing. */
  static final LineReader NOBODY =
      (LineReader)
          Proxy.newProxyInstance(
              LineReader.class.getClassLoader(),
              new Class<?>[] {LineReader.class},
              (_, method, _) -> {
                throw new AssertionError("asked for " + method);
              });

  /** One that knows no QEMU. */
  private static Completion completion(CompletableFuture<Known> known) {
    Knowledge knowledge = new Knowledge();
    knowledge.learn(known);
    return new Completion(knowledge, new LiveNames(() -> null));
  }

  private static List<Candidate> candidates(Known known, String line) {
    Completion completion = completion(CompletableFuture.completedFuture(known));
    List<Candidate> candidates = new ArrayList<>();
    completion.complete(NOBODY, Words.of(line, line.length()), candidates);
    candidates.sort(Comparator.comparingInt(Candidate::sort));
    return candidates;
  }

  private static List<Candidate> candidates(String line) {
    return candidates(new Known.Described(schema), line);
  }

  private static List<String> offered(String line) {
    return candidates(line).stream().map(Candidate::value).toList();
  }

  private static String description(String line, String value) {
    Candidate found =
        candidates(line).stream()
            .filter(each -> each.value().equals(value))
            .findFirst()
            .orElseThrow();
    assertNotNull(found.descr());
    return found.descr();
  }

  private static void assertOffers(String line, String... values) {
    List<String> offered = offered(line);
    assertTrue(offered.containsAll(List.of(values)), () -> line + ": " + offered);
  }

  private static void assertDoesNotOffer(String line, String value) {
    assertFalse(offered(line).contains(value), line);
  }

  @Test
  void commandsWithWhatTheyTake() {
    assertTrue(offered("").containsAll(schema.commands()));
    assertOffers("qu", "query-status", "transaction(", "exec-oob", "help", "events", "exit");
    assertEquals("device= size= [node-name=]", ordered(description("", "block_resize")));
    assertTrue(description("", "change-vnc-password").startsWith("password="));
    assertTrue(description("", "blockdev-add").length() <= 60);
  }

  /** QEMU may tell members in any order, and did. */
  private static String ordered(String signature) {
    return String.join(
        " ",
        java.util.Arrays.stream(signature.split(" ", -1))
            .map(each -> each.equals("[device=]") ? "device=" : each)
            .sorted(
                Comparator.comparing((String each) -> each.startsWith("["))
                    .thenComparing(each -> each))
            .toList());
  }

  @Test
  void whatIsDeprecatedOrUnstableSaysSo() {
    assertTrue(description("", "x-query-ramblock").startsWith("unstable"));
  }

  @Test
  void argumentsRequiredOnesFirst() {
    List<String> offered = offered("device_add ");
    assertEquals("driver=", offered.getFirst());
    assertTrue(offered.contains("id=") && offered.contains("bus="), offered::toString);
    assertTrue(description("device_add ", "driver=").startsWith("required; "));
    assertEquals("string", description("device_add ", "id="));
  }

  @Test
  void thoseInUseAreGone() {
    assertDoesNotOffer("device_add driver=e1000 ", "driver=");
    assertOffers("device_add driver=e1000 ", "id=", "bus=");
    assertOffers("device_add id=x dri", "driver=");
  }

  @Test
  void values() {
    assertEquals(List.of("detach=true", "detach=false"), offered("dump-guest-memory detach="));
    assertOffers("set_password protocol=", "protocol=vnc", "protocol=spice");
    assertEquals(List.of(), offered("device_add id="));
    assertTrue(description("set_password ", "protocol=").contains("vnc|spice"));
  }

  @Test
  void aUnionOffersWhatTheValueOfItsTagAdds() {
    assertDoesNotOffer("blockdev-add ", "filename=");
    assertOffers("blockdev-add ", "driver=", "node-name=", "read-only=");
    assertEquals("driver=", offered("blockdev-add ").getFirst());
    assertOffers("blockdev-add driver=", "driver=qcow2", "driver=file");
    assertOffers("blockdev-add driver=file ", "filename=", "aio=");
    assertDoesNotOffer("blockdev-add driver=null-co ", "filename=");
    assertOffers("blockdev-add driver=null-co ", "size=");
    assertOffers("blockdev-add driver=file aio=", "aio=native", "aio=threads");
  }

  @Test
  void membersOfMembers() {
    assertOffers("blockdev-add driver=qcow2 ", "file.", "backing.");
    assertOffers("blockdev-add driver=qcow2 file.", "file.driver=", "file.node-name=");
    assertOffers("blockdev-add driver=qcow2 file.driver=", "file.driver=file");
    assertOffers("blockdev-add driver=qcow2 file.driver=file file.", "file.filename=");
    assertDoesNotOffer("blockdev-add driver=qcow2 file.driver=file file.", "file.driver=");
    assertOffers("blockdev-add driver=qcow2 cache.", "cache.direct=", "cache.no-flush=");
    assertOffers("blockdev-add driver=qcow2 cache.direct=", "cache.direct=true");
    assertEquals(List.of(), offered("blockdev-add node-name."));
    assertEquals(List.of(), offered("blockdev-add nobody.x."));
  }

  @Test
  void outOfBandOnlyWhatCanBe() {
    List<String> oob =
        schema.commands().stream()
            .filter(each -> schema.command(each).orElseThrow().oob())
            .sorted()
            .toList();
    assertFalse(oob.isEmpty());
    assertEquals(oob, offered("exec-oob ").stream().sorted().toList());
    assertOffers("exec-oob migrate-recover ", "uri=");
  }

  @Test
  void garbageOffersNothing() {
    for (String line :
        List.of(
            "no-such-command ",
            "exec-oob no-such ",
            "{\"execute\": ",
            "# a",
            "device_add =",
            "device_add .",
            "device_add ..=",
            "device_add driver=e1000 driver.x=",
            "transaction( ")) {
      List<String> offered = offered(line);
      assertTrue(offered.stream().noneMatch(String::isEmpty), line + offered);
    }
    assertEquals(List.of(), offered("no-such-command "));
    assertEquals(List.of(), offered("no-such-command x="));
  }

  @Test
  void wordByWordWhereWholeLinesAreKnown() {
    Known known =
        new Known.Lines(Set.of("help", "help quit", "info block", "info block-jobs", "quit"));
    assertEquals(
        List.of("help", "info", "quit"),
        candidates(known, "").stream().map(Candidate::value).toList());
    assertEquals(
        List.of("block", "block-jobs"),
        candidates(known, "info ").stream().map(Candidate::value).toList());
    assertEquals(List.of(), candidates(known, "quit "));
  }

  @Test
  void beforeAnythingIsLearnedItOffersNothing() {
    List<Candidate> candidates = new ArrayList<>();
    completion(new CompletableFuture<>()).complete(NOBODY, Words.of("qu", 2), candidates);
    assertEquals(List.of(), candidates);
  }

  @Test
  void whatCannotBeLearnedIsNoFault() {
    Completion completion =
        completion(CompletableFuture.failedFuture(new IllegalStateException("gone")));
    List<Candidate> candidates = new ArrayList<>();
    completion.complete(NOBODY, Words.of("", 0), candidates);
    assertEquals(List.of(), candidates);
  }

  @Test
  void namesThatWouldCommandTheTerminalOrEndTheLineAreNotOffered() {
    Known agent =
        new Known.Lines(
            Set.of("guest-x\nguest-shutdown", "guest-\033[2J", "guest-\u009b", "guest-info"));
    assertEquals(
        List.of("guest-info"), candidates(agent, "gue").stream().map(Candidate::value).toList());
  }
}
