package org.qmpkit.helper;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Endpoint;
import org.qmpkit.protocol.Journal;
import org.qmpkit.protocol.Journal.Severity;

/** Reading one QEMU at a {@link ReadPace}: when it is read, and how much at once. */
final class PacedReading {
  private final House house;
  private final Journal journal;
  private final ReadPace pace;
  private boolean resting;
  private boolean noted;

  /** Counts the connections, for a rest of an earlier one not to end that of a later one. */
  private int connection;

  PacedReading(House house, Journal journal) {
    this.house = house;
    this.journal = journal;
    this.pace =
        new ReadPace(house.bounds().unasked(), house.limits().qemuMessage(), house.loop().now());
  }

  /** A connection to QEMU was made, which is read at once. */
  void opened() {
    connection++;
    resting = false;
    noted = false;
  }

  /** Whether QEMU is read at present. */
  boolean wanted() {
    return !resting;
  }

  /**
   * Reads, into the loop's buffer.
   *
   * @return the buffer, flipped; null at the end of input
   * @throws IOException as {@link Endpoint#read}
   */
  @Nullable ByteBuffer read(Endpoint from) throws IOException {
    ByteBuffer buffer = house.loop().buffer();
    buffer.limit(pace.portion(buffer.limit()));
    return from.read(buffer) < 0 ? null : buffer.flip();
  }

  /**
   * Rests, if QEMU has said too much that nobody asked for; what it says meanwhile stays in its
   * socket, and stops it.
   *
   * @param unasked as of {@link ReadPace#heard}
   * @param again what is called when it is to be read again
   */
  void heard(long unasked, Runnable again) {
    long nanos = pace.heard(unasked, house.loop().now());
    if (nanos == 0) {
      return;
    }
    resting = true;
    int resters = connection;
    house
        .loop()
        .schedule(
            Duration.ofNanos(nanos),
            () -> {
              if (resters == connection) {
                resting = false;
                again.run();
              }
            });
    if (!noted) {
      noted = true;
      journal.note(
          Severity.WARNING,
          "",
          "QEMU says more than "
              + house.bounds().unasked()
              + " bytes a second that nobody asked for: it is read no faster (--unasked)");
    }
  }
}
