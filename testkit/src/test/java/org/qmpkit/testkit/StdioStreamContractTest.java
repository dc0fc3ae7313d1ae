package org.qmpkit.testkit;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.net.Address;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Poller;
import org.qmpkit.net.SelectorPoller;
import org.qmpkit.net.StdioTransport;
import org.qmpkit.net.Transport;
import org.qmpkit.net.TransportException;
import org.qmpkit.net.UnixTransport;
import org.qmpkit.testkit.TransportRig.Outcome;
import org.qmpkit.testkit.TransportRig.Pair;

/**
 * The half of the contract that is about bytes, with a socket's two directions for standard input
 * and output. The other half makes many connections, and there is one.
 */
final class StdioStreamContractTest extends StreamContract {
  @TempDir Path dir;
  private int places;

  @Override
  protected Transport transport() {
    return new UnixTransport();
  }

  @Override
  protected Poller poller() throws IOException {
    return new SelectorPoller();
  }

  @Override
  protected Address place() {
    return Address.unix(dir.resolve("s" + ++places));
  }

  @Override
  String nearPeer() {
    return "stdio:";
  }

  @Override
  Pair pair() {
    try {
      SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
      socket.connect(UnixDomainSocketAddress.of(listener.address().target()));
      Endpoint far = rig.accepted(listener);
      InputStream in = new Input(socket);
      OutputStream out = new Output(socket);
      Outcome outcome = new Outcome();
      new StdioTransport(in, out)
          .connect(Address.parse(nearPeer()), loop, TransportRig.DEADLINE, outcome);
      rig.until(() -> outcome.calls > 0, "a connection");
      Endpoint near = outcome.endpoint;
      if (near == null) {
        throw new TransportException(
            "connect to", Address.parse(nearPeer()), "no endpoint", "", false, outcome.why);
      }
      return new Pair(near, far);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The input of a socket: closing it ends that direction alone, as it does for a pipe. */
  private static final class Input extends FilterInputStream {
    private final SocketChannel socket;

    Input(SocketChannel socket) {
      super(Channels.newInputStream(socket));
      this.socket = socket;
    }

    @Override
    public void close() throws IOException {
      if (socket.isOpen()) {
        socket.shutdownInput();
      }
    }
  }

  /** The output of a socket: closing it ends that direction alone, as it does for a pipe. */
  private static final class Output extends OutputStream {
    private final SocketChannel socket;
    private final OutputStream out;

    Output(SocketChannel socket) {
      this.socket = socket;
      this.out = Channels.newOutputStream(socket);
    }

    @Override
    public void write(int b) throws IOException {
      out.write(b);
    }

    @Override
    public void write(byte[] bytes, int from, int count) throws IOException {
      out.write(bytes, from, count);
    }

    @Override
    public void close() throws IOException {
      if (socket.isOpen()) {
        socket.shutdownOutput();
      }
    }
  }
}
