package org.qmpkit.net.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.qmpkit.net.Address;
import org.qmpkit.net.TransportException;

final class ArgoPlaceTest {

  @Test
  void hasThePortsOfOpenXtsPrograms() throws TransportException {
    assertEquals(
        new ArgoPlace(ArgoAbi.ARGO, 7, 15_100, 5100, false, 3, 4096), place("argo:7", false));
    assertEquals(new ArgoPlace(ArgoAbi.V4V, 0, 5100, 15_100, false, 3, 8000), place("v4v:0", true));
  }

  @Test
  void takesWhatItIsTold() throws TransportException {
    assertEquals(
        new ArgoPlace(ArgoAbi.ARGO, 32_751, -2, 0, false, 2, 16_272),
        place("argo:32751:4294967294,localport=0,generation=2,chunk=16272", false));
    ArgoPlace stream = place("argo:7:9,stream=on", false);
    assertEquals(16_264, stream.chunk());
    assertEquals("/dev/argo_stream", stream.device());
    assertFalse(stream.spoken());
    assertFalse(place("v4v:7,generation=1", false).spoken());
    assertTrue(place("v4v:7,generation=2", false).spoken());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "argo:seven | is not DOMID or DOMID:PORT",
        "argo:-1 | is not DOMID or DOMID:PORT",
        "argo:7: | is not DOMID or DOMID:PORT",
        "argo:7:1:2 | is not DOMID or DOMID:PORT",
        "argo:32752 | domain 32752 is not within 0 to 32751",
        "argo:99999 | domain 99999 is not within 0 to 32751",
        "argo:7:0 | port 0 is not within 1 to 4294967294",
        "argo:7:4294967295 | port 4294967295 is not within 1 to 4294967294",
        "argo:7,localport=x | localport x is not within 0 to",
        "argo:7,generation=4 | generation 4 is not within 1 to 3",
        "argo:7,stream=on,generation=2 | generation is of datagrams",
        "argo:7,stream=maybe | neither on nor off",
        "argo:7,chunk=16273 | chunk 16273 is not within 16 to 16272",
        "argo:7,chunk=15 | chunk 15 is not within 16 to 16272",
        "argo:7,stream=on,chunk=16265 | chunk 16265 is not within 16 to 16264",
        "v4v:7,ring=4096 | 'ring' is not known here",
      })
  void garbageIsNamed(String text, String reason) {
    TransportException why = assertThrows(TransportException.class, () -> place(text, false));
    assertTrue(why.reason().contains(reason), why.reason());
    assertFalse(why.retryable());
  }

  @Test
  void aListenerNeedsAPortOfItsOwn() {
    TransportException why =
        assertThrows(TransportException.class, () -> place("argo:0,localport=0", true));
    assertTrue(why.reason().contains("localport 0 is not within 1 to"), why.reason());
  }

  private static ArgoPlace place(String text, boolean listening) throws TransportException {
    Address address = Address.parse(text);
    ArgoAbi abi = address.scheme().equals("argo") ? ArgoAbi.ARGO : ArgoAbi.V4V;
    return ArgoPlace.of("use", abi, address, listening);
  }
}
