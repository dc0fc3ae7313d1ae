package org.qmpkit.protocol;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/** The commands of one {@link Lane} that QEMU was sent and has not answered, oldest first. */
final class InFlight {
  /**
   * One of them.
   *
   * @param id our own id of it; a smaller one is older
   * @param at when it was handed to the connection, in nanoseconds
   */
  record Sent(long id, Client client, Request request, long at) {
    String name() {
      return request.name();
    }

    /**
     * When QEMU last took a byte of it.
     *
     * @param last when it last took any byte
     */
    long takenAt(long last) {
      return request.written ? request.writtenAt : last;
    }
  }

  private final SequencedMap<Long, Sent> sent = new LinkedHashMap<>();
  private long bytes;

  /** Whether one of them went with descriptors. */
  boolean carries() {
    return sent.values().stream().anyMatch(each -> each.request().carries());
  }

  void add(Sent each) {
    sent.put(each.id(), each);
    bytes += each.request().bytes();
  }

  @Nullable Sent remove(long id) {
    Sent each = sent.remove(id);
    if (each != null) {
      bytes -= each.request().bytes();
    }
    return each;
  }

  /** Whether this is one of them and not the oldest. */
  boolean overtakes(long id) {
    return sent.containsKey(id) && sent.firstEntry().getKey() != id;
  }

  void clear() {
    sent.clear();
    bytes = 0;
  }

  int size() {
    return sent.size();
  }

  /** How many bytes they are in all. */
  long bytes() {
    return bytes;
  }

  boolean isEmpty() {
    return sent.isEmpty();
  }

  List<Sent> all() {
    return new ArrayList<>(sent.values());
  }

  /**
   * When QEMU last took a byte of them.
   *
   * @param last when it last took any byte
   */
  long takenAt(long last) {
    return sent.values().stream().mapToLong(each -> each.takenAt(last)).max().orElse(last);
  }

  /** The oldest, if there is any and nobody waits for any of them any more. */
  @Nullable Sent orphan() {
    boolean orphans =
        !sent.isEmpty()
            && sent.values().stream()
                .allMatch(each -> each.client().gone || each.request().expired);
    return orphans ? sent.firstEntry().getValue() : null;
  }
}
