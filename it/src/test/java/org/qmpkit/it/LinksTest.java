package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.qmpkit.it.Guide.Phrase;
import org.qmpkit.it.Guide.Reference;

/** All documents of the checkout: what they point at is there. Nothing is fetched. */
class LinksTest {
  private static final Pattern PATH = Pattern.compile("[\\w.@-]+(?:/[\\w.@*-]+)+/?");

  private final Path root = Program.root();
  private final Map<String, Guide> guides = new TreeMap<>();

  LinksTest() throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(LinksTest::isDocument).toList()) {
        String name = root.relativize(file).toString();
        guides.put(name, Guide.read(root, name));
      }
    }
    assertTrue(guides.size() > 10, () -> "only " + guides.keySet());
  }

  private static boolean isDocument(Path file) {
    return file.toString().endsWith(".md") && !isBuilt(file);
  }

  private static boolean isBuilt(Path file) {
    return file.toString().contains("/target/") || file.toString().contains("/.git/");
  }

  @Test
  void everyLinkLeadsSomewhere() {
    List<String> broken = new ArrayList<>();
    for (Guide guide : guides.values()) {
      for (Reference reference : guide.references()) {
        String why = why(guide, reference.target());
        if (!why.isEmpty()) {
          broken.add(
              guide.name() + ":" + reference.line() + ": " + reference.target() + ": " + why);
        }
      }
    }
    assertEquals("", String.join("\n", broken));
  }

  /** Why a link leads nowhere; empty if it leads somewhere. */
  private String why(Guide guide, String target) {
    URI uri;
    try {
      uri = new URI(target);
    } catch (URISyntaxException e) {
      return "is no URI: " + e.getReason();
    }
    if (uri.getScheme() != null) {
      boolean known = List.of("https", "http", "mailto").contains(uri.getScheme());
      return known && (uri.getHost() != null || uri.getScheme().equals("mailto"))
          ? ""
          : "is no address of the web";
    }
    Path file =
        uri.getPath().isEmpty()
            ? guide.file()
            : guide.file().resolveSibling(uri.getPath()).normalize();
    if (!file.startsWith(root) || !Files.exists(file)) {
      return "there is no such file; it is looked for from " + guide.name() + "'s folder";
    }
    if (uri.getFragment() == null) {
      return "";
    }
    Guide other = guides.get(root.relativize(file).toString());
    if (other == null) {
      return "has an anchor, and is no document";
    }
    return other.anchors().contains(uri.getFragment())
        ? ""
        : "has no heading of that name; there are " + anchors(other.anchors());
  }

  private static String anchors(Collection<String> anchors) {
    return String.join(", ", anchors.stream().map(each -> "#" + each).toList());
  }

  @Test
  void everyFileThatIsNamedIsThere() throws IOException {
    List<String> missing = new ArrayList<>();
    for (Guide guide : guides.values()) {
      for (Phrase phrase : guide.phrases()) {
        if (PATH.matcher(phrase.text()).matches()
            && isOurs(phrase.text())
            && !isThere(phrase.text())) {
          missing.add(guide.name() + ":" + phrase.line() + ": there is no " + phrase.text());
        }
      }
    }
    assertEquals("", String.join("\n", missing));
  }

  /** Whether it begins with a folder of the checkout, and is not built. */
  private boolean isOurs(String path) {
    return Files.isDirectory(root.resolve(path.substring(0, path.indexOf('/'))))
        && !("/" + path + "/").contains("/target/");
  }

  private boolean isThere(String path) throws IOException {
    if (!path.contains("*")) {
      return Files.exists(root.resolve(path));
    }
    Path pattern = Path.of(path);
    Path folder = root.resolve(path.substring(0, path.indexOf('*'))).resolve("x").getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      return false;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      var matcher = root.getFileSystem().getPathMatcher("glob:" + root.resolve(pattern));
      return files.anyMatch(matcher::matches);
    }
  }
}
