package org.qmpkit.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.qmpkit.net.Address;

/** Runs small classes of tests, and looks at what became of them and of their QEMUs. */
@Timeout(120)
class WithQemuTest {
  /** The QEMUs that the small classes were given. */
  private static final List<RealQemu> GIVEN = new ArrayList<>();

  /** What became of each test, by its display name: an exception, or why it was skipped. */
  private record Outcome(Map<String, Throwable> failed, Map<String, String> skipped, int passed) {}

  private static Outcome run(Class<?> tests) {
    GIVEN.clear();
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(selectClass(tests))
            .configurationParameter("junit.jupiter.extensions.autodetection.enabled", "false")
            .build();
    Listener listener = new Listener();
    LauncherFactory.create().execute(request, listener);
    for (RealQemu each : GIVEN) {
      assertFalse(each.alive(), "outlives its tests");
      assertFalse(Files.exists(each.path()), "leaves files behind");
    }
    return new Outcome(listener.failed, listener.skipped, listener.passed);
  }

  private static final class Listener implements TestExecutionListener {
    private final Map<String, Throwable> failed = new TreeMap<>();
    private final Map<String, String> skipped = new TreeMap<>();
    private int passed;

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
      skipped.put(test.getDisplayName(), reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      result.getThrowable().ifPresent(each -> failed.put(test.getDisplayName(), each));
      if (test.isTest() && result.getStatus() == TestExecutionResult.Status.SUCCESSFUL) {
        passed++;
      }
    }
  }

  private static void assertPassed(int count, Class<?> tests) {
    assertEquals(new Outcome(Map.of(), Map.of(), count), run(tests));
  }

  private static long pids() {
    return GIVEN.stream().mapToLong(RealQemu::pid).distinct().count();
  }

  // @start region="example"
  @WithQemu
  static class Example {
    @Test
    void isStopped(LineClient monitor) throws Exception {
      monitor.negotiate();
      assertTrue(monitor.ask("{\"execute\": \"query-status\"}").contains("prelaunch"));
    }

    @Test
    @WithQemu(
        machine = "pc",
        args = {"-name", "guest=one"})
    void ofItsOwn(RealQemu qemu, Address monitor) {
      assertEquals(Address.unix(qemu.path()), monitor);
    }

    @Test
    void migrates(@WithQemu RealQemu from, @WithQemu RealQemu to) {
      assertNotEquals(from.pid(), to.pid());
    }
  }

  // @end

  @Test
  void theExampleOfTheDocumentation() {
    assertPassed(3, Example.class);
  }

  @WithQemu
  static class OneForAll {
    private static RealQemu first;

    @BeforeAll
    static void start(RealQemu qemu) {
      first = qemu;
      GIVEN.add(qemu);
    }

    @BeforeEach
    void before(RealQemu qemu) {
      assertEquals(first, qemu);
    }

    @RepeatedTest(2)
    void itIsTheSame(RealQemu qemu, LineClient one, LineClient other) throws Exception {
      assertEquals(first, qemu);
      assertNotEquals(one, other);
    }

    @Nested
    class Within {
      @Test
      void here(RealQemu qemu) {
        assertEquals(first, qemu);
      }
    }

    @AfterAll
    static void stop(RealQemu qemu) {
      assertTrue(qemu.alive());
      assertEquals(first, qemu);
    }
  }

  static class Inheriting extends OneForAll {}

  @Test
  void onAClassItIsOneForAllTests() {
    assertPassed(3, OneForAll.class);
    assertEquals(1, pids());
    assertPassed(3, Inheriting.class);
  }

  static class OneForEach {
    @BeforeEach
    void before(RealQemu qemu) {
      GIVEN.add(qemu);
    }

    @RepeatedTest(3)
    @WithQemu
    void itIsTheSameAsBefore(RealQemu qemu) {
      assertEquals(GIVEN.getLast(), qemu);
      assertEquals(1, GIVEN.stream().filter(RealQemu::alive).count());
    }
  }

  @Test
  void onAMethodItIsOneForEachRun() {
    assertPassed(3, OneForEach.class);
    assertEquals(3, pids());
  }

  @WithQemu(args = {"-name", "guest=outer"})
  static class Nearest {
    private static String name(LineClient client) throws Exception {
      client.negotiate();
      return client.ask("{\"execute\": \"query-name\"}");
    }

    @Test
    void ofTheClass(LineClient client) throws Exception {
      assertTrue(name(client).contains("outer"));
    }

