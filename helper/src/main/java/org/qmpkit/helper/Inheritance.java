package org.qmpkit.helper;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.qmpkit.net.Address;

/**
 * What routes have of the descriptors that the process was started with. Each can be used once, so
 * that no other route can have it after the one that had it.
 */
final class Inheritance {
  private final Set<Address> used = new HashSet<>();

  /**
   * Looks whether routes can come and go.
   *
   * @param now those that are there
   * @param wanted those that are to be
   * @throws IllegalArgumentException if a new one has the descriptor of one that would end, or has
   *     ended
   */
  void check(Collection<RouteSpec> now, Collection<RouteSpec> wanted) {
    Set<Address> spent = new HashSet<>(used);
    spent.addAll(addresses(without(now, wanted)));
    for (Address again : addresses(without(wanted, now))) {
      for (Address had : spent) {
        if (same(had, again)) {
          throw new IllegalArgumentException(
              "a route that ends, or has ended, had the socket of "
                  + had
                  + ", which can be used once; restart this process to give it to "
                  + again);
        }
      }
    }
  }

  /** A route has ended. */
  void spent(RouteSpec route) {
    used.addAll(addresses(List.of(route)));
  }

  private static List<RouteSpec> without(Collection<RouteSpec> all, Collection<RouteSpec> some) {
    List<RouteSpec> left = new ArrayList<>(all);
    left.removeAll(some);
    return left;
  }

  /** The descriptors of routes. */
  private static List<Address> addresses(List<RouteSpec> routes) {
    List<Address> all = new ArrayList<>();
    routes.forEach(each -> all.addAll(List.of(each.listen(), each.connect())));
    all.removeIf(each -> descriptor(each).isEmpty());
    return all;
  }

  /** Whether both may be of one descriptor: a number can be what a name stands for. */
  private static boolean same(Address one, Address other) {
    String first = descriptor(one).orElseThrow();
    String second = descriptor(other).orElseThrow();
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
