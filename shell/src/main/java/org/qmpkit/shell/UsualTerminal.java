package org.qmpkit.shell;

import java.util.Map;
import java.util.Set;
import org.jline.utils.InfoCmp.Capability;
import org.jspecify.annotations.Nullable;

/**
 * What terminals of the usual types can do, as far as a line editor asks. JLine knows it too, in
 * texts that it reads by regular expressions: a third of the way to a first prompt.
 *
 * @param xterm whether it is an xterm; else it is a screen
 * @param colours 8 or 256
 */
record UsualTerminal(boolean xterm, int colours) {
  private static final int MANY_COLOURS = 256;

  /** What a type in {@code TERM} stands for; null if it is not one of the usual. */
  static @Nullable UsualTerminal of(String type) {
    return switch (type) {
      case "xterm" -> new UsualTerminal(true, 8);
      case "xterm-256color" -> new UsualTerminal(true, MANY_COLOURS);
      case "screen" -> new UsualTerminal(false, 8);
      case "screen-256color", "tmux", "tmux-256color" -> new UsualTerminal(false, MANY_COLOURS);
      default -> null;
    };
  }

  /** Puts its capabilities where JLine looks for them, spelt as in terminfo. */
  void describe(
      Set<Capability> flags, Map<Capability, Integer> numbers, Map<Capability, String> strings) {
    flags.add(Capability.auto_right_margin);
    flags.add(Capability.eat_newline_glitch);
    numbers.put(Capability.max_colors, colours);
    strings.put(Capability.back_tab, "\\E[Z");
    strings.put(Capability.bell, "^G");
    strings.put(Capability.carriage_return, "^M");
    strings.put(Capability.change_scroll_region, "\\E[%i%p1%d;%p2%dr");
    strings.put(Capability.clr_eol, "\\E[K");
    strings.put(Capability.cursor_address, "\\E[%i%p1%d;%p2%dH");
    strings.put(Capability.cursor_down, "^J");
    strings.put(Capability.cursor_left, "^H");
    strings.put(Capability.cursor_right, "\\E[C");
    strings.put(Capability.delete_character, "\\E[P");
    strings.put(Capability.delete_line, "\\E[M");
    strings.put(Capability.insert_line, "\\E[L");
    strings.put(Capability.key_backspace, "^H");
    strings.put(Capability.key_btab, "\\E[Z");
    strings.put(Capability.key_dc, "\\E[3~");
    strings.put(Capability.key_down, "\\EOB");
    strings.put(Capability.key_f1, "\\EOP");
    strings.put(Capability.key_f10, "\\E[21~");
    strings.put(Capability.key_f11, "\\E[23~");
    strings.put(Capability.key_f12, "\\E[24~");
    strings.put(Capability.key_f2, "\\EOQ");
    strings.put(Capability.key_f3, "\\EOR");
    strings.put(Capability.key_f4, "\\EOS");
    strings.put(Capability.key_f5, "\\E[15~");
    strings.put(Capability.key_f6, "\\E[17~");
    strings.put(Capability.key_f7, "\\E[18~");
    strings.put(Capability.key_f8, "\\E[19~");
    strings.put(Capability.key_f9, "\\E[20~");
    strings.put(Capability.key_ic, "\\E[2~");
    strings.put(Capability.key_left, "\\EOD");
    strings.put(Capability.key_mouse, "\\E[M");
    strings.put(Capability.key_npage, "\\E[6~");
    strings.put(Capability.key_ppage, "\\E[5~");
    strings.put(Capability.key_right, "\\EOC");
    strings.put(Capability.key_up, "\\EOA");
    strings.put(Capability.keypad_local, "\\E[?1l\\E>");
    strings.put(Capability.keypad_xmit, "\\E[?1h\\E=");
    strings.put(Capability.parm_dch, "\\E[%p1%dP");
    strings.put(Capability.parm_delete_line, "\\E[%p1%dM");
    strings.put(Capability.parm_down_cursor, "\\E[%p1%dB");
    strings.put(Capability.parm_ich, "\\E[%p1%d@");
    strings.put(Capability.parm_insert_line, "\\E[%p1%dL");
    strings.put(Capability.parm_left_cursor, "\\E[%p1%dD");
    strings.put(Capability.parm_right_cursor, "\\E[%p1%dC");
    strings.put(Capability.parm_up_cursor, "\\E[%p1%dA");
    strings.put(Capability.restore_cursor, "\\E8");
    strings.put(Capability.save_cursor, "\\E7");
    if (xterm) {
      describeXterm(flags, strings);
    } else {
      describeScreen(strings);
    }
  }

  private void describeXterm(Set<Capability> flags, Map<Capability, String> strings) {
    strings.put(Capability.clear_screen, "\\E[H\\E[2J");
    strings.put(Capability.cursor_up, "\\E[A");
    strings.put(Capability.enter_alt_charset_mode, "\\E(0");
    strings.put(Capability.exit_alt_charset_mode, "\\E(B");
    strings.put(Capability.flash_screen, "\\E[?5h$<100/>\\E[?5l");
    strings.put(Capability.key_end, "\\EOF");
    strings.put(Capability.key_home, "\\EOH");
    strings.put(Capability.user6, "\\E[%i%d;%dR");
    strings.put(Capability.user7, "\\E[6n");
    if (colours == MANY_COLOURS) {
      flags.add(Capability.can_change);
      strings.put(
          Capability.initialize_color,
          "\\E]4;%p1%d;rgb\\:%p2%{255}%*%{1000}%/%2.2X/%p3%{255}%*%{1000}%/%2.2X/%p4%{255}%*%{1000}%/%2.2X\\E\\\\");
    }
  }

  private static void describeScreen(Map<Capability, String> strings) {
    strings.put(Capability.clear_screen, "\\E[H\\E[J");
    strings.put(Capability.cursor_up, "\\EM");
    strings.put(Capability.enter_alt_charset_mode, "^N");
    strings.put(Capability.exit_alt_charset_mode, "^O");
    strings.put(Capability.flash_screen, "\\Eg");
    strings.put(Capability.key_end, "\\E[4~");
    strings.put(Capability.key_home, "\\E[1~");
  }
}
