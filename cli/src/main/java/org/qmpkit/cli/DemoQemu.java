package org.qmpkit.cli;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The demo's QEMU: a real one, in namespaces of its own where the machine allows that. */
final class DemoQemu {
  static final String PROGRAM = "qemu-system-x86_64";

  private static final List<String> WALL =
      List.of("unshare", "--net", "--pid", "--ipc", "--uts", "--mount", "--fork", "--kill-child");

  private final List<String> command;
  private final boolean walled;

  private DemoQemu(List<String> command, boolean walled) {
    this.command = command;
    this.walled = walled;
  }

  /** How to start it with its monitor at a socket; tries out which wall there can be. Blocks. */
  static DemoQemu at(Path socket) {
    List<String> qemu =
        List.of(
            PROGRAM,
            "-M",
            "none",
            "-nodefaults",
            "-display",
            "none",
            "-S",
            "-qmp",
            "unix:" + socket + ",server=on,wait=off");
    List<String> unprivileged = new ArrayList<>(WALL);
    unprivileged.addAll(1, List.of("--user", "--map-root-user"));
    for (List<String> wall : List.of(WALL, unprivileged)) {
      if (works(wall)) {
        List<String> both = new ArrayList<>(wall);
        both.addAll(qemu);
        return new DemoQemu(both, true);
      }
    }
    return new DemoQemu(qemu, false);
  }

  private static boolean works(List<String> wall) {
    List<String> trial = new ArrayList<>(wall);
    trial.add("true");
    try {
      Process process =
          new ProcessBuilder(trial)
              .redirectErrorStream(true)
              .redirectOutput(Redirect.DISCARD)
              .start();
      return process.waitFor(5, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Whether it is installed. */
  static boolean isInstalled() {
    String path = System.getenv().getOrDefault("PATH", "");
    for (String folder : path.split(File.pathSeparator, -1)) {
      if (Files.isExecutable(Path.of(folder, PROGRAM))) {
        return true;
      }
    }
    return false;
  }

  /** Whether it has namespaces of its own. */
  boolean isWalled() {
    return walled;
  }

  List<String> command() {
    return command;
  }
}