    @Test
    @WithQemu(args = {"-name", "guest=inner"})
    void ofTheMethod(LineClient client) throws Exception {
      assertTrue(name(client).contains("inner"));
    }

    @Test
    @WithQemu(args = {"-name", "guest=inner"})
    void ofTheParameter(@WithQemu(args = {"-name", "guest=own"}) LineClient own, LineClient client)
        throws Exception {
      assertTrue(name(own).contains("own"));
      assertTrue(name(client).contains("inner"));
    }

    @Test
    void besidesOtherExtensions(@TempDir Path folder, LineClient client) throws Exception {
      assertTrue(Files.isDirectory(folder));
      assertTrue(name(client).contains("outer"));
    }
  }

  @Test
  void theNearestCounts() {
    assertPassed(4, Nearest.class);
  }

  @WithQemu(args = {"-trace", "handle_qmp_command"})
  static class Failing {
    @Test
    void fails(RealQemu qemu, LineClient client) throws Exception {
      GIVEN.add(qemu);
      client.negotiate();
      fail("on purpose");
    }
  }

  @Test
  void aFailureHasTheLastWordsOfQemu() {
    Throwable failure = run(Failing.class).failed().values().iterator().next();
    assertEquals("on purpose", failure.getMessage());
    assertEquals(1, failure.getSuppressed().length);
    String report = failure.getSuppressed()[0].getMessage();
    assertTrue(report.startsWith("QEMU " + GIVEN.getFirst().pid() + " runs"), report);
    assertTrue(report.contains("-trace handle_qmp_command"), report);
    assertTrue(report.contains("stderr: ") && report.contains("req: {"), report);
  }

  @WithQemu(machine = "no-such-machine")
  static class NotStarting {
    @Test
    void fails(RealQemu qemu) {
      GIVEN.add(qemu);
    }
  }

  @Test
  void aQemuThatDoesNotStartIsReportedInItsOwnWords() {
    Throwable failure = run(NotStarting.class).failed().get("fails(RealQemu)");
    assertTrue(failure.getMessage().contains("cannot start QEMU for"), failure.getMessage());
    assertTrue(failure.getMessage().contains("unsupported machine type"), failure.getMessage());
    assertEquals(List.of(), GIVEN);
  }

  static class Missing {
    @Test
    void fails(@WithQemu(binary = "qemu-system-none") RealQemu qemu) {
      GIVEN.add(qemu);
    }

    @Test
    void isSkipped(
        @WithQemu(binary = "qemu-system-none", missing = WithQemu.Missing.SKIP) RealQemu qemu) {
      GIVEN.add(qemu);
    }

    @Test
    @WithQemu(binary = "/nowhere/qemu-system-x86_64", missing = WithQemu.Missing.SKIP)
    void isSkippedToo(RealQemu qemu) {
      GIVEN.add(qemu);
    }

    @Test
    @WithQemu(missing = WithQemu.Missing.SKIP)
    void runs(RealQemu qemu) {
      assertTrue(qemu.alive());
    }
  }

  @Test
  void whereQemuIsMissingTestsFailOrAreSkipped() {
    Outcome outcome = run(Missing.class);
    assertEquals(1, outcome.passed());
    assertEquals(1, outcome.failed().size());
    String failure = outcome.failed().get("fails(RealQemu)").getMessage();
    assertTrue(failure.contains("apt-get install qemu-system-misc"), failure);
    assertEquals(2, outcome.skipped().size());
    String skipped = outcome.skipped().get("isSkippedToo(RealQemu)");
    assertTrue(skipped.contains("apt-get install qemu-system-x86`"), skipped);
  }

  static class Constructed {
    private final LineClient client;

    Constructed(@WithQemu RealQemu own, LineClient client) {
      GIVEN.add(own);
      this.client = client;
    }

    @RepeatedTest(3)
    @WithQemu
    void isConnected(RealQemu qemu) throws Exception {
      client.negotiate();
      assertEquals(1, GIVEN.stream().filter(RealQemu::alive).count());
      assertTrue(qemu.alive());
    }
  }

  @WithQemu
  static class ConstructedOnOne {
    private final LineClient client;

    ConstructedOnOne(LineClient client) {
      this.client = client;
    }

    @RepeatedTest(3)
    void isConnected() throws Exception {
      client.negotiate();
    }
  }

  @Test
  void whatAConstructorIsGivenLivesAsLongAsItsTest() {
    assertPassed(3, Constructed.class);
    assertEquals(3, pids());
    assertPassed(3, ConstructedOnOne.class);
  }

