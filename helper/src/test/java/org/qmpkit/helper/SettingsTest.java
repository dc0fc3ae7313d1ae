package org.qmpkit.helper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.net.Address;
import org.qmpkit.protocol.Journal.Severity;

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
}
