package org.qmpkit.helper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.net.Address;
import org.qmpkit.protocol.Deadlines;
import org.qmpkit.protocol.Journal.Severity;
import org.qmpkit.protocol.Limits;

class SettingsTest {
  private final Settings settings = new Settings();

  private String refusal(Setting setting, String value) {
    return String.valueOf(
        assertThrows(IllegalArgumentException.class, () -> settings.set(setting, value))
            .getMessage());
  }

  @Test
  void listenAndConnectMakeOneRouteNamedAfterItsSocket() {
    settings.set(Setting.LISTEN, "unix:/run/vm1.qmp");
    settings.set(Setting.CONNECT, "/run/vm1.sock");
    assertEquals(
        new RouteSpec(
            "vm1.qmp",
            Address.parse("unix:/run/vm1.qmp"),
            Address.parse("unix:/run/vm1.sock"),
            false),
        settings.routes().getFirst());
  }

  @Test
  void relayHoldsForEveryRouteOfTheCommandLine() {
    settings.set(Setting.RELAY, "true");
    settings.set(Setting.ROUTE, "/run/a.qmp => /run/a.sock");
    settings.set(Setting.ROUTE, "/run/b.qmp=>tcp:vm:4444");
    assertEquals(2, settings.routes().size());
    assertTrue(settings.routes().stream().allMatch(RouteSpec::relay));
  }

  @Test
  void qemuIsToldToCloseDescriptorsWhereThatIsWanted() {
    assertFalse(settings.cleansUp());
    settings.set(Setting.FD_CLEANUP, "true");
    assertTrue(settings.cleansUp());
    assertTrue(settings.copy().cleansUp());
  }

  @Test
  void halfARouteIsNone() {
    settings.set(Setting.LISTEN, "/run/vm1.qmp");
    String message =
        String.valueOf(assertThrows(IllegalArgumentException.class, settings::routes).getMessage());
    assertTrue(message.startsWith("listen needs connect"), message);
  }

  @Test
  void noRouteSaysHowToGiveOne() {
    String message =
        String.valueOf(assertThrows(IllegalArgumentException.class, settings::routes).getMessage());
    assertTrue(message.contains("--listen ADDR --connect ADDR"), message);
  }

  @Test
  void twoRoutesCannotListenAtOnePlace() {
    settings.set(Setting.ROUTE, "/run/a.qmp => /run/a.sock");
    settings.set(Setting.ROUTE, "unix:/run/a.qmp,mode=0660 => /run/b.sock");
    assertThrows(IllegalArgumentException.class, settings::routes);
  }

  @Test
  void aSettingGivenTwiceIsRefused() {
    settings.set(Setting.LISTEN, "/run/a.qmp");
    assertTrue(refusal(Setting.LISTEN, "/run/b.qmp").contains("given twice"));
  }

  @Test
  void aRouteWithoutArrowIsRefusedWithAnExample() {
    assertTrue(refusal(Setting.ROUTE, "/run/a.qmp /run/a.sock").contains("LISTEN => CONNECT"));
  }

