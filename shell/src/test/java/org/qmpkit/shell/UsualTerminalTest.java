package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jline.utils.InfoCmp;
import org.jline.utils.InfoCmp.Capability;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UsualTerminalTest {
  private final Set<Capability> flags = new HashSet<>();
  private final Map<Capability, Integer> numbers = new HashMap<>();
  private final Map<Capability, String> strings = new HashMap<>();

  @ParameterizedTest
  @CsvSource({
    "xterm, xterm",
    "xterm-256color, xterm-256color",
    "screen, screen",
    "screen-256color, screen-256color",
    "tmux, screen-256color",
    "tmux-256color, screen-256color",
  })
  void itIsAsJlineKnowsIt(String type, String known) {
    Set<Capability> flags = new HashSet<>();
    Map<Capability, Integer> numbers = new HashMap<>();
    Map<Capability, String> strings = new HashMap<>();
    InfoCmp.parseInfoCmp(InfoCmp.getDefaultInfoCmp(known), flags, numbers, strings);
    UsualTerminal usual = UsualTerminal.of(type);
    assertNotNull(usual);
    usual.describe(this.flags, this.numbers, this.strings);
    flags.retainAll(
        Set.of(Capability.auto_right_margin, Capability.eat_newline_glitch, Capability.can_change));
    assertEquals(flags, this.flags);
    assertEquals(numbers.get(Capability.max_colors), this.numbers.get(Capability.max_colors));
    this.strings.forEach((each, text) -> assertEquals(strings.get(each), text, each.name()));
    // An xterm's are all there are of them here.
    Map<Capability, String> all = new HashMap<>();
    new UsualTerminal(true, 256).describe(new HashSet<>(), new HashMap<>(), all);
    strings.keySet().retainAll(all.keySet());
    assertEquals(strings, this.strings);
  }

  @Test
  void othersAreLeftToJline() {
    assertNull(UsualTerminal.of("vt220"));
    assertNull(UsualTerminal.of("xterm-kitty"));
  }
}
