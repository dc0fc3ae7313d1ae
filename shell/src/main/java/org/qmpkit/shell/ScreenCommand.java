package org.qmpkit.shell;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.CommandFailed;
import org.qmpkit.client.QmpException;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code screen}: what the guest shows, on this terminal or in a file. */
final class ScreenCommand implements ShellCommand {
  /** No screen needs more; bytes. */
  private static final int LARGEST = 256 << 20;

  @Override
  public String name() {
    return "screen";
  }

  @Override
  public List<String> forms() {
    return List.of("screen [FILE.png] [--device ID] [--via FOLDER]");
  }

  @Override
  public String summary() {
    return "what the guest shows, here or in a file";
  }

  @Override
  public String details() {
    return """
    The terminals kitty, ghostty, iTerm2, WezTerm, foot and mlterm show it as it is; others, and tmux,
    with two pixels a character. QEMU writes it into a file and the shell reads that: where QEMU runs
    as another user, --via names a folder that both can use; where it runs on another machine, run
    the shell there. --device is the id of a display device, where there are several.
    """;
  }

  @Override
  public int run(Session session, OwnLine line)
      throws LineException, QmpException, InterruptedException {
    String device = line.option("--device");
    String via = unquoted(line.option("--via"));
    String file = unquoted(line.next());
    line.end();
    if (file != null && !file.endsWith(".png")) {
      throw new LineException("'" + file + "' must end with .png, which is what it writes");
    }
    if (!session.isConnected()) {
      return ExitStatus.UNREACHABLE;
    }
    if (file == null && !session.screen().interactive()) {
      throw new LineException("there is no terminal; name a file: screen FILE.png");
    }
    try {
      Picture picture = dump(session, device, via == null ? null : path(via));
      if (file == null) {
        session.screen().picture(picture);
      } else {
        Files.write(path(file), picture.png());
        session.screen().say(picture.width() + " x " + picture.height() + " pixels in " + file);
      }
      return ExitStatus.DONE;
    } catch (QmpException e) {
      throw e;
    } catch (IOException e) {
      session.screen().say("screen: " + Reasons.of(e));
      return ExitStatus.FAILED;
    }
  }

  private static @Nullable String unquoted(@Nullable String word) {
    return word == null ? null : OwnLine.unquoted(word);
  }

  private static Path path(String name) throws LineException {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw new LineException("no file name: " + e.getReason());
    }
  }

  private static Picture dump(Session session, @Nullable String device, @Nullable Path via)
      throws IOException, QmpException, InterruptedException {
    Path folder =
        via == null
            ? Files.createTempDirectory("qmp-screen-")
            : Files.createTempDirectory(via.toAbsolutePath(), "qmp-screen-");
    Path file = null;
    try {
      // QEMU opens what is there already: nobody else need make, or can replace, anything here.
      file = Files.createTempFile(folder, "screen", ".ppm");
      if (via != null) {
        // QEMU may be another user.
        var _ = folder.toFile().setExecutable(true, false);
        var _ = file.toFile().setWritable(true, false);
      }
      ObjectNode arguments = JsonNodeFactory.instance.objectNode().put("filename", file.toString());
      if (device != null) {
        arguments.put("device", device);
      }
      session.ask(Request.of("screendump", arguments));
      return Picture.ofPpm(written(file));
    } catch (CommandFailed e) {
      if (e.desc().contains("ermission denied") || e.desc().contains("o such file")) {
        throw new IOException(
            "QEMU cannot write to "
                + folder
                + " ("
                + Printable.text(e.desc())
                + "): it runs as another user, or elsewhere; name a folder that both can use:"
                + " screen --via FOLDER",
            e);
      }
      throw e;
    } finally {
      if (file != null) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(folder);
    }
  }

  /** What is in a file that QEMU says to have written, whatever QEMU has made of it. */
  private static byte[] written(Path file) throws IOException {
    long size = 0;
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        throw new IOException(file + " is not the file any more that QEMU was to write");
      }
      size = Files.size(file);
    }
    if (size == 0) {
      throw new IOException(
          "QEMU says that it has written "
              + file
              + ", but it is not here: QEMU runs on another machine or in a container; run the"
              + " shell there, or name a folder that both see: screen --via FOLDER");
    }
    byte[] bytes = new byte[0];
    if (size <= LARGEST) {
      // It may grow meanwhile.
      try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
        bytes = in.readNBytes(LARGEST + 1);
      }
    }
    if (size > LARGEST || bytes.length > LARGEST) {
      throw new IOException("QEMU has written more than any screen needs");
    }
    return bytes;
  }
}
