package org.qmpkit.helper;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class InheritanceTest {
  private static RouteSpec route(String text) {
    return RouteSpec.parse(text, false);
  }

  private static void refused(String now, String wanted) {
    List<RouteSpec> before = List.of(route("unix:/a => unix:/b"), route(now));
    String why =
        assertThrows(
                IllegalArgumentException.class,
                () -> new Inheritance().check(before, List.of(route(wanted))),
                now + " to " + wanted)
            .getMessage();
    assertTrue(why.contains("can be used once; restart this process"), why);
  }

  private static void possible(String now, String wanted) {
    assertDoesNotThrow(() -> new Inheritance().check(List.of(route(now)), List.of(route(wanted))));
  }

  @Test
  void aDescriptorGoesToNoOtherRoute() {
    refused("fd:qmp => unix:/1", "fd:qmp => unix:/2");
    refused("fd:qmp => unix:/1", "fd:qmp,fds=on => unix:/1");
    refused("fd:3 => unix:/1", "unix:/s,fd=3 => unix:/1");
    refused("unix:/1 => fd:4", "unix:/2 => fd:4");
    // The name may be that of the number.
    refused("fd:3 => unix:/1", "fd:qmp => unix:/1");
  }

  @Test
  void whatIsUnchangedOrAnotherIsNoHindrance() {
    possible("fd:qmp => unix:/1", "fd:qmp => unix:/1");
    possible("fd:qmp => unix:/1", "fd:other => unix:/1");
    possible("fd:3 => unix:/1", "fd:4 => unix:/1");
    possible("fd:qmp => unix:/1", "unix:/s => unix:/1");
    possible("unix:/s => unix:/1", "fd:qmp => unix:/1");
  }

  @Test
  void whatARouteHadThatHasEndedIsSpent() {
    Inheritance inheritance = new Inheritance();
    List<RouteSpec> none = List.of();
    RouteSpec route = route("fd:qmp => unix:/1");
    inheritance.check(List.of(route), none);
    inheritance.spent(route);
    assertThrows(IllegalArgumentException.class, () -> inheritance.check(none, List.of(route)));
    inheritance.check(none, List.of(route("fd:other => unix:/1")));
    inheritance.check(none, List.of(route("unix:/a => unix:/1")));
  }
}
