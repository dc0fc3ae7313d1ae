package org.qmpkit.shell;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jline.terminal.Attributes;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Connecting;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Loop;
import org.qmpkit.net.StdioTransport;
import org.qmpkit.net.TransportException;
import org.qmpkit.net.Transports;

/** A raw terminal on a guest's console ({@code qmp console}). */
public final class Console {
  /** Ctrl-]. */
  private static final int LEAVE = 0x1D;

  /**
   * What firmware and programs of guests switch and leave so: lines that do not wrap, no cursor,
   * colours, line drawing, keys of their own, the mouse, brackets around what is pasted.
   */
  private static final String USUAL =
      "\033[?7h\033[?25h\033[m\033(B\033[?1l\033>\033[?1000l\033[?1002l\033[?1003l\033[?2004l";

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

  /** How long whoever reads our output may take for the last of it. */
  private static final long DELIVERY_SECONDS = 5;

  private Console() {}

  /**
   * Connects, and carries bytes until either side ends; blocks. A terminal is in raw mode for that
   * time, and is given its modes back whatever happens.
   *
   * @param interactive whether standard input and output are a terminal; then Ctrl-] leaves
   * @param linger how long the far side may be silent after the end of our input
   * @return an {@link ExitStatus}
   */
  public static int run(Address address, boolean interactive, Duration linger, PrintStream err) {
    InputStream in = new FileInputStream(FileDescriptor.in);
    OutputStream out = new FileOutputStream(FileDescriptor.out);
    if (!interactive) {
      return run(address, in, out, ConsoleBridge.NO_KEY, linger, () -> {}, () -> {}, err);
    }
    // Closing it gives it its modes back, which JLine does when a signal ends the process, too.
    try (Terminal terminal = Tty.open()) {
      Attributes before = terminal.getAttributes();
      Runnable connected =
          () -> {
            welcome(address, terminal.getSize(), err);
            makeRaw(terminal);
          };
      Runnable over =
          () -> {
            terminal.setAttributes(before);
            err.println(USUAL);
          };
      return run(address, in, out, LEAVE, linger, connected, over, err);
    } catch (IOException e) {
      err.println("qmp console: there is no terminal to be had: " + e.getMessage());
      return ExitStatus.USAGE;
    }
  }

  private static void welcome(Address address, Size size, PrintStream err) {
    err.println("qmp console: connected to " + address + "; Ctrl-] leaves");
    if (size.getRows() > 0) {
      err.println(
          "qmp console: the guest does not know this terminal's size; there: stty rows "
              + size.getRows()
              + " cols "
              + size.getColumns());
    }
  }

  private static void makeRaw(Terminal terminal) {
    terminal.enterRawMode();
    Attributes all = terminal.getAttributes();
    all.setLocalFlags(EnumSet.of(Attributes.LocalFlag.ISIG), false);
    all.setInputFlags(EnumSet.of(Attributes.InputFlag.ICRNL, Attributes.InputFlag.IXON), false);
    all.setOutputFlags(EnumSet.of(Attributes.OutputFlag.OPOST), false);
    all.setControlChar(Attributes.ControlChar.VMIN, 1);
    all.setControlChar(Attributes.ControlChar.VTIME, 0);
    terminal.setAttributes(all);
  }

  /**
   * The same on any two streams.
   *
   * @param connected what to do before the first byte
   * @param over what to do after the last
   */
  static int run(
      Address address,
      InputStream in,
      OutputStream out,
      int leave,
      Duration linger,
      Runnable connected,
      Runnable over,
      PrintStream err) {
    Transports transports = Transports.load();
    try (Loop loop = new Loop(transports.poller(List.of(address)))) {
      Outcome far = new Outcome(loop);
      transports.connect(address, loop, CONNECT_TIMEOUT, far);
      loop.run();
      Endpoint there = far.endpoint;
      if (there == null) {
        return failed(far.why, err);
      }
      connected.run();
      boolean command = address.scheme().equals("exec");
      ConsoleBridge bridge = new ConsoleBridge(loop, there, leave, linger, command);
      Delivery delivery = new Delivery(out);
      new StdioTransport(in, delivery)
          .connect(Address.parse("stdio:"), loop, CONNECT_TIMEOUT, bridge);
      loop.run();
      String lost = delivery.await();
      over.run();
      if (bridge.farEnded()) {
        err.println("qmp console: the other side of " + address + " has ended it");
      }
      if (bridge.undelivered() > 0) {
        err.println(
            "qmp console: the last "
                + bridge.undelivered()
                + " bytes of the input were not taken by "
                + address
                + ", which hung up or took nothing for "
                + TimeText.people(ConsoleBridge.DELIVERY));
      }
      if (lost != null) {
        err.println("qmp console: cannot write all of the output: " + lost);
      }
      return bridge.farEnded() || bridge.undelivered() > 0 || lost != null
          ? ExitStatus.UNREACHABLE
          : ExitStatus.DONE;
    } catch (IOException e) {
      return failed(e, err);
    }
  }

  private static int failed(@Nullable IOException why, PrintStream err) {
    err.println("qmp console: " + (why == null ? "stopped" : why.getMessage()));
    return ExitStatus.UNREACHABLE;
  }

  /** Our output, which is written by another thread, and stays open when that is done with it. */
  private static final class Delivery extends FilterOutputStream {
    private final CountDownLatch done = new CountDownLatch(1);
    private volatile @Nullable String failure;

    Delivery(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] bytes, int offset, int count) throws IOException {
      try {
        out.write(bytes, offset, count);
      } catch (IOException e) {
        failure = String.valueOf(e.getMessage());
        throw e;
      }
    }

    @Override
    public void close() {
      done.countDown();
    }

    /** Waits until all is written, and says why not all could be, if so. */
    @Nullable String await() {
      try {
        return done.await(DELIVERY_SECONDS, TimeUnit.SECONDS)
            ? failure
            : "nobody took the last of it for " + DELIVERY_SECONDS + " s";
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return "interrupted";
      }
    }
  }

  /** What connecting came to; ends the loop's run. */
  private static final class Outcome implements Connecting {
    private final Loop loop;
    private @Nullable Endpoint endpoint;
    private @Nullable TransportException why;

    Outcome(Loop loop) {
      this.loop = loop;
    }

    @Override
    public void connected(Endpoint connected) {
      endpoint = connected;
      loop.stop();
    }

    @Override
    public void failed(TransportException failure) {
      why = failure;
      loop.stop();
    }
  }
}
