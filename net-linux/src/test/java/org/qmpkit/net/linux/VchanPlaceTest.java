package org.qmpkit.net.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.qmpkit.net.Address;
import org.qmpkit.net.TransportException;

final class VchanPlaceTest {

  @Test
  void hasADomainAPathAndItsOptions() throws TransportException {
    assertEquals(
        new VchanPlace(7, "/local/domain/7/data/qmp", false, false),
        place("vchan:7:/local/domain/7/data/qmp"));
    assertEquals(
        new VchanPlace(0, "device-model/6/qmp-vchan", true, false),
        place("vchan:0:device-model/6/qmp-vchan,mode=server"));
    assertEquals(
        new VchanPlace(32751, "/x", false, true), place("vchan:32751:/x,reconnect-marker=on"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "vchan:7 | is not DOMID:/xenstore/path",
        "vchan:seven:/x | is not DOMID:/xenstore/path",
        "vchan:-1:/x | is not DOMID:/xenstore/path",
        "vchan:7: | is not DOMID:/xenstore/path",
        "vchan:7:/a b | is not DOMID:/xenstore/path",
        "vchan:32752:/x | is not within 0 to 32751",
        "vchan:99999:/x | is not within 0 to 32751",
        "vchan:7:/x,mode=both | is neither client nor server",
        "vchan:7:/x,ring=4096 | 'ring' is not known here",
        "vchan:7:/x,reconnect-marker=maybe | neither on nor off",
      })
  void garbageIsNamed(String text, String reason) {
    TransportException why = assertThrows(TransportException.class, () -> place(text));
    assertTrue(why.reason().contains(reason), why.reason());
  }

  @Test
  void aPathMayHaveFortyNineBytesAndNoMore() throws TransportException {
    assertEquals(49, place("vchan:7:" + "/".repeat(49)).path().length());
    TransportException why =
        assertThrows(TransportException.class, () -> place("vchan:7:" + "/".repeat(50)));
    assertTrue(why.reason().contains("50 bytes, libxenvchan takes 49"), why.reason());
  }

  private static VchanPlace place(String text) throws TransportException {
    return VchanPlace.of("connect to", Address.parse(text));
  }
}
