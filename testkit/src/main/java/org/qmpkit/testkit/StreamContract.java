package org.qmpkit.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.qmpkit.net.Address;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.PeerGoneException;
import org.qmpkit.net.Poller;
import org.qmpkit.net.Transport;
import org.qmpkit.testkit.TransportRig.Flow;
import org.qmpkit.testkit.TransportRig.Pair;

/**
 * What every transport promises of the streams it makes: the half of {@link TransportContract} that
 * is about bytes.
 */
@Timeout(300)
public abstract class StreamContract {
  Loop loop;
  Transport transport;
  TransportRig rig;
  Listener listener;

  StreamContract() {}

  /** The transport under test. */
  protected abstract Transport transport();

  /** The transport that listens at {@link #place}: the same, where that can. */
  Transport listening() {
    return transport;
  }

  /**
   * A new poller of the kind it works on.
   *
   * @throws IOException if the system gives none
   */
  protected abstract Poller poller() throws IOException;

  /** An address to listen on, a free one at each call, such as port 0 or a new path. */
  protected abstract Address place();

  /** The address that reaches a listener: its own, unless the two sides name their ports apart. */
  protected Address reaching(Address listening) {
    return listening;
  }

  /** Whether the end of output is told while the other direction goes on. */
  protected boolean halfCloses() {
    return true;
  }

  /** Whether what was written and not yet read outlasts a close. */
  protected boolean keepsLastWords() {
    return true;
  }

  /** How many connections one listener can have at once, if that is fewer than 100. */
  protected int atOnce() {
    return 100;
  }

  /** How many connections are made one after another; fewer where each takes its time. */
  protected int cycles() {
    return 1000;
  }

  @BeforeEach
  final void listen() throws IOException {
    transport = transport();
    loop = new Loop(poller());
    rig = new TransportRig(transport, loop);
    listener = listening().listen(place(), loop);
  }

  /** Both ends of a new stream: near is what the transport connected. */
  Pair pair() {
    return rig.pair(listener, there());
  }

  /** Where to connect to. */
  final Address there() {
    return reaching(listener.address());
  }

  /** What the near end calls its peer. */
  String nearPeer() {
    return there().toString();
  }

  @AfterEach
  final void close() {
    loop.close();
  }

  @Test
  final void whatOneSideWritesTheOtherReads() throws IOException {
    Pair pair = pair();
    rig.write(pair.near(), "ping");
    assertEquals("ping", rig.read(pair.far(), 4));
    rig.write(pair.far(), "pong!");
    assertEquals("pong!", rig.read(pair.near(), 5));
    assertEquals(0, pair.near().read(ByteBuffer.allocate(1)));
    assertEquals(nearPeer(), pair.near().peer());
    assertFalse(pair.far().peer().isBlank());
    assertTrue(pair.near().user().isEmpty() || !pair.near().user().get().isBlank());
  }

  @Test
  final void aSlowReaderLosesNothingInEitherDirection() {
    Pair pair = pair();
    Flow there = new Flow(1);
    Flow back = new Flow(2);
    there.endsByItself = !halfCloses();
    back.endsByItself = !halfCloses();
    TransportRig.flow(pair.near(), there, back);
    TransportRig.flow(pair.far(), back, there);
    rig.until(() -> there.ended && back.ended, "the end of both directions");
    there.assertWhole();
    back.assertWhole();
  }

  @Test
  final void aHalfClosedStreamStillMovesBytesTheOtherWay() throws IOException {
    assumeTrue(halfCloses(), "it has no half-close");
    Pair pair = pair();
    rig.write(pair.near(), "last words");
    pair.near().shutdownOutput();
    pair.near().shutdownOutput();
    assertEquals("last words", rig.read(pair.far(), 99));
    rig.assertEnds(pair.far());
    rig.write(pair.far(), "answer");
    assertEquals("answer", rig.read(pair.near(), 6));
    assertThrows(PeerGoneException.class, () -> pair.near().write(TransportRig.bytes("x")));
    pair.far().close();
    rig.assertEnds(pair.near());
  }

