package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.shell.ShellRig.Shown;
import org.qmpkit.testkit.FakeQemu;

/** The file between QEMU and the shell, which may be different users, and QEMU hostile. */
@Timeout(60)
final class ScreenCommandTest {
  private static final byte[] PIXEL = "P6\n1 1\n255\nabc".getBytes(StandardCharsets.US_ASCII);
  private static final Pattern FILENAME = Pattern.compile("\"filename\": ?\"([^\"]*)\"");

  /** What QEMU makes of the file that it is to write. */
  private interface Writing {
    void to(Path file) throws IOException, InterruptedException;
  }

  @TempDir Path folder;

  private Shown screen(String options, Writing writing) throws Exception {
    try (FakeQemu qemu =
            FakeQemu.start()
                .answers(request -> {
                  Matcher name = FILENAME.matcher(request);
                  if (name.find()) {
                    try {
                      writing.to(Path.of(name.group(1)));
                    } catch (IOException e) {
                      throw new UncheckedIOException(e);
                    } catch (InterruptedException e) {
                      throw new IllegalStateException(e);
                    }
                  }
                  return null;
                });
        ShellRig shell = ShellRig.on(qemu)) {
      return shell.line("screen " + options);
    }
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void anotherUserCanWriteTheFileAndReplaceNothing() throws Exception {
    List<String> modes = new ArrayList<>();
    Path to = folder.resolve("to.png");
    Shown shown =
        screen(
            to + " --via " + folder,
            file -> {
              modes.add(mode(file.resolveSibling("")));
              modes.add(mode(file));
              Files.write(file, PIXEL);
            });
    assertEquals(ExitStatus.DONE, shown.status(), shown::toString);
    assertEquals(List.of("rwx--x--x", "rw--w--w-"), modes);
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(to), left.toList());
    }
  }

  private void refused(String why, Writing writing) throws Exception {
    Path to = folder.resolve("to.png");
    Shown shown = screen(to + " --via " + folder, writing);
    assertEquals(ExitStatus.FAILED, shown.status(), shown::toString);
    assertTrue(shown.err().contains(why), shown::toString);
    assertFalse(Files.exists(to));
  }

  @Test
  void whatIsNoFileIsNotRead() throws Exception {
    refused(
        "is not the file any more",
        file -> {
          Files.delete(file);
          assertEquals(0, new ProcessBuilder("mkfifo", file.toString()).start().waitFor());
        });
    Path other = Files.write(folder.resolve("other"), PIXEL);
    refused(
        "is not the file any more",
        file -> {
          Files.delete(file);
          Files.createSymbolicLink(file, other);
        });
    refused(
        "more than any screen needs",
        file -> {
          try (RandomAccessFile large = new RandomAccessFile(file.toFile(), "rw")) {
            large.setLength((256L << 20) + 1);
          }
        });
    refused("but it is not here", _ -> {});
  }

  @Test
  void namesMayHaveBlanks() throws Exception {
    Path via = Files.createDirectory(folder.resolve("a folder"));
    Path to = folder.resolve("my shot.png");
    for (String each : List.of("--via \"" + via + "\"", "--via='" + via + "'")) {
      Shown shown = screen("\"" + to + "\" " + each, file -> Files.write(file, PIXEL));
      assertEquals(ExitStatus.DONE, shown.status(), shown::toString);
      assertEquals("1 x 1 pixels in " + to, shown.err());
      Files.delete(to);
    }
  }
}
