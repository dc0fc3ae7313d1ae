package org.qmpkit.shell;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** A picture of three bytes a pixel. Immutable. */
final class Picture {
  /** As large as QEMU's largest screen, and more. */
  private static final int MOST = 16_384;

  private final int width;
  private final int height;
  private final byte[] rgb;

  /** Takes pixels, row by row, which nobody may change any more. */
  private Picture(int width, int height, byte[] rgb) {
    this.width = width;
    this.height = height;
    this.rgb = rgb;
  }

  /** In pixels. */
  int width() {
    return width;
  }

  /** In pixels. */
  int height() {
    return height;
  }

  /**
   * The picture in a file of format P6, as QEMU's {@code screendump} writes it.
   *
   * @throws IOException if it is no such file, or is cut off
   */
  static Picture ofPpm(byte[] file) throws IOException {
    int[] numbers = new int[3];
    int at = 2;
    if (file.length < 2 || file[0] != 'P' || file[1] != '6') {
      throw new IOException("it is no picture in the format P6");
    }
    for (int i = 0; i < numbers.length; i++) {
      while (at < file.length && Character.isWhitespace(file[at])) {
        at++;
      }
      int from = at;
      while (at < file.length && file[at] >= '0' && file[at] <= '9' && at - from < 6) {
        numbers[i] = 10 * numbers[i] + file[at] - '0';
        at++;
      }
    }
    // One character of white space, and the pixels.
    at++;
    long size = 3L * numbers[0] * numbers[1];
    if (numbers[2] != 255 || size == 0 || numbers[0] > MOST || numbers[1] > MOST) {
      throw new IOException("it is no picture of three bytes a pixel");
    }
    if (file.length - at < size) {
      throw new IOException("the picture is cut off");
    }
    return new Picture(
        numbers[0], numbers[1], Arrays.copyOfRange(file, at, at + Math.toIntExact(size)));
  }

  /** The colour of a pixel, as {@code 0xRRGGBB}. */
  int pixel(int x, int y) {
    int at = 3 * (y * width + x);
    return ((rgb[at] & 0xFF) << 16) | ((rgb[at + 1] & 0xFF) << 8) | (rgb[at + 2] & 0xFF);
  }

  /** The same in another size, each pixel the mean of those it stands for. */
  Picture scaled(int newWidth, int newHeight) {
    if (newWidth == width && newHeight == height) {
      return this;
    }
    byte[] pixels = new byte[3 * newWidth * newHeight];
    for (int y = 0; y < newHeight; y++) {
      int top = Math.toIntExact((long) y * height / newHeight);
      int bottom = Math.max(Math.toIntExact((y + 1L) * height / newHeight), top + 1);
      for (int x = 0; x < newWidth; x++) {
        int left = Math.toIntExact((long) x * width / newWidth);
        int right = Math.max(Math.toIntExact((x + 1L) * width / newWidth), left + 1);
        mean(left, top, right, bottom, pixels, 3 * (y * newWidth + x));
      }
    }
    return new Picture(newWidth, newHeight, pixels);
  }

  private void mean(int left, int top, int right, int bottom, byte[] to, int at) {
    long[] sums = new long[3];
    for (int y = top; y < bottom; y++) {
      for (int x = left; x < right; x++) {
        for (int i = 0; i < 3; i++) {
          sums[i] += rgb[3 * (y * width + x) + i] & 0xFF;
        }
      }
    }
    long count = (long) (right - left) * (bottom - top);
    for (int i = 0; i < 3; i++) {
      to[at + i] = (byte) ((sums[i] + count / 2) / count);
    }
  }

  /** A file of format PNG. */
  byte[] png() {
    ByteBuffer raw = ByteBuffer.allocate(height * (1 + 3 * width));
    for (int y = 0; y < height; y++) {
      raw.put((byte) 0).put(rgb, 3 * y * width, 3 * width);
    }
    ByteBuffer head = ByteBuffer.allocate(13).putInt(width).putInt(height);
    // Eight bits of red, green and blue each.
    head.put((byte) 8).put((byte) 2).put((byte) 0).put((byte) 0).put((byte) 0);
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'});
    chunk(file, "IHDR", head.array());
    chunk(file, "IDAT", deflated(raw.array()));
    chunk(file, "IEND", new byte[0]);
    return file.toByteArray();
  }

  private static byte[] deflated(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (Deflater deflater = new Deflater()) {
      deflater.setInput(bytes);
      deflater.finish();
      byte[] some = new byte[64 * 1024];
      while (!deflater.finished()) {
        out.write(some, 0, deflater.deflate(some));
      }
    }
    return out.toByteArray();
  }

  private static void chunk(ByteArrayOutputStream file, String name, byte[] data) {
    byte[] type = name.getBytes(StandardCharsets.US_ASCII);
    CRC32 sum = new CRC32();
    sum.update(type);
    sum.update(data);
    file.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
    file.writeBytes(type);
    file.writeBytes(data);
    file.writeBytes(ByteBuffer.allocate(4).putInt((int) sum.getValue()).array());
  }
}
