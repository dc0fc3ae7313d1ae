package org.qmpkit.cli;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.qmpkit.net.Address;

/** The sockets of a folder that helpers share monitors at, by their names. */
final class SharedSockets {
  /** Where there are some by our units, and by libxl; without the first slash. */
  static final List<String> USUAL = List.of("run/qmp", "run/xen");

  private static final String NAMES = "{*.qmp,qmp-libxl-*}";

  private SharedSockets() {}

  /** Those of a folder, in order; none if it can't be read. */
  static List<Address> in(Path folder) {
    List<Address> found = new ArrayList<>();
    try (DirectoryStream<Path> matching = Files.newDirectoryStream(folder, NAMES)) {
      matching.forEach(each -> found.add(Address.unix(each)));
    } catch (IOException e) {
      // There are no monitors in what is not there.
    }
    found.sort(Comparator.comparing(Address::toString));
    return found;
  }
}
