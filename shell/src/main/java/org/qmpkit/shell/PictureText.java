package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How a terminal shows a picture. */
enum PictureText {
  /** Two pixels a character, in colour: everywhere. */
  HALF_BLOCKS,
  /** kitty's graphics protocol. */
  KITTY,
  /** iTerm2's inline images. */
  ITERM,
  /** DEC's sixels. */
  SIXEL;

  /** kitty takes no more in one piece. */
  private static final int PIECE = 4096;

  /** Levels of each colour that sixels and 256 colours have here. */
  private static final int LEVELS = 6;

  /** What a terminal is known to do, by what it puts into the environment. */
  static PictureText of(Map<String, String> environment) {
    String type = environment.getOrDefault("TERM", "");
    String program = environment.getOrDefault("TERM_PROGRAM", "");
    // These pass nothing through, unless told to.
    if (environment.containsKey("TMUX") || type.startsWith("screen") || type.startsWith("tmux")) {
      return HALF_BLOCKS;
    }
    if (environment.containsKey("KITTY_WINDOW_ID")
        || type.equals("xterm-kitty")
        || type.equals("xterm-ghostty")) {
      return KITTY;
    }
    if (program.equals("iTerm.app") || program.equals("WezTerm")) {
      return ITERM;
    }
    return type.startsWith("foot") || type.startsWith("mlterm") || type.contains("sixel")
        ? SIXEL
        : HALF_BLOCKS;
  }

  /** Whether a terminal has all colours; else it has 256. */
  static boolean hasAllColours(Map<String, String> environment) {
    String colours = environment.getOrDefault("COLORTERM", "").toLowerCase(Locale.ROOT);
    return colours.equals("truecolor") || colours.equals("24bit");
  }

  /**
   * The picture as text, no larger than a terminal, its proportions as they are.
   *
   * @param columns of the terminal, that may be used
   * @param rows of it
   */
  String text(Picture picture, int columns, int rows, boolean allColours) {
    return switch (this) {
      case HALF_BLOCKS -> halfBlocks(fitted(picture, columns, 2 * rows), allColours);
      case KITTY -> kitty(picture, columns, rows);
      case ITERM -> iterm(picture);
      case SIXEL -> sixel(fitted(picture, 8 * columns, 16 * rows));
    };
  }

  private static Picture fitted(Picture picture, int width, int height) {
    double scale =
        Math.min(1, Math.min((double) width / picture.width(), (double) height / picture.height()));
    return picture.scaled(
        Math.max(1, (int) Math.floor(picture.width() * scale)),
        Math.max(1, (int) Math.floor(picture.height() * scale)));
  }

  private static String halfBlocks(Picture picture, boolean allColours) {
    List<String> rows = new ArrayList<>();
    for (int y = 0; y < picture.height(); y += 2) {
      StringBuilder row = new StringBuilder();
      String before = "";
      for (int x = 0; x < picture.width(); x++) {
        boolean pair = y + 1 < picture.height();
        String colours =
            "\033["
                + (pair ? "" : "49;")
                + colour(38, picture.pixel(x, y), allColours)
                + (pair ? ";" + colour(48, picture.pixel(x, y + 1), allColours) : "")
                + "m";
        row.append(colours.equals(before) ? "" : colours).append('▀');
        before = colours;
      }
      rows.add(row.append("\033[0m").toString());
    }
    return String.join("\n", rows);
  }

  private static String colour(int what, int rgb, boolean all) {
    int red = rgb >> 16;
    int green = (rgb >> 8) & 0xFF;
    int blue = rgb & 0xFF;
    return all
        ? what + ";2;" + red + ";" + green + ";" + blue
        : what + ";5;" + (16 + 36 * level(red) + 6 * level(green) + level(blue));
  }

  private static int level(int value) {
    return (value * (LEVELS - 1) + 127) / 255;
  }

  private static String kitty(Picture picture, int columns, int rows) {
    String data = Base64.getEncoder().encodeToString(picture.png());
    StringBuilder text = new StringBuilder();
    // Wider than high, as the terminal's cells are half as wide as high.
    boolean wide = (long) picture.width() * 2 * rows >= (long) picture.height() * columns;
    String size = wide ? "c=" + columns : "r=" + rows;
    for (int i = 0; i < data.length(); i += PIECE) {
      int end = Math.min(i + PIECE, data.length());
      text.append("\033_G")
          .append(i == 0 ? "a=T,f=100,q=2," + size + "," : "")
          .append(end < data.length() ? "m=1;" : "m=0;")
          .append(data, i, end)
          .append("\033\\");
    }
    return text.toString();
  }

  private static String iterm(Picture picture) {
    byte[] png = picture.png();
    return "\033]1337;File=inline=1;size="
        + png.length
        + ":"
        + Base64.getEncoder().encodeToString(png)
        + "\007";
  }

  /** Six rows of pixels at a time, a colour after the other. */
  private static String sixel(Picture picture) {
    StringBuilder text = new StringBuilder("\033Pq\"1;1;");
    text.append(picture.width()).append(';').append(picture.height());
    for (int i = 0; i < LEVELS * LEVELS * LEVELS; i++) {
      text.append('#').append(i).append(";2");
      for (int level : new int[] {i / 36, i / 6 % 6, i % 6}) {
        text.append(';').append(level * 100 / (LEVELS - 1));
      }
    }
    for (int top = 0; top < picture.height(); top += 6) {
      band(text, picture, top);
      text.append('-');
    }
    return text.append("\033\\").toString();
  }

  private static void band(StringBuilder text, Picture picture, int top) {
    int[][] bits = new int[LEVELS * LEVELS * LEVELS][];
    for (int y = top; y < Math.min(top + 6, picture.height()); y++) {
      for (int x = 0; x < picture.width(); x++) {
        int rgb = picture.pixel(x, y);
        int colour = 36 * level(rgb >> 16) + 6 * level((rgb >> 8) & 0xFF) + level(rgb & 0xFF);
        if (bits[colour] == null) {
          bits[colour] = new int[picture.width()];
        }
        bits[colour][x] |= 1 << (y - top);
      }
    }
    for (int colour = 0; colour < bits.length; colour++) {
      int[] row = bits[colour];
      if (row == null) {
        continue;
      }
      text.append('#').append(colour);
      for (int x = 0; x < row.length; ) {
        int end = x;
        while (end < row.length && row[end] == row[x]) {
          end++;
        }
        char sixel = (char) ('?' + row[x]);
        text.append(end - x > 3 ? "!" + (end - x) + sixel : String.valueOf(sixel).repeat(end - x));
        x = end;
      }
      text.append('$');
    }
  }
}
