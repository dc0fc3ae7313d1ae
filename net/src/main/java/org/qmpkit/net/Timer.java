package org.qmpkit.net;

import org.jspecify.annotations.Nullable;

/** Something a {@link Loop} does once, later. Used on the loop's thread only. */
public final class Timer {
  final long due;
  final long order;
  int slot = -1;

  private final TimerHeap heap;
  private @Nullable Runnable task;

  Timer(TimerHeap heap, long due, long order, Runnable task) {
    this.heap = heap;
    this.due = due;
    this.order = order;
    this.task = task;
  }

  /** Forgets the task, at once and for good; nothing if it has run or was cancelled. */
  public void cancel() {
    task = null;
    if (slot >= 0) {
      heap.remove(this);
    }
  }

  /** True until the task begins or is cancelled. */
  public boolean pending() {
    return slot >= 0;
  }

  void fire() {
    Runnable once = task;
    task = null;
    if (once != null) {
      once.run();
    }
  }
}
