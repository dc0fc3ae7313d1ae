package org.qmpkit.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Properties;
import org.qmpkit.shell.ExitStatus;

/** {@code qmp version}. */
final class VersionTool implements Tool {
  @Override
  public String name() {
    return "version";
  }

  @Override
  public String summary() {
    return "print the versions of qmpkit and of Java";
  }

  @Override
  public String help() {
    return "Usage: qmp version\n";
  }

  @Override
  public int run(List<String> arguments) throws UsageException {
    if (!arguments.isEmpty()) {
      throw new UsageException("'" + arguments.getFirst() + "' is not expected");
    }
    System.out.println("qmpkit " + version() + ", Java " + Runtime.version());
    return ExitStatus.DONE;
  }

  /** The version of this program; "?" if it was not built. */
  static String version() {
    Properties properties = new Properties();
    try (InputStream in = VersionTool.class.getResourceAsStream("qmpkit.properties")) {
      if (in != null) {
        properties.load(in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the program's own files can't be read", e);
    }
    return properties.getProperty("version", "?");
  }
}
