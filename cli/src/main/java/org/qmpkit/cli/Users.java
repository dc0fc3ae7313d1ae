package org.qmpkit.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whose words count: what a person calls something is a name for that person alone. */
final class Users {
  private static final int FIRST_PERSON = 1000;

  /** Behind these come dynamic users of services, and what distributions gave fixed numbers. */
  private static final int LAST_PERSON = 60_513;

  /** Nobody, and from here on users of containers. */
  private static final int FIRST_FOREIGN = 65_534;

  private static final int OURS = ours();

  private Users() {}

  /** Whether a user is us, root, or the system's own as libvirt's. */
  static boolean isTrusted(int user) {
    return user < FIRST_PERSON
        ? user >= 0
        : user == OURS || (user > LAST_PERSON && user < FIRST_FOREIGN);
  }

  /** Whether we are root, who sees every program. */
  static boolean isRoot() {
    return OURS == 0;
  }

  private static int ours() {
    try {
      return of(Path.of("/proc/self"));
    } catch (IOException e) {
      return -1;
    }
  }

  /**
   * The number of the user who owns a file.
   *
   * @throws IOException if it is not there, or can't be looked at
   */
  static int of(Path file) throws IOException {
    return (int) Files.getAttribute(file, "unix:uid");
  }
}
