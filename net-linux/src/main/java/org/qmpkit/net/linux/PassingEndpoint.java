package org.qmpkit.net.linux;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.DescriptorEndpoint;
import org.qmpkit.net.Descriptors;
import org.qmpkit.net.DescriptorsRefusedException;

/** A {@link SocketEndpoint} on a UNIX socket whose peer may pass descriptors along. */
final class PassingEndpoint extends SocketEndpoint implements DescriptorEndpoint {
  private final AtomicReference<@Nullable Batch> came = new AtomicReference<>();

  /** What the write under way passes along. */
  private int @Nullable [] along;

  /** Takes the place of another endpoint. */
  PassingEndpoint(SocketEndpoint same) {
    super(same);
    watch.source = this;
  }

  @Override
  int move(long at, int size, boolean out) {
    if (out) {
      return along == null
          ? super.move(at, size, true)
          : poller.message().send(watch.descriptor, at, size, along);
    }
    int count = poller.message().receive(watch.descriptor, at, size);
    if (count >= 0) {
      keep(poller.message().descriptors());
    }
    return count;
  }

  private void keep(@Nullable Batch batch) {
    Batch before = came.getAndSet(batch);
    if (before != null) {
      before.close();
    }
    if (watch.closed) {
      drop();
    }
  }

  @Override
  public @Nullable Descriptors takeDescriptors() {
    return came.getAndSet(null);
  }

  @Override
  public int write(ByteBuffer from, Descriptors descriptors) throws IOException {
    if (!(descriptors instanceof Batch batch)) {
      throw new IllegalArgumentException("these descriptors are not of this process");
    }
    along = batch.count() == 0 ? null : batch.numbers();
    try {
      return write(from);
    } finally {
      along = null;
    }
  }

  @Override
  IOException failed(int result) {
    return along != null && Errno.isOfDescriptors(-result)
        ? new DescriptorsRefusedException(peer(), Libc.text(result))
        : super.failed(result);
  }

  private void drop() {
    Batch left = came.getAndSet(null);
    if (left != null) {
      left.close();
    }
  }

  @Override
  public void close() {
    super.close();
    drop();
  }
}
