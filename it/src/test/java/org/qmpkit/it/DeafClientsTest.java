package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.assertEmptyReturn;
import static org.qmpkit.it.Messages.command;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;

/**
 * A thousand clients that never read while QEMU makes events: the helper's memory stays bounded,
 * and those who read miss nothing. Who is cut for not reading comes back at once. 10,000 events;
 * with {@code -Dqmpkit.full=true}, a million. Other users than root may have 250 clients.
 */
@Timeout(1800)
class DeafClientsTest {
  private static final int EVENTS = Boolean.getBoolean("qmpkit.full") ? 1_000_000 : 10_000;
  private static final int AT_ONCE = 500;
  private static final int DEAF = "root".equals(System.getProperty("user.name")) ? 1000 : 250;
  private static final long MOST_HELD = 64L << 20;

  /** Some 120 MiB on the machine that it was written on; others count pages otherwise. */
  private static final long MOST_RESIDENT = 160L << 20;

  private final Path folder;
  private final List<SocketChannel> deaf = new ArrayList<>();
  private int cut;

  DeafClientsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void costABoundAndOthersMissNothing() throws Exception {
    Path socket = folder.resolve("shared.qmp");
    try (LoudQemu qemu = new LoudQemu(folder.resolve("loud.sock"));
        HelperProcess helper = HelperProcess.sharing(socket, folder.resolve("loud.sock"));
        LineClient reader = SharedQemu.negotiated(socket)) {
      for (int i = 0; i < DEAF; i++) {
        deaf.add(deafOne(socket));
      }
      long most = 0;
      for (int round = 0; qemu.events() < EVENTS; round++) {
        long first = qemu.events();
        qemu.storm(AT_ONCE);
        for (long number = first; number < first + AT_ONCE; number++) {
          String line = reader.line();
          assertTrue(line.contains("\"offset\": " + number + ","), line);
        }
        assertEmptyReturn("r" + round, reader.ask(command("query-name", "r" + round)));
        replaceTheCut(socket);
        most = Math.max(most, helper.rss());
      }
      System.out.println(
          "DeafClientsTest: "
              + DEAF
              + " deaf clients and "
              + EVENTS
              + " events, "
              + cut
              + " cut; at most "
              + most / 1024
              + " KiB resident");
      assertTrue(most <= MOST_RESIDENT, most + " bytes resident");
      long heap = EnduranceTest.heap(helper);
      assertTrue(heap <= MOST_HELD, heap + " bytes of heap in use");
      assertTrue(cut > 0, "nobody was ever cut: that proves nothing");
      assertEquals(DEAF, deaf.size());
    } finally {
      for (SocketChannel each : deaf) {
        each.close();
      }
    }
  }

  private static SocketChannel deafOne(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(socket));
    channel.write(
        ByteBuffer.wrap(
            "{\"execute\": \"qmp_capabilities\"}\r\n".getBytes(StandardCharsets.US_ASCII)));
    return channel;
  }

  /** Whoever was cut learns it by writing, and comes again. */
  private void replaceTheCut(Path socket) throws IOException {
    for (int i = 0; i < deaf.size(); i++) {
      try {
        deaf.get(i).write(ByteBuffer.wrap(new byte[] {' '}));
      } catch (IOException e) {
        deaf.get(i).close();
        cut++;
        deaf.set(i, deafOne(socket));
      }
    }
  }
}
