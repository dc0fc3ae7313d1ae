package org.qmpkit.helper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.qmpkit.protocol.Journal.Severity;

class ConfigTest {
  @TempDir private Path folder = Path.of("");

  private Settings read(String toml) throws IOException {
    Path file = Files.writeString(folder.resolve("helper.toml"), toml);
    Settings settings = new Settings();
    Config.read(file, settings);
    return settings;
  }

  @Test
  void keysAreTheNamesOfTheFlags() throws IOException {
    Settings settings =
        read(
            """
            # a host
            verbose = true
            client-message = "2m"
            route = ["/run/a.qmp => /run/a.sock"]
            """);
    assertEquals(Severity.DEBUG, settings.least());
    assertEquals(2 << 20, settings.limits().clientMessage());
    assertEquals(List.of(RouteSpec.parse("/run/a.qmp => /run/a.sock", false)), settings.routes());
  }

  @Test
  void tablesAreRoutes() throws IOException {
    Settings settings =
        read(
            """
            [[route]]
            listen = "/run/a.qmp"
            connect = "/run/a.sock"
            relay = true
            name = "a"

            [[route]]
            listen = "tcp:127.0.0.1:4444"
            connect = "unix:/run/b.sock,server=on"
            """);
    List<RouteSpec> routes = settings.routes();
    assertEquals("a", routes.getFirst().name());
    assertTrue(routes.getFirst().relay());
    assertTrue(routes.getLast().connect().server());
  }

  static Stream<Arguments> mistakes() {
    return Stream.of(
        Arguments.of("lissten = '/run/a'", "'lissten' is no setting"),
        Arguments.of("config = '/run/b'", "can't name another one"),
        Arguments.of("verbose = 3", "must be true or false"),
        Arguments.of("verbose = [true]", "must be a single value"),
        Arguments.of("route = [['/run/a']]", "must be a single value"),
        Arguments.of("[[route]]\nlisten = '/run/a'", "listen needs connect"),
        Arguments.of("[[route]]\nverbose = true", "a [[route]] has the keys"),
        Arguments.of("[[route]]\nlisten = 'tcp:nowhere'\nconnect = '/run/a'", "tcp:nowhere"));
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void whatIsNoSettingIsNamedWithTheFile(String toml, String part) {
    String message =
        String.valueOf(assertThrows(IllegalArgumentException.class, () -> read(toml)).getMessage());
    assertTrue(message.contains(part), message);
    assertTrue(message.contains("helper.toml"), message);
  }

  @Test
  void whatIsNoTomlIsNamedWithItsLine() {
    String message =
        String.valueOf(
            assertThrows(IllegalArgumentException.class, () -> read("verbose = true\n= 4\n"))
                .getMessage());
    assertTrue(message.contains("helper.toml, line 2"), message);
  }

  @Test
  void aMissingFileIsSaidToBeMissing() {
    Path file = folder.resolve("none.toml");
    String message =
        String.valueOf(
            assertThrows(IOException.class, () -> Config.read(file, new Settings())).getMessage());
    assertTrue(message.contains("no such file"), message);
  }
}
