package org.qmpkit.client;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Message;

/** Who hears the events of one connection. On its loop, but where it says otherwise. */
final class Subscriptions {
  private final List<Subscription> all = new CopyOnWriteArrayList<>();

  /** Who gets the next so many events alone, since they are old ones that it asked for. */
  private @Nullable Subscription replayedTo;

  private int replayed;
  private volatile @Nullable Ending ending;

  /** Hears events from here on. From any thread. */
  void add(Subscription subscription) {
    all.add(subscription);
    Ending over = ending;
    if (over != null) {
      subscription.end(over);
    }
  }

  /** From any thread. */
  void remove(Subscription subscription) {
    all.remove(subscription);
  }

  /** The helper has subscribed us: so many old events follow, for this subscription alone. */
  void follow(Subscription subscription, String newest, int replayed) {
    this.replayed = replayed;
    replayedTo = subscription;
    subscription.begin(newest, replayed);
    add(subscription);
    if (subscription.isClosed()) {
      remove(subscription);
    }
  }

  void happened(Message.Event event) {
    Subscription alone = replayed > 0 ? replayedTo : null;
    if (alone != null) {
      replayed--;
      alone.offer(event);
    } else {
      all.forEach(each -> each.offer(event));
    }
  }

  /** No more events will come. */
  void end(Ending why) {
    ending = why;
    all.forEach(each -> each.end(why));
  }
}