  @Test
  final void whatAPeerWroteBeforeItWentIsStillRead() throws IOException {
    assumeTrue(keepsLastWords(), "it keeps no last words");
    Pair pair = pair();
    rig.write(pair.far(), "last words");
    pair.far().close();
    assertEquals("last words", rig.read(pair.near(), 99));
    rig.assertEnds(pair.near());
  }

  @Test
  final void aVanishedPeerIsTheEndOfInputAndStopsWrites() throws IOException {
    Pair pair = pair();
    rig.write(pair.near(), "never read");
    pair.far().close();
    rig.settle();
    rig.assertEnds(pair.near());
    List<Exception> gone = new ArrayList<>();
    pair.near()
        .onReady((r, w) -> {
          try {
            pair.near().write(TransportRig.bytes("x"));
          } catch (PeerGoneException e) {
            gone.add(e);
            pair.near().interest(false, false);
          }
        });
    pair.near().interest(false, true);
    rig.until(() -> !gone.isEmpty(), "a write that fails");
    assertTrue(
        String.valueOf(gone.getFirst().getMessage())
            .startsWith("cannot write to " + pair.near().peer() + ": "),
        gone.getFirst().getMessage());
    assertEquals(-1, pair.near().read(ByteBuffer.allocate(1)));
  }

  @Test
  final void closingIsIdempotentAndEndsBothSides() throws IOException {
    Pair pair = pair();
    pair.near().onReady((r, w) -> fail("a closed endpoint is not ready"));
    pair.near().interest(true, true);
    pair.near().close();
    pair.near().close();
    assertEquals(-1, pair.near().read(ByteBuffer.allocate(1)));
    assertThrows(PeerGoneException.class, () -> pair.near().write(TransportRig.bytes("x")));
    pair.near().shutdownOutput();
    pair.near().interest(false, true);
    rig.settle();
    rig.assertEnds(pair.far());
  }

  @Test
  final void readinessLastsUntilEverythingIsRead() throws IOException {
    Pair pair = pair();
    List<Integer> reads = new ArrayList<>();
    rig.write(pair.far(), "abc");
    pair.near()
        .onReady((r, w) -> {
          assertTrue(r);
          assertFalse(w, "nobody is interested in writing");
          reads.add(reads.size() < 2 ? 0 : pair.near().read(ByteBuffer.allocate(1)));
        });
    pair.near().interest(true, false);
    rig.until(() -> reads.size() == 5, "five calls");
    rig.settle();
    assertEquals(List.of(0, 0, 1, 1, 1), reads);
  }

  @Test
  final void withoutInterestThereIsSilence() throws IOException {
    Pair pair = pair();
    List<String> calls = new ArrayList<>();
    pair.near().onReady((r, w) -> calls.add(r + " " + w));
    rig.write(pair.far(), "abc");
    pair.near().interest(true, true);
    rig.until(() -> calls.contains("true true"), "both directions ready");
    pair.near().interest(false, false);
    calls.clear();
    pair.far().close();
    rig.settle();
    assertFalse(loop.turn(Duration.ZERO), "the loop has nothing to do");
    assertEquals(List.of(), calls, "even though the peer is gone");
    pair.near().interest(true, false);
    rig.until(() -> !calls.isEmpty(), "a call");
    assertEquals("true false", calls.getFirst());
    String left = rig.read(pair.near(), 99);
    assertTrue(left.equals("abc") || (left.isEmpty() && !keepsLastWords()), left);
  }

  @Test
  final void manyConnectionsDoNotMixTheirBytes() throws IOException {
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < atOnce(); i++) {
      pairs.add(pair());
    }
    for (int i = 0; i < pairs.size(); i++) {
      rig.write(pairs.get(i).near(), String.format("near %04d", i));
      rig.write(pairs.get(i).far(), String.format("fars %04d", i));
    }
    for (int i = 0; i < pairs.size(); i++) {
      assertEquals(String.format("near %04d", i), rig.read(pairs.get(i).far(), 9));
      assertEquals(String.format("fars %04d", i), rig.read(pairs.get(i).near(), 9));
    }
  }
}
