package org.qmpkit.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class TransportsTest {

  /** A transport that gets as far as being chosen. */
  private record Named(String summary, Class<? extends Poller> poller, Optional<String> unavailable)
      implements Transport {
    @Override
    public String scheme() {
      return "vsock";
    }

    @Override
    public void check(Address address) throws TransportException {
      if (!address.equals(VSOCK)) {
        throw new TransportException("use", address, "no such place", "", false, null);
      }
    }

    @Override
    public Attempt connect(Address address, Loop loop, Duration timeout, Connecting connecting) {
      return Attempt.refused(loop, connecting, chosen(address));
    }

    @Override
    public Listener listen(Address address, Loop loop) throws TransportException {
      throw chosen(address);
    }

    private TransportException chosen(Address address) {
      return new TransportException("use", address, "chosen: " + summary, "", true, null);
    }
  }

  private interface OtherPoller extends Poller {}

  private static final Address VSOCK = Address.parse("vsock:3:4");
  private static final Named OTHER = new Named("other", OtherPoller.class, Optional.empty());
  private static final Named GOOD = new Named("good", SelectorPoller.class, Optional.empty());
  private static final Named BAD = new Named("bad", SelectorPoller.class, Optional.of("no vsock"));

  private static TransportException listening(Transports transports, Address address)
      throws IOException {
    try (Loop loop = new Loop(new SelectorPoller())) {
      return assertThrows(TransportException.class, () -> transports.listen(address, loop));
    }
  }

  @Test
  void theProgramsOwnTransportsAreFoundInTheOrderOfTheirSchemes() {
    List<String> schemes = Transports.load().all().stream().map(Transport::scheme).toList();
    assertEquals(List.of("exec", "hvsock", "stdio", "tcp", "tls", "unix"), schemes);
  }

  @Test
  void theClassPathNamesTheSameTransportsAsTheModule() throws IOException {
    Class<?> type = Transport.class;
    String services = "/META-INF/services/" + type.getName();
    URL home = type.getProtectionDomain().getCodeSource().getLocation();
    try (InputStream module = URI.create(home + "module-info.class").toURL().openStream();
        InputStream file = type.getResourceAsStream(services)) {
      List<String> provided =
          ModuleDescriptor.read(module).provides().stream()
              .flatMap(p -> p.providers().stream())
              .sorted()
              .toList();
      byte[] listed = Objects.requireNonNull(file).readAllBytes();
      assertEquals(provided, new String(listed, StandardCharsets.UTF_8).lines().sorted().toList());
    }
  }

  @Test
  void aSchemeWithoutATransportSaysWhatThereIs() throws IOException {
    TransportException e = listening(Transports.load(), VSOCK);
    assertEquals(
        "cannot listen on vsock:3:4: there is no transport for vsock: in this build;"
            + " use one of exec:, hvsock:, stdio:, tcp:, tls:, unix:",
        e.getMessage());
    assertFalse(e.retryable());
    assertEquals("listen on", e.attempted());
    assertEquals("vsock:3:4", e.address());
  }

  @Test
  void ofSeveralTransportsTheOneForTheLoopsPollerThatWorksIsChosen() throws IOException {
    assertEquals("chosen: good", listening(Transports.of(OTHER, BAD, GOOD), VSOCK).reason());
    assertEquals("no vsock", listening(Transports.of(OTHER, BAD), VSOCK).reason());
    String mismatch = listening(Transports.of(OTHER), VSOCK).reason();
    assertTrue(mismatch.contains("OtherPoller, this one has SelectorPoller"), mismatch);
  }

  @Test
  void aMistakeInAnAddressIsSaidBeforeWhatThisHostLacks() throws IOException {
    Address mistaken = Address.parse("vsock:nowhere:4");
    assertEquals("no such place", listening(Transports.of(BAD), mistaken).reason());
  }

  @Test
  void connectingFailsInALaterTurnAndNotAtAllOnceGivenUp() throws IOException {
    Transports transports = Transports.of(BAD);
    try (Loop loop = new Loop(new SelectorPoller())) {
      Turns.Outcome outcome = new Turns.Outcome();
      Turns.Outcome cancelled = new Turns.Outcome();
      loop.execute(() -> {
        transports.connect(VSOCK, loop, Duration.ofSeconds(1), outcome);
        transports.connect(VSOCK, loop, Duration.ofSeconds(1), cancelled).close();
      });
      loop.turn(Duration.ZERO);
      assertEquals(0, outcome.calls);
      loop.turn(Duration.ZERO);
      assertEquals("no vsock", Objects.requireNonNull(outcome.why).reason());
      assertEquals(1, outcome.calls);
      assertNull(cancelled.why);
    }
  }

  @Test
  void aTimeoutMustBeMoreThanNothing() throws IOException {
    try (Loop loop = new Loop(new SelectorPoller())) {
      Exception e =
          assertThrows(
              IllegalArgumentException.class,
              () -> Transports.load().connect(VSOCK, loop, Duration.ZERO, new Turns.Outcome()));
      assertEquals("timeout is PT0S; it must be more than 0 s", e.getMessage());
    }
  }
}
