package org.qmpkit.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;

/** What a PC boots and does without end: a guest of a few instructions, as the i8086 has them. */
public enum BootSector {
  /**
   * Writes to each page from 64 KiB to 576 KiB, again and again; in between it changes CR0, since
   * QEMU 7.2's emulation may not notice writes without that.
   */
  DIRTIES("bb0010 8ec3 26fe060000 81c30001 81fb0090 72ef 0f20c0 663500000100 0f22c0 ebde"),

  /**
   * Paints the 320 by 200 pixels of VGA's mode 13h, each in the colour x XOR y of 256, from the
   * upper left on, and halts.
   */
  PAINTS("b81300 cd10 6800a0 07 31ff 89f8 31d2 bb4001 f7f3 30d0 aa 81ff00fa 75ee fa f4 ebfd");

  private static final int SECTOR = 512;

  /** QEMU takes smaller images for floppy disks. */
  private static final int DISK = 1 << 20;

  private final String code;

  BootSector(String code) {
    this.code = code;
  }

  /**
   * Writes an image of a disk that begins with it; format raw, 1 MiB.
   *
   * @return the file
   * @throws IOException if it cannot be written
   */
  public Path write(Path file) throws IOException {
    byte[] disk = Arrays.copyOf(HexFormat.of().parseHex(code.replace(" ", "")), DISK);
    disk[SECTOR - 2] = 0x55;
    disk[SECTOR - 1] = (byte) 0xAA;
    return Files.write(file, disk);
  }
}
