package org.qmpkit.shell;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.Charset;

/** What shows a text that does not fit the screen: {@code $PAGER}, else {@code less}. */
final class Pager {
  private static final String USUAL = "less";

  /** Colours as they are; ends by itself where the text fits; leaves the text on the screen. */
  private static final String LESS = "FRX";

  private Pager() {}

  /**
   * Shows a text, and waits until the user has seen it.
   *
   * @return false if there is no pager, and so nothing was shown
   */
  static boolean show(String text) {
    String chosen = System.getenv("PAGER");
    String command = chosen == null || chosen.isBlank() ? USUAL : chosen;
    String program = command.strip().split("\\s+", -1)[0];
    try {
      if (run("command -v " + program + " >/dev/null 2>&1", "") != 0) {
        return false;
      }
      run(command, text + "\n");
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static int run(String command, String input) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder("/bin/sh", "-c", command)
            .redirectOutput(Redirect.INHERIT)
            .redirectError(Redirect.INHERIT);
    builder.environment().putIfAbsent("LESS", LESS);
    Process process = builder.start();
    try (OutputStream to = process.getOutputStream()) {
      to.write(input.getBytes(Charset.defaultCharset()));
    } catch (IOException e) {
      // It was left before the end of the text.
    }
    while (true) {
      try {
        return process.waitFor();
      } catch (InterruptedException e) {
        // Ctrl-C is for the pager.
      }
    }
  }
}
