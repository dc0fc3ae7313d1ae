package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.shell.ShellRig.Shown;
import org.qmpkit.testkit.RealQemu;

/** Trees, block nodes and the screen of a real QEMU. */
@Timeout(120)
final class LookingTest {
  @TempDir static Path folder;

  private static RealQemu qemu;
  private static ShellRig shell;

  @BeforeAll
  static void start() throws Exception {
    qemu =
        RealQemu.start(
            "-M",
            "q35",
            "-m",
            "16",
            "-accel",
            "tcg",
            "-device",
            "VGA,id=display",
            "-device",
            "pcie-root-port,id=slot1",
            "-device",
            "e1000e,id=card,bus=slot1",
            "-object",
            "throttle-group,id=slow,x-iops-total=100",
            "-blockdev",
            "driver=null-co,node-name=below,size=1048576,read-zeroes=on",
            "-blockdev",
            "driver=throttle,node-name=limited,throttle-group=slow,file=below",
            "-blockdev",
            "driver=raw,node-name=disk,file=limited,read-only=on",
            "-blockdev",
            "driver=null-co,node-name=other,size=1048576",
            "-device",
            "virtio-blk-pci,id=vda,drive=disk");
    shell = ShellRig.on(qemu);
  }

  @AfterAll
  static void end() {
    shell.close();
    qemu.close();
  }

  private static Shown line(String line, int status) {
    Shown shown = shell.line(line);
    assertEquals(status, shown.status(), line + ": " + shown);
    return shown;
  }

  private static List<String> rows(String line) {
    return line(line, ExitStatus.DONE).out().lines().toList();
  }

  @Test
  void objectsWithTheirTypes() {
    assertEquals(
        List.of(
            "/machine/peripheral",
            "├─ card  e1000e",
            "├─ display  VGA",
            "├─ slot1  pcie-root-port",
            "│  └─ slot1  PCIE",
            "└─ vda  virtio-blk-pci",
            "   ├─ virtio-backend  virtio-blk-device",
            "   └─ virtio-bus  virtio-pci-bus"),
        rows("tree /machine/peripheral").stream()
            .filter(each -> !each.contains("bus master container"))
            .toList());
    assertTrue(rows("tree /machine/peripheral --all").toString().contains("memory-region"));
    assertFalse(rows("tree").toString().contains("memory-region"));
    line("tree /nobody", ExitStatus.FAILED);
    line("tree / more", ExitStatus.USAGE);
  }

  @Test
  void whatIsOnPci() {
    // Its BIOS gives the bridge a bus.
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
    while (!line("tree pci", ExitStatus.DONE).out().contains("8086:10d3")) {
      assertTrue(System.nanoTime() < end, "the BIOS finds what is behind the bridge");
    }
    List<String> rows = rows("tree pci");
    assertEquals("bus 0", rows.getFirst());
    assertTrue(
        rows.stream().anyMatch(each -> each.matches("├─ 0\\d\\.0  1234:1111  .*  display")),
        rows::toString);
    int port =
        rows.stream()
            .filter(each -> each.endsWith("  slot1"))
            .map(rows::indexOf)
            .findFirst()
            .orElseThrow();
    assertTrue(rows.get(port + 1).matches("│  └─ 00\\.0  8086:10d3  .*"), rows::toString);
  }

  @Test
  void blockNodesAndWhoUsesThem() {
    line("block-dirty-bitmap-add node=other name=since-monday", ExitStatus.DONE);
    List<String> rows = rows("blockgraph");
    int device =
        rows.stream()
            .filter(each -> each.contains("vda"))
            .map(rows::indexOf)
            .findFirst()
            .orElseThrow();
    assertTrue(rows.get(device).startsWith("device /machine/peripheral/vda"), rows::toString);
    assertEquals(
        List.of(
            "└─ root: disk (raw)  1.0 MiB, 0 B on disk  read-only",
            "   └─ file: limited (throttle)  1.0 MiB, 0 B on disk",
            "      └─ file: below (null-co)  1.0 MiB, 0 B on disk"),
        rows.subList(device + 1, device + 4).stream()
            .map(each -> each.replaceFirst("  (?:json|null-co):.*", ""))
            .map(each -> each.replaceFirst("(throttle.*)  read-only", "$1"))
            .toList());
    assertTrue(
        rows.stream()
            .anyMatch(each ->
                each.startsWith("other (null-co)  1.0 MiB")
                    && each.contains("  bitmaps: since-monday")),
        rows::toString);
    line("blockdev-add driver=null-co node-name=target size=1048576", ExitStatus.DONE);
    line("blockdev-mirror job-id=copy device=other target=target sync=full", ExitStatus.DONE);
    line("job wait copy", ExitStatus.DONE);
    List<String> mirrored = rows("blockgraph");
    int job = mirrored.indexOf("job copy (mirror)  ready  0 B remaining");
    assertTrue(job >= 0, mirrored::toString);
    assertTrue(
        mirrored.subList(job, mirrored.size()).stream()
            .anyMatch(each -> each.matches("[├└]─ target: target \\(null-co\\).*")),
        mirrored::toString);
  }

