package org.qmpkit.it;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;

/**
 * A picture, as different programs write it down. Read here without the program's own classes.
 *
 * @param rgb row by row, {@code 0xRRGGBB} each
 */
record Pixels(int width, int height, List<Integer> rgb) {
  /** Of P6, as QEMU writes it: a line each for format, size and the largest value. */
  static Pixels ofPpm(byte[] file) {
    String text = new String(file, StandardCharsets.ISO_8859_1);
    Matcher head = Pattern.compile("P6\n(\\d+) (\\d+)\n255\n").matcher(text);
    if (!head.lookingAt()) {
      throw new AssertionError("no P6: " + text.substring(0, Math.min(20, text.length())));
    }
    List<Integer> rgb = new ArrayList<>();
    for (int i = head.end(); i + 2 < text.length(); i += 3) {
      rgb.add((text.charAt(i) << 16) | (text.charAt(i + 1) << 8) | text.charAt(i + 2));
    }
    return new Pixels(Integer.parseInt(head.group(1)), Integer.parseInt(head.group(2)), rgb);
  }

  /** Of a screen in all colours: a row of upper half blocks has two rows of pixels. */
  static Pixels ofHalfBlocks(String screen) {
    Pattern piece = Pattern.compile("\033\\[([\\d;]*)m|(.)");
    List<Integer> rgb = new ArrayList<>();
    int height = 0;
    int width = 0;
    int[] colours = new int[2];
    for (String row : screen.split("\n", -1)) {
      List<Integer> upper = new ArrayList<>();
      List<Integer> lower = new ArrayList<>();
      for (Matcher each = piece.matcher(row); each.find(); ) {
        if (each.group(1) != null) {
          take(each.group(1), colours);
        } else if (each.group(2).equals("▀")) {
          upper.add(colours[0]);
          lower.add(colours[1]);
        }
      }
      if (!upper.isEmpty()) {
        rgb.addAll(upper);
        rgb.addAll(lower);
        width = upper.size();
        height += 2;
      }
    }
    return new Pixels(width, height, rgb);
  }

  /** The colours in front and behind, where a sequence sets them. */
  private static void take(String sequence, int[] colours) {
    Matcher set = Pattern.compile("([34])8;2;(\\d+);(\\d+);(\\d+)").matcher(sequence);
    while (set.find()) {
      int rgb = 0;
      for (int i = 2; i <= 4; i++) {
        rgb = (rgb << 8) | Integer.parseInt(set.group(i));
      }
      colours[set.group(1).equals("3") ? 0 : 1] = rgb;
    }
  }

  /** Of kitty's graphics protocol: PNG, in pieces. */
  static Pixels ofKitty(String sent) throws IOException {
    StringBuilder data = new StringBuilder();
    Matcher piece = Pattern.compile("\033_G([^;\033]*);([^\033]*)\033\\\\").matcher(sent);
    while (piece.find()) {
      boolean first = data.isEmpty();
      String keys = "," + piece.group(1) + ",";
      if (keys.contains(",a=T,f=100,") != first) {
        throw new AssertionError("a piece in the wrong place: " + keys);
      }
      data.append(piece.group(2));
      if (keys.contains(",m=0,")) {
        break;
      }
    }
    return ofPng(data.toString());
  }

  /** Of iTerm2's inline images. */
  static Pixels ofIterm(String sent) throws IOException {
    Matcher file =
        Pattern.compile("\033\\]1337;File=inline=1;size=(\\d+):([^\007]*)\007").matcher(sent);
    if (!file.find()) {
      throw new AssertionError("no image of iTerm2");
    }
    if (Base64.getDecoder().decode(file.group(2)).length != Integer.parseInt(file.group(1))) {
      throw new AssertionError("the size is not " + file.group(1));
    }
    return ofPng(file.group(2));
  }

  private static Pixels ofPng(String base64) throws IOException {
    BufferedImage image =
        ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(base64)));
    int width = image.getWidth();
    int height = image.getHeight();
    int[] rgb = image.getRGB(0, 0, width, height, null, 0, width);
    return new Pixels(width, height, Arrays.stream(rgb).mapToObj(each -> each & 0xFFFFFF).toList());
  }

  /** Of DEC's sixels: six rows a character, colours in percent. */
  static Pixels ofSixel(String sent) {
    int from = sent.indexOf("\033Pq");
    String text = sent.substring(from + 3, sent.indexOf("\033\\", from));
    Matcher token =
        Pattern.compile(
                "\"1;1;(\\d+);(\\d+)|#(\\d+);2;(\\d+);(\\d+);(\\d+)|#(\\d+)"
                    + "|!(\\d+)([?-~])|([?-~])|([$-])")
            .matcher(text);
    Map<String, Integer> colours = new HashMap<>();
    int width = 0;
    Integer[] rgb = new Integer[0];
    int x = 0;
    int top = 0;
    int colour = 0;
    while (token.find()) {
      if (token.group(1) != null) {
        width = Integer.parseInt(token.group(1));
        rgb = new Integer[width * Integer.parseInt(token.group(2))];
      } else if (token.group(3) != null) {
        int value = 0;
        for (int i = 4; i <= 6; i++) {
          value = (value << 8) | (Integer.parseInt(token.group(i)) * 255 / 100);
        }
        colours.put(token.group(3), value);
      } else if (token.group(7) != null) {
        colour = Objects.requireNonNull(colours.get(token.group(7)));
      } else if (token.group(11) != null) {
        x = 0;
        top += token.group(11).equals("-") ? 6 : 0;
      } else {
        int count = token.group(8) == null ? 1 : Integer.parseInt(token.group(8));
        int bits = (token.group(8) == null ? token.group(10) : token.group(9)).charAt(0) - '?';
        for (int end = x + count; x < end; x++) {
          for (int y = 0; y < 6; y++) {
            if (((bits >> y) & 1) == 1) {
              rgb[(top + y) * width + x] = colour;
            }
          }
        }
      }
    }
    return new Pixels(width, width == 0 ? 0 : rgb.length / width, Arrays.asList(rgb));
  }

  /** The same where each colour has so few levels, the nearest. */
  Pixels levels(int levels) {
    int most = levels - 1;
    return new Pixels(
        width,
        height,
        rgb.stream()
            .map(each -> {
              int value = 0;
              for (int shift = 16; shift >= 0; shift -= 8) {
                long level = Math.round(((each >> shift) & 0xFF) * most / 255.0);
                value = (value << 8) | ((int) level * 255 / most);
              }
              return value;
            })
            .toList());
  }

  /** How many there are. */
  long colours() {
    return rgb.stream().distinct().count();
  }

  /** The first that differ say more than all. */
  @Override
  public String toString() {
    return width + " x " + height + ": " + rgb.subList(0, Math.min(8, rgb.size()));
  }
}
