package org.qmpkit.shell;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.util.function.IntUnaryOperator;
import org.jline.nativ.CLibrary;
import org.jline.terminal.Attributes;
import org.jline.terminal.Size;
import org.jline.terminal.Sized;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.terminal.impl.AbstractUnixSysTerminal;
import org.jline.terminal.impl.jni.JniTerminalProvider;
import org.jline.terminal.spi.Pty;
import org.jline.terminal.spi.SystemStream;
import org.jline.utils.InfoCmp;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Signals;

/**
 * The terminal of this process, on JLine, without what takes JLine's own time at a start: a search
 * for ways to a terminal, signals by reflection, and texts of what usual terminals can do.
 */
final class Tty extends AbstractUnixSysTerminal {
  private final Pty pty;

  private Tty(Provider provider, Pty pty, String type, Charset in, Charset out) throws IOException {
    super(
        provider,
        SystemStream.Output,
        "qmp",
        type,
        Charset.defaultCharset(),
        in,
        out,
        true,
        SignalHandler.SIG_DFL,
        pty.getAttr());
    this.pty = pty;
  }

  /**
   * Takes the terminal at standard input and output.
   *
   * @throws IOException if there is none
   */
  static Terminal open() throws IOException {
    String type = System.getenv("TERM");
    if (type != null && !type.startsWith(Terminal.TYPE_DUMB)) {
      try {
        Provider provider = new Provider();
        if (provider.isSystemStream(SystemStream.Input)
            && provider.isSystemStream(SystemStream.Output)) {
          Charset out = System.out.charset();
          Charset in = Charset.forName(System.getProperty("stdin.encoding", ""), out);
          return new Tty(provider, provider.current(SystemStream.Output), type, in, out);
        }
      } catch (UnsupportedOperationException e) {
        // JLine's library is not for this system.
      }
    }
    return TerminalBuilder.builder()
        .system(true)
        .systemOutput(TerminalBuilder.SystemOutput.SysOutOrSysErr)
        .provider("jni")
        // Asks the terminal questions at each start, and waits for what it says.
        .graphemeCluster(false)
        .encoding(Charset.defaultCharset())
        .build();
  }

  @Override
  protected void parseInfoCmp() {
    UsualTerminal usual = UsualTerminal.of(type);
    if (usual == null) {
      knowWithoutAsking(type);
      super.parseInfoCmp();
      return;
    }
    usual.describe(bools, ints, strings);
    detectTrueColorSupport();
    try {
      palette.reloadFromCapabilities();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** JLine would ask a program of the system, infocmp, what it knows itself of some terminals. */
  private static void knowWithoutAsking(String type) {
    if (InfoCmp.getLoadedInfoCmp(type) == null) {
      String known = InfoCmp.getDefaultInfoCmp(type);
      if (known != null) {
        InfoCmp.setLoadedInfoCmp(type, known);
      }
    }
  }

  @Override
  protected @Nullable IntUnaryOperator createPollFunction() {
    return timeout -> CLibrary.pollForInput(0, timeout);
  }

  @Override
  protected Attributes doGetAttributes() {
    try {
      return pty.getAttr();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  protected void doSetAttributes(Attributes attributes) {
    try {
      pty.setAttr(attributes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  protected Size doGetSize() {
    try {
      return pty.getSize();
    } catch (IOException e) {
      return Size.of(0, 0); // it has hung up
    }
  }

  @Override
  protected void doSetSize(Sized size) {
    try {
      pty.setSize(size);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** JLine's way to the terminal, with signals by their names. */
  private static final class Provider extends JniTerminalProvider {
    @Override
    public @Nullable Object registerSignal(String name, Runnable handler) {
      try {
        return Signals.handle(name, handler);
      } catch (IllegalArgumentException e) {
        return null; // this system has none of that name, or the JVM needs it
      }
    }

    @Override
    public @Nullable Object registerDefaultSignal(String name) {
      try {
        return Signals.leave(name);
      } catch (IllegalArgumentException e) {
        return null;
      }
    }

    @Override
    public void unregisterSignal(String name, Object restore) {
      ((Runnable) restore).run();
    }
  }
}