  @Test
  void theScreenPixelByPixel() throws Exception {
    Path ours = folder.resolve("ours.png");
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
    do {
      assertTrue(System.nanoTime() < end, "the BIOS shows something");
      line("screen " + ours, ExitStatus.DONE);
    } while (colours(ImageIO.read(ours.toFile())) < 2);
    line("stop", ExitStatus.DONE);
    Shown shown = line("screen " + ours, ExitStatus.DONE);
    Path theirs = folder.resolve("theirs.ppm");
    line("screendump filename=" + theirs, ExitStatus.DONE);
    byte[] expected = Files.readAllBytes(theirs);
    BufferedImage image = ImageIO.read(ours.toFile());
    assertEquals(image.getWidth() + " x " + image.getHeight() + " pixels in " + ours, shown.err());
    int at = expected.length - 3 * image.getWidth() * image.getHeight();
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++, at += 3) {
        int pixel =
            ((expected[at] & 0xFF) << 16)
                | ((expected[at + 1] & 0xFF) << 8)
                | (expected[at + 2] & 0xFF);
        assertEquals(pixel, image.getRGB(x, y) & 0xFFFFFF, x + ", " + y);
      }
    }
    assertEquals(expected.length, at);
    line("cont", ExitStatus.DONE);
  }

  private static long colours(BufferedImage image) {
    int[] pixels =
        image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    return Arrays.stream(pixels).distinct().count();
  }

  @Test
  void aScreenThatCannotBeHad() {
    assertTrue(line("screen", ExitStatus.USAGE).err().contains("there is no terminal"));
    assertTrue(line("screen x.jpg", ExitStatus.USAGE).err().contains("must end with .png"));
    line("screen /tmp/x.png --device nobody", ExitStatus.FAILED);
    String far = line("screen /tmp/x.png --via /nobody", ExitStatus.FAILED).err();
    assertTrue(far.contains("there is no such file"), far);
  }

  private static byte[] ppm(int width, int height, int... values) {
    byte[] head = ("P6\n" + width + " " + height + "\n255\n").getBytes(StandardCharsets.US_ASCII);
    byte[] file = Arrays.copyOf(head, head.length + values.length);
    for (int i = 0; i < values.length; i++) {
      file[head.length + i] = (byte) values[i];
    }
    return file;
  }

  @Test
  void onTerminals() throws IOException {
    // Red over green, and blue alone below.
    Picture picture = Picture.ofPpm(ppm(1, 3, 255, 0, 0, 0, 255, 0, 0, 0, 255));
    assertEquals(
        "\033[38;2;255;0;0;48;2;0;255;0m▀\033[0m\n\033[49;38;2;0;0;255m▀\033[0m",
        PictureText.HALF_BLOCKS.text(picture, 80, 24, true));
    assertEquals(
        "\033[38;5;196;48;5;46m▀\033[0m\n\033[49;38;5;21m▀\033[0m",
        PictureText.HALF_BLOCKS.text(picture, 80, 24, false));
    // In half the height the first stands for one row, the second for two.
    assertEquals(
        "\033[38;2;255;0;0;48;2;0;128;128m▀\033[0m",
        PictureText.HALF_BLOCKS.text(picture, 80, 1, true));
    String kitty = PictureText.KITTY.text(picture, 80, 24, true);
    assertTrue(kitty.startsWith("\033_Ga=T,f=100,q=2,r=24,m=0;"), kitty);
    String data = kitty.substring(kitty.indexOf(';') + 1, kitty.length() - 2);
    BufferedImage decoded =
        ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(data)));
    assertEquals(0xFF00FF00, decoded.getRGB(0, 1));
    String iterm = PictureText.ITERM.text(picture, 80, 24, true);
    assertTrue(iterm.startsWith("\033]1337;File=inline=1;size=") && iterm.endsWith("\007"));
    String sixel = PictureText.SIXEL.text(picture, 80, 24, true);
    // A column of three: bits 1, 2 and 4 above the question mark.
    assertTrue(sixel.startsWith("\033Pq\"1;1;1;3#0;2;0;0;0"), sixel);
    assertTrue(sixel.endsWith("#5C$#30A$#180@$-\033\\"), sixel.substring(sixel.length() - 40));
  }

  @Test
  void whatTerminalsAreKnownToDo() {
    assertEquals(PictureText.KITTY, PictureText.of(Map.of("TERM", "xterm-kitty")));
    assertEquals(
        PictureText.HALF_BLOCKS,
        PictureText.of(Map.of("TERM", "screen-256color", "KITTY_WINDOW_ID", "1")));
    assertEquals(
        PictureText.HALF_BLOCKS,
        PictureText.of(Map.of("TERM", "xterm-256color", "TMUX", "x", "TERM_PROGRAM", "WezTerm")));
    assertEquals(PictureText.ITERM, PictureText.of(Map.of("TERM_PROGRAM", "iTerm.app")));
    assertEquals(PictureText.SIXEL, PictureText.of(Map.of("TERM", "foot")));
    assertEquals(PictureText.HALF_BLOCKS, PictureText.of(Map.of("TERM", "xterm-256color")));
  }

  @Test
  void whatIsNoPictureIsSaidSo() {
    for (byte[] each :
        List.of(
            new byte[0],
            "P6".getBytes(StandardCharsets.US_ASCII),
            "P5\n1 1\n255\n...".getBytes(StandardCharsets.US_ASCII),
            "P6\n1 1\n65535\n......".getBytes(StandardCharsets.US_ASCII),
            "P6\n0 1\n255\n".getBytes(StandardCharsets.US_ASCII),
            "P6\n99999 99999\n255\n".getBytes(StandardCharsets.US_ASCII),
            "P6\n-1 1\n255\n...".getBytes(StandardCharsets.US_ASCII),
            ppm(2, 2, 1, 2, 3))) {
      assertThrows(IOException.class, () -> Picture.ofPpm(each));
    }
  }
}
