package org.qmpkit.net.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.qmpkit.net.Address;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.TransportException;

/** What is special about vsock; the rest is in the contract of every transport. */
@Timeout(120)
final class VsockTransportTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final VsockTransport vsock = new VsockTransport();
  private Loop loop;

  @BeforeEach
  void open() throws IOException {
    loop = new Loop(new EpollPoller());
  }

  @AfterEach
  void close() {
    loop.close();
  }

  private TransportException connecting(String address, Duration timeout) {
    return Outcomes.failure(vsock, Address.parse(address), loop, timeout);
  }

  private TransportException listening(String address) {
    return assertThrows(TransportException.class, () -> vsock.listen(Address.parse(address), loop));
  }

  private static void assertOneLine(String attempted, String address, TransportException why) {
    String message = String.valueOf(why.getMessage());
    assertTrue(message.startsWith("cannot " + attempted + " " + address + ": "), message);
    assertFalse(message.contains("\n"), message);
    assertFalse(why.remedy().isEmpty(), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "vsock:3                | '3' is not CID:PORT or any:PORT",
        "vsock:3:               | '3:' is not CID:PORT or any:PORT",
        "vsock:host:1           | 'host:1' is not CID:PORT or any:PORT",
        "vsock:3:-1             | '3:-1' is not CID:PORT or any:PORT",
        "vsock:4294967296:1     | CID 4294967296 is not within 0 to 4294967295",
        "vsock:3:4294967296     | port 4294967296 is not within 0 to 4294967295",
        "vsock:3:99999999999    | is not CID:PORT or any:PORT",
        "vsock:3:4,mode=0660    | option 'mode' is not known here",
      })
  void saysWhatIsWrongWithAnAddress(String address, String reason) {
    TransportException connecting = connecting(address, PATIENCE);
    TransportException listening = listening(address);
    assertOneLine("connect to", address, connecting);
    assertOneLine("listen on", address, listening);
    assertTrue(connecting.reason().contains(reason), connecting.reason());
    assertTrue(listening.reason().contains(reason), listening.reason());
    assertFalse(connecting.retryable());
  }

  @ParameterizedTest
  @CsvSource({
    "vsock:any:4444, any CID is for listening",
    "vsock:4294967295:4444, any CID is for listening",
    "vsock:3:0, port 0 is for listening",
    "vsock:3:4294967295, port 4294967295 is for listening"
  })
  void aPlaceToListenIsNoneToConnectTo(String address, String reason) {
    TransportException why = connecting(address, PATIENCE);
    assertOneLine("connect to", address, why);
    assertTrue(why.reason().startsWith(reason), why.reason());
    assertFalse(why.retryable());
  }

  @ParameterizedTest
  @CsvSource({
    "vsock:any:0, any:4294967295",
    "vsock:any:4294967295, any:4294967295",
    "vsock:4294967295:7, any:7",
    "vsock:4294967294:4294967294, 4294967294:4294967294"
  })
  void port0LetsTheSystemChooseAsItsOwnNumberForThatDoes(String address, String place)
      throws TransportException {
    assertEquals(place, VsockAddress.toListen(Address.parse(address)).toString());
  }

  @Test
  void theSystemsStructureHasTheNumbersInTheOrderOfTheMachine() throws IOException {
    VsockAddress address = new VsockAddress(0x01020304, 0xFFFF_0001);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(SocketAddresses.ROOM, 8).fill((byte) 0x55);
      assertEquals(16, SocketAddresses.write(address, memory));
      assertEquals(40, memory.get(ValueLayout.JAVA_SHORT, 0));
      assertEquals(0, memory.get(ValueLayout.JAVA_SHORT, 2));
      assertEquals(0xFFFF_0001, memory.get(ValueLayout.JAVA_INT, 4));
      assertEquals(0x01020304, memory.get(ValueLayout.JAVA_INT, 8));
      assertEquals(0, memory.get(ValueLayout.JAVA_INT, 12));
      assertEquals(address, SocketAddresses.read(memory));
      assertEquals("16909060:4294901761", address.toString());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "97  | this kernel has no vsock                             | modprobe vhost_vsock",
        "19  | there is no way to CID 7                             | modprobe vhost_vsock",
        "104 | nobody listens there, or too many wait there already | start the program",
        "110 | CID 7 does not answer                                | see whether that machine runs",
        "99  | CID 7 is not this machine's                          | listen on vsock:any:PORT",
        "98  | another program listens on port 4444                 | choose another port",
        "13  | permission denied                                    | choose a port from 1024 on",
        "12  | Cannot allocate memory                               | modprobe vhost_vsock",
      })
  void theSystemsWordIsPutIntoOurs(int errno, String reason, String remedy) {
    TransportException why =
        VsockTransport.failure(
            VsockTransport.CONNECT,
            Address.parse("vsock:7:4444"),
            new VsockAddress(7, 4444),
            Errno.exception(errno));
    assertOneLine("connect to", "vsock:7:4444", why);
    assertEquals(reason, why.reason());
    assertTrue(why.remedy().startsWith(remedy), why.remedy());
  }

  @Test
  void aListenerSaysWhichPortItGotAndHasItAlone() throws IOException {
    needsVsock();
    try (Listener listener = vsock.listen(Address.parse("vsock:any:0"), loop)) {
      String address = listener.address().toString();
      assertTrue(address.matches("vsock:any:[0-9]+"), address);
      assertNotEquals("vsock:any:0", address);
      assertNotEquals("vsock:any:4294967295", address);
      assertNull(listener.accept());
      TransportException why = listening(address);
      assertOneLine("listen on", address, why);
      assertTrue(why.reason().startsWith("another program listens"), why.reason());
    }
  }

  @Test
  void aCidOfAnotherMachineIsNotListenedOn() {
    needsVsock();
    TransportException why = listening("vsock:4294967290:0");
    assertEquals("CID 4294967290 is not this machine's", why.reason());
  }

  @Test
  void whateverTheKernelSaysOfAMachineThatIsNotThereIsOneLine() {
    needsVsock();
    TransportException why = connecting("vsock:4294967290:4000000000", PATIENCE);
    assertOneLine("connect to", "vsock:4294967290:4000000000", why);
    assertTrue(why.retryable(), why.getMessage());
  }

  private void needsVsock() {
    String why = vsock.unavailable().orElse("");
    assumeTrue(why.isEmpty(), why);
  }
}
