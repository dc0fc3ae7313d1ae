package org.qmpkit.net;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A program whose umask takes nothing away makes sockets in a folder that everybody may read; a
 * stranger tries without end to connect to each, in its place and where it is made. He never gets
 * in. 2,000 sockets, or {@code -Dqmpkit.starts}. Needs root, to be a stranger.
 */
@Timeout(300)
final class ModeRaceTest {
  private static final int STARTS = Integer.getInteger("qmpkit.starts", 2_000);

  @TempDir Path root;

  /** Makes the socket and removes it, again and again. */
  static final class Maker {
    private Maker() {}

    public static void main(String[] arguments) throws IOException {
      Address address = Address.unix(Path.of(arguments[0]));
      try (Loop loop = new Loop(new SelectorPoller())) {
        for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
          new UnixTransport().listen(address, loop).close();
          loop.turn(Duration.ZERO);
        }
      }
    }
  }

  /** Connects to whatever socket it sees, until its input ends; then tells what came of it. */
  static final class Stranger {
    private static int denied;
    private static int connected;

    private Stranger() {}

    public static void main(String[] arguments) throws IOException {
      Path folder = Path.of(arguments[0]);
      System.out.println("ready");
      while (System.in.available() == 0) {
        tryAll(folder);
      }
      System.out.println("connected " + connected + ", denied " + (denied > 0 ? "some" : "none"));
    }

    private static void tryAll(Path folder) throws IOException {
      attempt(folder.resolve("s"));
      try (DirectoryStream<Path> names = Files.newDirectoryStream(folder)) {
        for (Path each : names) {
          attempt(each.resolve("s"));
        }
      }
    }

    private static void attempt(Path path) {
      try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
        channel.connect(UnixDomainSocketAddress.of(path));
        connected++;
      } catch (IOException e) {
        denied += String.valueOf(e.getMessage()).contains("Permission denied") ? 1 : 0;
      }
    }
  }

  @Test
  void aStrangerNeverGetsInWhateverTheUmask() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")));
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")));
    Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path classes = classes();
    Path folder = Files.createDirectory(root.resolve("folder"));
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    List<String> become = new ArrayList<>();
    become.addAll(
        List.of("setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", "--no-new-privs"));
    become.addAll(java(classes.toString(), Stranger.class, folder.toString()));
    Process stranger = start(become);
    try (BufferedReader out =
        new BufferedReader(new InputStreamReader(stranger.getInputStream(), UTF_8))) {
      assertEquals("ready", out.readLine());
      List<String> make = new ArrayList<>(List.of("sh", "-c", "umask 000; exec \"$@\"", "sh"));
      make.addAll(
          java(
              System.getProperty("java.class.path"),
              Maker.class,
              folder.resolve("s").toString(),
              Integer.toString(STARTS)));
      assertEquals(0, start(make).waitFor());
      stranger.getOutputStream().write('\n');
      stranger.getOutputStream().flush();
      assertEquals("connected 0, denied some", out.readLine());
    } finally {
      stranger.destroyForcibly();
    }
    assertEquals(List.of(), Sockets.names(folder));
  }

  /** A copy of the stranger's class where he may read it. */
  private Path classes() throws IOException, InterruptedException {
    Path classes = root.resolve("classes");
    String name = Stranger.class.getName().replace('.', '/') + ".class";
    try (InputStream in = ModeRaceTest.class.getClassLoader().getResourceAsStream(name)) {
      assertTrue(in != null);
      Path file = classes.resolve(name);
      Files.createDirectories(file.resolveSibling(""));
      Files.write(file, in.readAllBytes());
    }
    assertEquals(0, start(List.of("chmod", "-R", "a+rX", classes.toString())).waitFor());
    return classes;
  }

  private static List<String> java(String classPath, Class<?> main, String... arguments) {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> line =
        new ArrayList<>(List.of(java, "-XX:+UseSerialGC", "-cp", classPath, main.getName()));
    line.addAll(List.of(arguments));
    return line;
  }

  private static Process start(List<String> line) throws IOException {
    return new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }
}
