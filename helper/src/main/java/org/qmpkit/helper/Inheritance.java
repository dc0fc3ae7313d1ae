package org.qmpkit.helper;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.qmpkit.net.Address;

/**
 * What a route has of the descriptors that the process was started with. Each can be used once, so
 * that no other route can have it after this one.
 */
final class Inheritance {
  private Inheritance() {}

  /**
   * Looks whether routes can come and go.
   *
   * @param now those that are there
   * @param wanted those that are to be
   * @throws IllegalArgumentException if a new one has the descriptor of one that would end
   */
  static void check(Collection<RouteSpec> now, Collection<RouteSpec> wanted) {
    List<RouteSpec> gone = new ArrayList<>(now);
    gone.removeAll(wanted);
    List<RouteSpec> fresh = new ArrayList<>(wanted);
    fresh.removeAll(now);
    for (Address used : addresses(gone)) {
      for (Address again : addresses(fresh)) {
        if (same(used, again)) {
          throw new IllegalArgumentException(
              "a route of "
                  + used
                  + " has changed, and what this process was started with can be used once;"
                  + " restart it instead");
        }
      }
    }
  }

  private static List<Address> addresses(List<RouteSpec> routes) {
    List<Address> all = new ArrayList<>();
    routes.forEach(each -> all.addAll(List.of(each.listen(), each.connect())));
    return all;
  }

  /** Whether both may be of one descriptor: a number can be what a name stands for. */
  private static boolean same(Address one, Address other) {
    String first = descriptor(one).orElse("");
    String second = descriptor(other).orElse("");
    if (first.isEmpty() || second.isEmpty()) {
      return false;
    }
    return first.equals(second) || isNumber(first) != isNumber(second);
  }

  private static Optional<String> descriptor(Address address) {
    return switch (address.scheme()) {
      case "fd" -> Optional.of(address.target());
      case "unix" -> address.option("fd");
      default -> Optional.empty();
    };
  }

  private static boolean isNumber(String descriptor) {
    return descriptor.chars().allMatch(Character::isDigit);
  }
}
