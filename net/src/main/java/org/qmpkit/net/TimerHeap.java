package org.qmpkit.net;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The timers of a loop: a binary heap in which each timer knows its slot, so that cancelling one
 * takes it out. Timers due at the same instant come out in the order they went in.
 */
final class TimerHeap {
  private @Nullable Timer[] heap = new @Nullable Timer[16];
  private int size;
  private long orders;

  Timer add(long due, Runnable task) {
    Timer timer = new Timer(this, due, orders++, task);
    if (size == heap.length) {
      heap = Arrays.copyOf(heap, size * 2);
    }
    size++;
    up(size - 1, timer);
    return timer;
  }

  void remove(Timer timer) {
    int slot = timer.slot;
    timer.slot = -1;
    size--;
    Timer last = heap[size];
    heap[size] = null;
    if (last != null && last != timer) {
      down(slot, last);
      if (last.slot == slot) {
        up(slot, last);
      }
    }
  }

  @Nullable Timer first() {
    return heap[0];
  }

  int size() {
    return size;
  }

  /** The order number that the next timer will have. */
  long nextOrder() {
    return orders;
  }

  private void up(int slot, Timer timer) {
    int at = slot;
    while (at > 0) {
      Timer parent = heap[(at - 1) / 2];
      if (parent == null || !before(timer, parent)) {
        break;
      }
      put(at, parent);
      at = (at - 1) / 2;
    }
    put(at, timer);
  }

  private void down(int slot, Timer timer) {
    int at = slot;
    while (true) {
      int child = 2 * at + 1;
      if (child >= size) {
        break;
      }
      Timer least = heap[child];
      Timer right = child + 1 < size ? heap[child + 1] : null;
      if (least != null && right != null && before(right, least)) {
        child++;
        least = right;
      }
      if (least == null || !before(least, timer)) {
        break;
      }
      put(at, least);
      at = child;
    }
    put(at, timer);
  }

  private void put(int slot, Timer timer) {
    heap[slot] = timer;
    timer.slot = slot;
  }

  private static boolean before(Timer a, Timer b) {
    // By difference: the clock may wrap.
    long ahead = a.due - b.due;
    return ahead < 0 || (ahead == 0 && a.order < b.order);
  }
}
