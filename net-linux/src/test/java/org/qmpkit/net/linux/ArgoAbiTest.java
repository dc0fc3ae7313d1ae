package org.qmpkit.net.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The numbers of the devices, against what a C compiler makes of their headers. */
final class ArgoAbiTest {
  private static final Path SOURCE = Path.of("../testkit/src/main/c/argo/abi.c");

  @ParameterizedTest
  @ValueSource(strings = {"argo", "v4v"})
  void isWhatTheCompilerMakesOfTheHeaders(String scheme, @TempDir Path folder) throws Exception {
    Map<String, Long> theirs = compiled(folder);
    ArgoAbi abi = scheme.equals("argo") ? ArgoAbi.ARGO : ArgoAbi.V4V;
    Map<String, Long> ours = new LinkedHashMap<>();
    ours.put("SETRINGSIZE", abi.setRingSize());
    ours.put("BIND", abi.bind());
    ours.put("CONNECT", abi.connect());
    ours.put("GETCONNECTERR", abi.getConnectError());
    ours.put("LISTEN", abi.listen());
    ours.put("ACCEPT", abi.accept());
    ours.put("SEND", abi.send());
    ours.put("RECV", abi.receive());
    ours.put("dev.size", (long) ArgoAbi.DEV_SIZE);
    ours.put("dev.buf", (long) ArgoAbi.DEV_BUF);
    ours.put("dev.len", (long) ArgoAbi.DEV_LEN);
    ours.put("dev.flags", (long) ArgoAbi.DEV_FLAGS);
    ours.put("dev.addr", (long) ArgoAbi.DEV_ADDR);
    ours.put("addr.size", (long) abi.addressSize());
    ours.put("addr.port", (long) ArgoAbi.ADDRESS_PORT);
    ours.put("addr.domain", (long) ArgoAbi.ADDRESS_DOMAIN);
    ours.put("ring_id.size", (long) ArgoAbi.ID_SIZE);
    ours.put("ring_id.domain", (long) abi.idDomain());
    ours.put("ring_id.partner", (long) abi.idPartner());
    ours.put("ring_id.port", (long) abi.idPort());
    ours.put("any", (long) abi.any());
    for (Map.Entry<String, Long> each : ours.entrySet()) {
      String name = scheme + "." + each.getKey();
      assertTrue(theirs.containsKey(name), name + " is not printed");
      assertEquals(theirs.get(name), each.getValue(), name);
    }
  }

  @Test
  void theRequestsAreThoseOfTheRealDevices() {
    assertEquals(0x4004_5701L, ArgoAbi.ARGO.setRingSize());
    assertEquals(0x4008_5702L, ArgoAbi.V4V.bind());
    assertEquals(0x4008_5705L, ArgoAbi.ARGO.connect());
    assertEquals(0x4006_5705L, ArgoAbi.V4V.connect());
    assertEquals(0x4006_5708L, ArgoAbi.V4V.accept());
    assertEquals(0x4020_5709L, ArgoAbi.ARGO.send());
    assertEquals(0x4020_570AL, ArgoAbi.ARGO.receive());
  }

  @Test
  void theLongestMessagesAreThoseSeenOnRealXen() {
    assertEquals(16_272, ArgoAbi.ARGO.longest());
    assertEquals(16_264, ArgoAbi.ARGO.longestPiece());
    assertEquals(16_288, ArgoAbi.ARGO.tooLong());
    assertEquals(16_288, ArgoAbi.V4V.longest());
  }

  @Test
  void theUnusedPartOfAnAddressIsZero() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment at = arena.allocate(ArgoAbi.ID_SIZE).fill((byte) 0xFF);
      ArgoAbi.ARGO.putAddress(at, 0xFFFF_FFFE, 0x7FEF);
      assertEquals(0x0000_7FEF_FFFF_FFFEL, at.get(ValueLayout.JAVA_LONG_UNALIGNED, 0));
      assertEquals(0x7FEF, ArgoAbi.domid(at));
      assertEquals(0xFFFF_FFFE, ArgoAbi.port(at));
    }
  }

  private static Map<String, Long> compiled(Path folder) throws IOException, InterruptedException {
    String program = folder.resolve("abi").toString();
    Process compiler =
        new ProcessBuilder("cc", "-o", program, SOURCE.toString()).inheritIO().start();
    assertEquals(0, compiler.waitFor());
    Map<String, Long> numbers = new LinkedHashMap<>();
    Process run = new ProcessBuilder(program).start();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(run.getInputStream(), StandardCharsets.US_ASCII))) {
      lines
          .lines()
          .map(line -> line.split(" ", 2))
          .forEach(parts -> numbers.put(parts[0], Long.decode(parts[1])));
    }
    return numbers;
  }
}
