package org.qmpkit.net.linux;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What QEMU's side makes of the datagrams of a helper: words that open and close it, and data; no
 * I/O. The words count only with their exact length, so that data which begins like one is data.
 */
final class FarWords {
  /** What a datagram was. */
  enum Heard {
    /** A client is there, a new one if there was one before. */
    LIVE,
    /** The client has left. */
    DEAD,
    /** Bytes of the client. */
    DATA,
    /** What is meant for nobody: bytes while no client is there. */
    STRAY,
    /** A word that changes nothing. */
    NOTHING
  }

  static final String LIVE = "live";
  static final String DEAD = "dead";

  /** What a helper of ours says first: to an open QEMU the word, to a closed one a syntax error. */
  static final String RESYNC = "dead\n";

  private final int generation;
  private boolean open;
  private boolean resynced;

  FarWords(int generation) {
    this.generation = generation;
    this.open = opensAlone();
  }

  /** Whether a client is taken for granted, until it says that it has left. */
  boolean opensAlone() {
    return generation < 3;
  }

  /** Whether a client is there. */
  boolean open() {
    return open;
  }

  /** Whether the other side says {@link #RESYNC}, as only ours does. */
  boolean resynced() {
    return resynced;
  }

  /** This side has closed. */
  void close() {
    open = opensAlone();
  }

  /** A datagram came that is not empty. */
  Heard hear(byte[] datagram) {
    if (generation == 1) {
      return Heard.DATA;
    }
    if (is(datagram, LIVE)) {
      open = true;
      return Heard.LIVE;
    }
    if (is(datagram, DEAD) || is(datagram, RESYNC)) {
      resynced = is(datagram, RESYNC);
      boolean was = open;
      open = false;
      return was ? Heard.DEAD : Heard.NOTHING;
    }
    return open ? Heard.DATA : Heard.STRAY;
  }

  private static boolean is(byte[] datagram, String word) {
    return Arrays.equals(datagram, word.getBytes(StandardCharsets.US_ASCII));
  }
}
