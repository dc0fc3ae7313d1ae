package org.qmpkit.shell;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Names that someone may have meant who wrote another. */
public final class Similar {
  private static final int MOST = 3;

  /** A name longer than this is no slip of the fingers. */
  private static final int LONGEST = 100;

  private record Near(String name, int distance) {}

  private Similar() {}

  /** The nearest names, the nearest first; none is a good answer, too. */
  static List<String> to(String written, Collection<String> names) {
    if (written.isEmpty() || written.length() > LONGEST) {
      return List.of();
    }
    String wanted = plain(written);
    int limit = Math.max(1, wanted.length() / 3);
    List<Near> near =
        names.stream()
            .distinct()
            .filter(each -> each.length() <= LONGEST && !each.equals(written))
            .flatMap(each -> near(wanted, each, limit))
            .sorted(Comparator.comparingInt(Near::distance).thenComparing(Near::name))
            .limit(MOST)
            .toList();
    // What is much farther off than the nearest was not meant.
    return near.stream()
        .filter(each -> each.distance() <= near.getFirst().distance() + 1)
        .map(Near::name)
        .toList();
  }

  /** {@code ; did you mean 'a' or 'b'?}; empty if nothing is near. */
  public static String hint(String written, Collection<String> names) {
    List<String> near = to(written, names);
    return near.isEmpty()
        ? ""
        : Printable.text("; did you mean '" + String.join("' or '", near) + "'?");
  }

  private static Stream<Near> near(String wanted, String name, int limit) {
    String plain = plain(name);
    if (words(plain).equals(words(wanted))) {
      return Stream.of(new Near(name, 0));
    }
    int distance = distance(wanted, plain, limit);
    return distance <= limit ? Stream.of(new Near(name, distance)) : Stream.empty();
  }

  private static Set<String> words(String name) {
    return new TreeSet<>(Arrays.asList(name.split("-", -1)));
  }

  private static String plain(String name) {
    return name.toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** How many letters are to be changed, added, left out or swapped with the next; or more. */
  private static int distance(String a, String b, int limit) {
    if (Math.abs(a.length() - b.length()) > limit) {
      return limit + 1;
    }
    int[][] cost = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          cost[i][j] = i + j;
          continue;
        }
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        int least = Math.min(cost[i - 1][j], cost[i][j - 1]) + 1;
        least = Math.min(least, cost[i - 1][j - 1] + change);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          least = Math.min(least, cost[i - 2][j - 2] + 1);
        }
        cost[i][j] = least;
      }
    }
    return cost[a.length()][b.length()];
  }
}
