package org.qmpkit.helper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LeaseRequestTest {
  private static final LeaseRequest REQUEST =
      new LeaseRequest(7, "/local/domain/7/device-model/6/qmp-vchan", "/var/run/xen/qmp-libxl-6");

  @Test
  void isReadAsItIsWritten() {
    assertEquals(
        "{\"serve\": {\"domid\": 7, \"path\": \"/local/domain/7/device-model/6/qmp-vchan\","
            + " \"socket\": \"/var/run/xen/qmp-libxl-6\"}}",
        REQUEST.toString());
    assertEquals(REQUEST, LeaseRequest.parse(REQUEST.toString()));
    LeaseRequest odd = new LeaseRequest(1, "a\"\u00e4\n", "/b\\");
    assertEquals(odd, LeaseRequest.parse(odd.toString()));
  }

  @Test
  void theRouteIsSharedAndNamedAfterSocketAndDomain() {
    RouteSpec route = REQUEST.route();
    assertEquals("qmp-libxl-6, domain 7", route.name());
    assertEquals(
        "unix:/var/run/xen/qmp-libxl-6 => vchan:7:/local/domain/7/device-model/6/qmp-vchan",
        route.toString());
  }

  @Test
  void whatCannotBeAnAddressIsRefused() {
    LeaseRequest request = new LeaseRequest(7, "/a\nb", "/s");
    assertThrows(IllegalArgumentException.class, request::route);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "null | expected {",
        "7 | expected {",
        "[] | expected {",
        "{\"serve\": 7} | expected {",
        "{\"stop\": {}} | expected {",
        "{\"serve\": {\"domid\": 7, \"path\": \"/p\"}} | expected {",
        "{\"serve\": {\"domid\": 7, \"path\": \"/p\", \"socket\": \"/s\", \"x\": 1}} | 'x' is not",
        "{\"serve\": {\"domid\": 7, \"path\": 8, \"socket\": \"/s\"}} | 'path' is not",
        "{\"serve\": {\"domid\": 7, \"path\": \"/p\", \"socket\": \"/s\"}, \"x\": 1} | expected {",
        "{\"serve\": {\"domid\": 7, \"path\": \"/p\", \"socket\": \"/s\"}} 7 | expected {",
        "{\"serve\": {\"path\": \"/p\", \"socket\": \"/s\"}} | domid (0) must be positive",
        "{\"serve\": {\"domid\": -7, \"path\": \"/p\", \"socket\": \"/s\"}} | domid (-7) must be",
        "{\"serve\": {\"domid\": 7, \"path\": \"/p\", \"socket\": \"s\"}} | must be an absolute",
        "{\"serve\": | no JSON: ",
      })
  void whatIsNoneIsSaid(String text, String said) {
    String why =
        String.valueOf(
            assertThrows(IllegalArgumentException.class, () -> LeaseRequest.parse(text))
                .getMessage());
    assertTrue(why.contains(said), why);
  }
}