  @ParameterizedTest
  @CsvSource({"64k, 65536", "1024, 1024", "2M, 2097152", "1024m, 1073741824"})
  void sizesHaveUnits(String text, int bytes) {
    settings.set(Setting.CLIENT_MESSAGE, text);
    assertEquals(bytes, settings.limits().clientMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1023", "1025m", "9999999999", "64q", "-1", "1 k", "k"})
  void whatIsNoSizeIsRefused(String text) {
    assertTrue(refusal(Setting.QEMU_MESSAGE, text).startsWith("qemu-message"));
  }

  @Test
  void verboseAndQuietSetWhatIsLogged() {
    assertEquals(Severity.INFO, settings.least());
    settings.set(Setting.VERBOSE, "true");
    assertEquals(Severity.DEBUG, settings.least());
    settings.set(Setting.QUIET, "true");
    assertEquals(Severity.WARNING, settings.least());
    assertTrue(refusal(Setting.QUIET, "perhaps").contains("true or false"));
  }

  @Test
  void withoutAWordTheLimitsAreThoseOfTheProtocol() {
    assertEquals(Limits.DEFAULT.withDeadlines(settings.limits().deadlines()), settings.limits());
    assertNull(settings.limits().deadlines().of("stop"));
    assertEquals(64 << 20, settings.bounds().outboxes());
  }

  @Test
  void everyLimitHasADefaultThatCouldBeWritten() {
    for (Setting setting : Setting.values()) {
      if (setting.isLimit()) {
        settings.set(setting, setting.usual());
      }
    }
    assertEquals(Duration.ofSeconds(2), settings.bounds().drain());
  }

  @Test
  void eachLimitGoesWhereItBelongs() {
    String[] told = {
      "client-message=2k",
      "qemu-message=3k",
      "queue=4",
      "high-water=5k",
      "outbox=6k",
      "stall=7s",
      "unnegotiated=8",
      "silence=9s",
      "reply=10k",
      "history=18",
      "history-bytes=2k",
      "histories=3k",
      "clients=11",
      "clients-per-user=12",
      "clients-for-root=1",
      "outboxes=13k",
      "qemu-messages=14k",
      "unasked=4k",
      "connect-timeout=15ms",
      "retry=16m",
      "drain=17h"
    };
    for (String each : told) {
      int equals = each.indexOf('=');
      settings.set(Setting.of(each.substring(0, equals)).orElseThrow(), each.substring(equals + 1));
    }
    assertEquals(
        new Limits(
            2048,
            3072,
            4,
            5120,
            6144,
            Duration.ofSeconds(7),
            8,
            Duration.ofSeconds(9),
            10240,
            settings.limits().deadlines(),
            18,
            2048),
        settings.limits());
    assertEquals(
        new Bounds(
            11,
            12,
            1,
            13 << 10,
            14 << 10,
            4 << 10,
            3 << 10,
            Duration.ofMillis(15),
            Duration.ofMinutes(16),
            Duration.ofHours(17)),
        settings.bounds());
  }

  @Test
  void limitsThatContradictEachOtherAreRefused() {
    settings.set(Setting.HIGH_WATER, "2m");
    settings.set(Setting.OUTBOX, "1m");
    assertThrows(IllegalArgumentException.class, settings::limits);
    settings.set(Setting.OUTBOX, "3m");
    settings.set(Setting.HISTORY_BYTES, "4m");
    assertThrows(IllegalArgumentException.class, settings::limits);
    settings.set(Setting.CLIENTS, "4");
    assertThrows(IllegalArgumentException.class, settings::bounds);
  }

  @Test
  void commandsHaveTimesOfTheirOwn() {
    settings.set(Setting.COMMAND_TIMEOUT, "30s,migrate=none,query-*=250ms");
    Deadlines deadlines = settings.limits().deadlines();
    assertEquals(Duration.ofSeconds(30), deadlines.of("stop"));
    assertNull(deadlines.of("migrate"));
    assertEquals(Duration.ofMillis(250), deadlines.of("query-block"));
  }

  @ParameterizedTest
  @CsvSource({
    "command-timeout, 0s",
    "command-timeout, 30",
    "command-timeout, '30s,'",
    "command-timeout, '=5s'",
    "command-timeout, 'a b=5s'",
    "command-timeout, 'query-*-x=5s'",
    "queue, 0",
    "queue, -1",
    "queue, many",
    "queue, 1000001",
    "stall, 25h",
    "stall, 5",
    "stall, none",
    "qemu-message, none"
  })
  void whatIsNoLimitIsRefused(String key, String value) {
    assertTrue(refusal(Setting.of(key).orElseThrow(), value).startsWith(key));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/run/m",
        "unix:/run/m,mode=0660",
        "unix:@m",
        "tcp::9944",
        "tcp:127.0.0.1:9944",
        "tcp:[::1]:9944",
        "localhost:9944"
      })
  void metricsAreForThisMachine(String place) {
    settings.set(Setting.METRICS, place);
    assertEquals(Address.parse(place), settings.metrics());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tcp:0.0.0.0:9944",
        "tcp:[::]:9944",
        "tcp:127.example.org:9944",
        "tls::9944",
        "exec:cat",
        "vsock:any:9944"
      })
  void metricsAreForNoOtherMachine(String place) {
    assertTrue(refusal(Setting.METRICS, place).startsWith("metrics (\"" + place + "\") must be "));
  }

  @Test
  void aWholeHostNeedsNoRoute() {
    settings.set(Setting.ALL, "true");
    assertEquals(List.of(), settings.routes());
    assertEquals("unix:/run/qmpkit/helper.sock", settings.control().toString());
    assertEquals(Path.of("/var/run/xen"), settings.xenRunDir());
    settings.set(Setting.CONTROL, "unix:/c,mode=0660");
    settings.set(Setting.XEN_RUN_DIR, "/x");
    assertEquals("unix:/c,mode=0660", settings.control().toString());
    assertEquals(Path.of("/x"), settings.xenRunDir());
    assertTrue(settings.copy().wholeHost());
  }

  @Test
  void whatIsForAWholeHostIsForNothingElse() {
    settings.set(Setting.ROUTE, "/run/a.qmp => /run/a.sock");
    settings.set(Setting.XEN_RUN_DIR, "/x");
    IllegalArgumentException why = assertThrows(IllegalArgumentException.class, settings::routes);
    assertTrue(String.valueOf(why.getMessage()).contains("for all, which is not given"));
    assertTrue(refusal(Setting.CONTROL, "tcp:h:1").contains("must be a UNIX socket with a path"));
    assertTrue(refusal(Setting.CONTROL, "unix:@x").contains("must be a UNIX socket with a path"));
  }
}
