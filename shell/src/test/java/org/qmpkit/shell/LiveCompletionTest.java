package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jline.reader.Candidate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.qmpkit.client.QmpClient;
import org.qmpkit.shell.Knowledge.Known;
import org.qmpkit.testkit.RealQemu;

/** Tab where QEMU takes its time, and where the line makes no sense. */
@Timeout(120)
final class LiveCompletionTest {
  private static RealQemu qemu;
  private static QmpClient client;
  private static Completion completion;

  @BeforeAll
  static void start() throws Exception {
    qemu = RealQemu.start("-object", "iothread,id=io0");
    client = Connections.to(qemu);
    Knowledge known = new Knowledge();
    known.learn(CompletableFuture.completedFuture(new Known.Described(client.schema())));
    completion = new Completion(known, new LiveNames(() -> client));
  }

  @AfterAll
  static void end() {
    client.close();
    qemu.close();
  }

  private static List<String> offered(String line) {
    List<Candidate> candidates = new ArrayList<>();
    completion.complete(CompletionTest.NOBODY, completion.words(line, line.length()), candidates);
    return candidates.stream().map(Candidate::value).toList();
  }

  /** A QEMU that stands still is not waited for, and what it said earlier is of use. */
  @Test
  void whatIsKnownWillDo() {
    // It may take longer than a person wants to wait even when it does not stand still.
    long latest = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (offered("object-del id=").isEmpty()) {
      assertTrue(System.nanoTime() < latest, "it tells what it has");
    }
    qemu.pause();
    try {
      long start = System.nanoTime();
      assertEquals(List.of("id=io0"), offered("object-del id="));
      assertEquals(List.of(), offered("chardev-remove id="));
      assertEquals(
          List.of("driver=null-aio", "driver=null-co"),
          offered("blockdev-add driver=").stream().filter(each -> each.contains("null")).toList());
      // Far less than the 30 s that an answer may take.
      assertTrue(System.nanoTime() - start < TimeUnit.SECONDS.toNanos(20));
    } finally {
      qemu.resume();
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
      List<String> offered = offered(line);
      assertEquals(new TreeSet<>(offered).size(), offered.size(), line);
    }
  }
}
