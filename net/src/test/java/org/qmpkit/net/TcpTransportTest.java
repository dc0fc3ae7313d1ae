package org.qmpkit.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is special about TCP; the rest is in the contract of every transport. */
@Timeout(120)
final class TcpTransportTest {
  private final TcpTransport tcp = new TcpTransport();
  private Loop loop;

  @BeforeEach
  void open() throws IOException {
    loop = new Loop(new SelectorPoller());
  }

  @AfterEach
  void close() {
    loop.close();
  }

  private Listener listen(String text) throws TransportException {
    return tcp.listen(Address.parse(text), loop);
  }

  private void assertReaches(String text, Listener listener) throws IOException {
    Endpoint near = Turns.connected(tcp, Address.parse(text), loop);
    assertNotNull(listener.accept(), text);
    near.close();
  }

  private TransportException failure(String text, int millis) {
    return Turns.failure(tcp, Address.parse(text), loop, Duration.ofMillis(millis));
  }

  @Test
  void port0IsReplacedByTheRealOne() throws IOException {
    Listener listener = listen("tcp:127.0.0.1:0,server,nowait");
    int port = listener.address().port();
    assertNotEquals(0, port);
    assertEquals("tcp:127.0.0.1:" + port + ",server=on,wait=off", listener.address().toString());
    assertReaches("tcp:127.0.0.1:" + port, listener);
  }

  @Test
  void anEmptyHostIsTheLoopbackAlone() throws IOException {
    Listener listener = listen("tcp::0");
    int port = listener.address().port();
    assertReaches("tcp::" + port, listener);
    assertReaches("tcp:127.0.0.1:" + port, listener);
    // Another address of this host, from the loopback's own network.
    assertTrue(failure("tcp:127.0.0.2:" + port, 5000).retryable());
  }

  @Test
  void theIpv4WildcardTakesInEveryIpv4AddressAndNoIpv6() throws IOException {
    Listener listener = listen("tcp:0.0.0.0:0");
    int port = listener.address().port();
    assertReaches("tcp:127.0.0.1:" + port, listener);
    assertReaches("tcp:127.0.0.2:" + port, listener);
    assumeTrue(ipv6());
    assertEquals("nobody listens there", failure("tcp:[::1]:" + port, 5000).reason());
  }

  @Test
  void theIpv6WildcardTakesInBoth() throws IOException {
    assumeTrue(ipv6());
    Listener listener = listen("tcp:[::]:0");
    int port = listener.address().port();
    assertReaches("tcp:[::1]:" + port, listener);
    assertReaches("tcp:127.0.0.1:" + port, listener);
    assertReaches("tcp:127.0.0.2:" + port, listener);
  }

  @Test
  void aNameIsLookedUpForBothSides() throws IOException {
    Listener listener = listen("tcp:localhost:0");
    assertReaches("tcp:localhost:" + listener.address().port(), listener);
  }

  @Test
  void theNextAddressIsTriedWhenOneRefuses() throws IOException {
    assumeTrue(ipv6());
    Listener listener = listen("tcp:[::1]:0");
    assertReaches("tcp::" + listener.address().port(), listener);
  }

  @Test
  void theNextAddressIsTriedWhenOneIsSilent() throws IOException {
    assumeTrue(ipv6());
    List<SocketChannel> clients = new ArrayList<>();
    try (ServerSocketChannel silent = silent(clients)) {
      int port = silent.socket().getLocalPort();
      Listener listener = listen("tcp:[::1]:" + port);
      Duration timeout = Duration.ofSeconds(4);
      long began = System.nanoTime();
      Endpoint near = connected("tcp::" + port, timeout);
      assertTrue(System.nanoTime() - began < timeout.toNanos(), "the first had the second's time");
      assertNotNull(listener.accept());
      near.close();
    } finally {
      close(clients);
    }
  }

  private Endpoint connected(String text, Duration timeout) {
    Turns.Outcome outcome = new Turns.Outcome();
    tcp.connect(Address.parse(text), loop, timeout, outcome);
    Turns.until(loop, () -> outcome.calls > 0, "an outcome");
    return Objects.requireNonNull(outcome.endpoint);
  }

  @Test
  void aSilentHostTakesTheWholeTimeAndNoMore() throws IOException {
    List<SocketChannel> clients = new ArrayList<>();
    try (ServerSocketChannel silent = silent(clients)) {
      long began = System.nanoTime();
      TransportException e = failure("tcp:127.0.0.1:" + silent.socket().getLocalPort(), 300);
      assertEquals("no answer from 127.0.0.1 within 300 ms", e.reason());
      assertTrue(e.retryable());
      assertTrue(System.nanoTime() - began >= 300_000_000L);
    } finally {
      close(clients);
    }
  }

