package org.qmpkit.net.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.net.Address;
import org.qmpkit.net.Connecting;
import org.qmpkit.net.Credentials;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Poller;
import org.qmpkit.net.SelectorPoller;
import org.qmpkit.net.TransportException;
import org.qmpkit.net.Transports;

/** What the poller on epoll does beyond the contract of all transports. */
@Timeout(60)
final class EpollPollerTest {
  @TempDir Path dir;
  private final Transports transports = Transports.load();

  private static void until(Loop loop, BooleanSupplier done) {
    long began = System.nanoTime();
    while (!done.getAsBoolean()) {
      assertTrue(System.nanoTime() - began < Duration.ofSeconds(40).toNanos(), "not in time");
      loop.turn(Duration.ofMillis(100));
    }
  }

  /** Both ends of a connection: what connected, and what was accepted. */
  private List<Endpoint> pair(Loop loop, Address address) throws IOException {
    Listener listener = transports.listen(address, loop);
    List<Endpoint> ends = new ArrayList<>();
    transports.connect(
        listener.address(),
        loop,
        Duration.ofSeconds(30),
        new Connecting() {
          @Override
          public void connected(Endpoint endpoint) {
            ends.addFirst(endpoint);
          }

          @Override
          public void failed(TransportException why) {
            throw new AssertionError(why);
          }
        });
    until(loop, () -> ends.size() == 1);
    @Nullable Endpoint accepted = listener.accept();
    ends.add(assertNotNullEndpoint(accepted));
    return ends;
  }

  private static Endpoint assertNotNullEndpoint(@Nullable Endpoint endpoint) {
    assertNotNull(endpoint);
    return endpoint;
  }

  @Test
  void isChosenForWhatNeedsItAndForNothingElse() throws IOException {
    Address path = Address.unix(dir.resolve("s"));
    try (Poller plain = transports.poller(List.of(path, Address.tcp("", 1)))) {
      assertInstanceOf(SelectorPoller.class, plain);
    }
    for (String picky : List.of("unix:@name", "unix:/x,fds=on", "vchan:7:/local/domain/7/x")) {
      try (Poller poller = transports.poller(List.of(path, Address.parse(picky)))) {
        assertInstanceOf(EpollPoller.class, poller, picky);
      }
    }
  }

  @Test
  void onTheJdksSelectorAnAbstractNameIsRefusedWithTheReason() throws IOException {
    try (Loop loop = new Loop(new SelectorPoller())) {
      TransportException why =
          assertThrows(
              TransportException.class,
              () -> transports.listen(Address.parse("unix:@qmpkit-x"), loop));
      assertTrue(why.reason().contains("works on a loop with NativePoller"), why.reason());
    }
  }

  @Test
  void aPeerHasItsNumbersAndItsName() throws IOException {
    try (Loop loop = new Loop(new EpollPoller())) {
      for (Endpoint end : pair(loop, Address.unix(dir.resolve("s")))) {
        Credentials who = end.credentials().orElseThrow();
        assertEquals(ProcessHandle.current().pid(), who.pid());
        Path self = Path.of("/proc/self");
        assertEquals(((Number) Files.getAttribute(self, "unix:uid")).longValue(), who.uid());
        assertEquals(((Number) Files.getAttribute(self, "unix:gid")).longValue(), who.gid());
        assertEquals(Files.getOwner(self).getName(), end.user().orElseThrow());
      }
    }
  }

  @Test
  void aUserWithoutANameIsANumber() {
    assertEquals("root", Users.name(0));
    assertEquals("3999999999", Users.name(3_999_999_999L));
  }

  @Test
  void overTcpNobodyIsKnown() throws IOException {
    try (Loop loop = new Loop(new EpollPoller())) {
      for (Endpoint end : pair(loop, Address.parse("tcp:127.0.0.1:0"))) {
        assertTrue(end.credentials().isEmpty());
        assertTrue(end.user().isEmpty());
      }
    }
  }

  @Test
  void heapAndDirectBuffersCarryTheSameBytes() throws IOException {
    byte[] sent = new byte[100_000];
    new Random(7).nextBytes(sent);
    try (Loop loop = new Loop(new EpollPoller())) {
      List<Endpoint> ends = pair(loop, Address.unix(dir.resolve("s")));
      for (boolean direct : new boolean[] {false, true}) {
        ByteBuffer out = buffer(direct, sent.length).put(sent).flip();
        ByteBuffer in = buffer(!direct, sent.length);
        until(
            loop,
            () -> {
              try {
                ends.getFirst().write(out);
                ends.getLast().read(in);
                return !in.hasRemaining();
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
        byte[] received = new byte[sent.length];
        in.flip().get(received);
        assertTrue(Arrays.equals(sent, received), "direct: " + direct);
      }
    }
  }

  private static ByteBuffer buffer(boolean direct, int size) {
    return direct ? ByteBuffer.allocateDirect(size) : ByteBuffer.allocate(size);
  }

  @Test
  void aClosedLoopKeepsNoDescriptor() throws IOException {
    long before = descriptors();
    for (int i = 0; i < 50; i++) {
      try (Loop loop = new Loop(new EpollPoller())) {
        pair(loop, Address.parse("unix:@qmpkit-" + ProcessHandle.current().pid() + "-" + i));
      }
    }
    assertEquals(before, descriptors());
  }

  @Test
  void aNameOfTheSystemsOwnIsReadAsBytes() throws IOException {
    String name = "@qmpkit-" + ProcessHandle.current().pid() + "-ümlaut";
    try (Loop loop = new Loop(new EpollPoller())) {
      List<Endpoint> ends = pair(loop, Address.parse("unix:" + name));
      assertEquals(2, ends.size());
      String listed = Files.readString(Path.of("/proc/net/unix"), StandardCharsets.UTF_8);
      assertTrue(listed.contains(name), "the kernel has it as it was written");
      assertFalse(listed.contains(name + "\0"));
    }
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    }
  }
}
