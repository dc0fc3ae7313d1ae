package org.qmpkit.net.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Shared libraries of the system, which may be absent. */
final class Library {
  private static final List<String> FOLDERS =
      List.of(
          "/usr/lib/x86_64-linux-gnu",
          "/usr/lib/aarch64-linux-gnu",
          "/usr/lib64",
          "/usr/lib",
          "/usr/local/lib",
          "/lib",
          "/opt/xensource/lib64");

  private Library() {}

  /**
   * Loads a library by its name, of the newest version there is: without its development files a
   * system has it under names with a version only, and Xen's changes with each release.
   *
   * @param name as {@code libxenvchan.so}
   * @return null if the system has none that can be loaded
   */
  static @Nullable SymbolLookup load(String name) {
    List<String> candidates = new ArrayList<>();
    candidates.add(name);
    for (String folder : FOLDERS) {
      candidates.addAll(versions(Path.of(folder), name));
    }
    for (String candidate : candidates) {
      try {
        // Some names are paths, others for the system's own search.
        return candidate.startsWith("/")
            ? SymbolLookup.libraryLookup(Path.of(candidate), Arena.global())
            : SymbolLookup.libraryLookup(candidate, Arena.global());
      } catch (IllegalArgumentException e) {
        // This one is not there, or is for another machine.
      }
    }
    return null;
  }

  private static List<String> versions(Path folder, String name) {
    List<String> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, name + ".*")) {
      files.forEach(each -> found.add(each.toString()));
    } catch (IOException e) {
      // No such folder here.
    }
    found.sort(
        Comparator.comparingInt(String::length)
            .thenComparing(Comparator.naturalOrder())
            .reversed());
    return found;
  }
}