  /** A listener on the loopback that no longer answers: its backlog is full. */
  private static ServerSocketChannel silent(List<SocketChannel> clients) throws IOException {
    ServerSocketChannel server =
        ServerSocketChannel.open(StandardProtocolFamily.INET)
            .bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 1);
    long pending = 0;
    while (pending < 3) {
      SocketChannel client = SocketChannel.open(StandardProtocolFamily.INET);
      clients.add(client);
      client.configureBlocking(false);
      client.connect(server.getLocalAddress());
      long until = System.nanoTime() + 100_000_000;
      while (!client.finishConnect() && System.nanoTime() < until) {
        Thread.onSpinWait();
      }
      pending = clients.stream().filter(SocketChannel::isConnectionPending).count();
    }
    return server;
  }

  private static void close(List<SocketChannel> clients) throws IOException {
    for (SocketChannel client : clients) {
      client.close();
    }
  }

  @Test
  void anUnknownHostFailsWithItsName() {
    TransportException e = failure("tcp:no-such-host.invalid:1", 20_000);
    assertEquals("host 'no-such-host.invalid' is not known", e.reason());
    TransportException listening =
        assertThrows(TransportException.class, () -> listen("tcp:no-such-host.invalid:1"));
    assertTrue(listening.reason().contains("is not known"), listening.reason());
  }

  @Test
  void aTakenPortIsRefusedWithARemedy() throws IOException {
    Listener first = listen("tcp:127.0.0.1:0");
    String taken = first.address().toString();
    TransportException e = assertThrows(TransportException.class, () -> listen(taken));
    assertTrue(e.remedy().contains("ss -ltnp"), e.getMessage());
  }

  @Test
  void aPortJustGivenUpCanBeTakenAgain() throws IOException {
    Listener first = listen("tcp:127.0.0.1:0");
    String text = first.address().toString();
    Endpoint near = Turns.connected(tcp, first.address(), loop);
    Endpoint far = Objects.requireNonNull(first.accept());
    // Closed by the listening side first, so that its end lingers in TIME_WAIT.
    far.close();
    first.close();
    loop.turn(Duration.ZERO);
    near.close();
    loop.turn(Duration.ZERO);
    assertReaches(text, listen(text));
  }

  @Test
  void unknownOptionsAndPort0AreRefused() {
    TransportException option = failure("tcp:127.0.0.1:1,mode=0600", 1000);
    assertTrue(option.reason().contains("'mode' is not known here"), option.reason());
    assertFalse(option.retryable());
    assertThrows(TransportException.class, () -> listen("tcp:127.0.0.1:0,mode=1"));
    assertTrue(failure("tcp:127.0.0.1:0", 1000).reason().contains("port 0"));
  }

  @Test
  void nobodyKnowsTheUserAndThePeerHasItsAddress() throws IOException {
    Listener listener = listen("tcp:127.0.0.1:0");
    Endpoint near = Turns.connected(tcp, listener.address(), loop);
    Endpoint far = Objects.requireNonNull(listener.accept());
    assertEquals(Optional.empty(), near.user());
    assertEquals(Optional.empty(), far.user());
    assertEquals(listener.address().toString(), near.peer());
    assertTrue(far.peer().matches("tcp:127\\.0\\.0\\.1:[0-9]+"), far.peer());
    assertNotEquals(near.peer(), far.peer());
  }

  @Test
  void smallWritesAreNotHeldBackOnEitherSide() throws Exception {
    Listener listener = listen("tcp:127.0.0.1:0");
    Endpoint near = Turns.connected(tcp, listener.address(), loop);
    Endpoint far = Objects.requireNonNull(listener.accept());
    for (Endpoint endpoint : List.of(near, far)) {
      Field field = ChannelEndpoint.class.getDeclaredField("channel");
      field.setAccessible(true);
      SocketChannel channel = (SocketChannel) Objects.requireNonNull(field.get(endpoint));
      assertTrue(channel.getOption(StandardSocketOptions.TCP_NODELAY));
    }
  }

  @Test
  void literalsAreToldFromNames() {
    assertNotNull(TcpTransport.literal("127.0.0.1"));
    assertNotNull(TcpTransport.literal("::1"));
    assertEquals(null, TcpTransport.literal("localhost"));
    assertEquals(null, TcpTransport.literal(""));
  }

  private static boolean ipv6() {
    try (ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.INET6)) {
      channel.bind(new InetSocketAddress(InetAddress.ofLiteral("::1"), 0));
      return true;
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }
}