  static class MissingBefore {
    @BeforeEach
    void before(
        @WithQemu(binary = "qemu-system-none", missing = WithQemu.Missing.SKIP) RealQemu qemu) {
      GIVEN.add(qemu);
    }

    @Test
    void isSkipped() {
      fail("has no QEMU");
    }
  }

  static class MissingFromTheStart {
    MissingFromTheStart(
        @WithQemu(binary = "qemu-system-none", missing = WithQemu.Missing.SKIP) RealQemu qemu) {
      GIVEN.add(qemu);
    }

    @Test
    void isSkipped() {
      fail("has no QEMU");
    }
  }

  @Test
  void whereWhatAllTestsNeedIsMissingTheirClassIsSkipped() {
    for (Class<?> each : List.of(MissingBefore.class, MissingFromTheStart.class)) {
      Outcome outcome = run(each);
      assertEquals(Map.of(), outcome.failed());
      assertEquals(0, outcome.passed());
      assertEquals(1, outcome.skipped().size());
      String skipped = outcome.skipped().values().iterator().next();
      assertTrue(skipped.contains("apt-get install qemu-system-misc"), skipped);
    }
  }

  static class Unknown {
    @Test
    void isNoMonitor(@WithQemu StringBuilder builder) {
      fail("was given " + builder);
    }

    @Test
    @WithQemu
    void isSomebodyElses(StringBuilder builder) {
      fail("was given " + builder);
    }
  }

  /** A client of monitors that are elsewhere. */
  public record Unhappy(Address address) {
    public Unhappy {
      if (address.toString().startsWith("unix:")) {
        throw new IllegalArgumentException("not to " + address);
      }
    }

    public static Unhappy connect(Address address) {
      return new Unhappy(address);
    }
  }

  static class Unconnected {
    @Test
    @WithQemu
    void isNotConnected(Unhappy client) {
      fail("was given " + client);
    }
  }

  @Test
  void whatCannotBeGivenIsSaid() {
    Outcome outcome = run(Unknown.class);
    assertEquals(2, outcome.failed().size());
    String told = outcome.failed().get("isNoMonitor(StringBuilder)").getMessage();
    assertTrue(told.contains("static method connect(Address)"), told);
    String unconnected = run(Unconnected.class).failed().values().iterator().next().getMessage();
    assertTrue(unconnected.contains("not to unix:"), unconnected);
  }

  /** Whether it was closed, and its QEMU then still there. */
  public record Closing(Path socket) implements AutoCloseable {
    private static final List<Boolean> CLOSED = new ArrayList<>();

    public static Closing connect(Path socket) {
      return new Closing(socket);
    }

    @Override
    public void close() {
      CLOSED.add(Files.exists(socket));
    }
  }

  static class Closed {
    @Test
    @WithQemu
    void isClosedFirst(Closing client) {
      assertTrue(Files.exists(client.socket()));
    }
  }

  @Test
  void whatIsGivenIsClosedBeforeItsQemuIsKilled() {
    Closing.CLOSED.clear();
    assertPassed(1, Closed.class);
    assertEquals(List.of(true), Closing.CLOSED);
  }

  static class Recorded {
    @Test
    @WithQemu(recording = "stop.replies")
    void answersAsItDid(LineClient client, FakeQemu fake) throws Exception {
      client.negotiate();
      assertEquals("{\"return\": {}, \"id\": 1}", client.ask("{\"execute\": \"stop\", \"id\": 1}"));
      assertEquals(2, fake.received().size());
    }

    @Test
    @WithQemu(recording = "stop.replies")
    void fails(LineClient client, RealQemu qemu) {
      fail("was given " + qemu.pid());
    }

    @Test
    @WithQemu(recording = "stop.replies")
    void failsLater(LineClient client) throws Exception {
      client.negotiate();
      fail("on purpose");
    }

    @Test
    @WithQemu(recording = "no.replies")
    void isMissing(Address monitor) {
      fail("was given " + monitor);
    }
  }

  @Test
  void aRecordingIsServedInThePlaceOfQemu() {
    Outcome outcome = run(Recorded.class);
    assertEquals(1, outcome.passed(), outcome.failed()::toString);
    String real = outcome.failed().get("fails(LineClient, RealQemu)").getMessage();
    assertTrue(real.contains("a FakeQemu with one"), real);
    Throwable later = outcome.failed().get("failsLater(LineClient)");
    assertTrue(later.getSuppressed()[0].getMessage().contains("qmp_capabilities"));
    String missing = outcome.failed().get("isMissing(Address)").getMessage();
    assertTrue(missing.contains("no.replies, neither as a file in"), missing);
  }
}
