package org.qmpkit.net.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class ProvidesTest {

  @Test
  void theClassPathNamesTheSameServicesAsTheModule() throws IOException {
    URL home = Libc.class.getProtectionDomain().getCodeSource().getLocation();
    ModuleDescriptor module;
    try (InputStream bytes = URI.create(home + "module-info.class").toURL().openStream()) {
      module = ModuleDescriptor.read(bytes);
    }
    assertFalse(module.provides().isEmpty());
    for (ModuleDescriptor.Provides each : module.provides()) {
      URI file = URI.create(home + "META-INF/services/" + each.service());
      try (InputStream listed = file.toURL().openStream()) {
        List<String> names =
            new String(Objects.requireNonNull(listed).readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .sorted()
                .toList();
        assertEquals(each.providers().stream().sorted().toList(), names, each.service());
      }
    }
  }
}
