package org.qmpkit.shell;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.EventFilter;
import org.qmpkit.client.QmpClient;
import org.qmpkit.client.QmpException;
import org.qmpkit.client.QmpOptions;
import org.qmpkit.client.Schema;
import org.qmpkit.client.Subscription;
import org.qmpkit.net.Address;
import tools.jackson.databind.JsonNode;

/**
 * The monitor a shell works with: one connection at a time, and the events on it. One thread
 * connects and asks; any may close.
 */
final class Monitor implements AutoCloseable {
  /** When to say that an answer takes its time. */
  static final Duration PATIENCE = Duration.ofSeconds(5);

  /** A connection, and what happens on it; a closed subscription where nobody wants to know. */
  record Link(QmpClient client, Subscription events) {}

  private final Address address;
  private final QmpOptions options;
  private final Duration timeout;
  private final boolean lasts;
  private final boolean hears;
  private volatile @Nullable Link link;
  private volatile boolean lost;
  private volatile @Nullable Recorder recorder;

  /**
   * A monitor that is not connected yet.
   *
   * @param timeout how long an answer may take
   * @param lasts whether it may be there again after it is gone
   */
  Monitor(Address address, QmpOptions options, Duration timeout, boolean lasts) {
    this(address, options, timeout, lasts, true);
  }

  private Monitor(
      Address address, QmpOptions options, Duration timeout, boolean lasts, boolean hears) {
    this.address = address;
    this.lasts = lasts;
    this.hears = hears;
    // What depends on an answer here only wakes a thread.
    this.options = options.withCallbacks(Runnable::run).withReplyTimeout(timeout);
    this.timeout = timeout;
  }

  Address address() {
    return address;
  }

  /** One at another address that is asked in the same way, without events; not connected. */
  Monitor at(Address other) {
    return new Monitor(other, options, timeout, true, false);
  }

  /** The release of the QEMU at a monitor; {@code ?} if it is not known. */
  static String release(Monitor monitor) {
    QmpClient client = monitor.client();
    return client == null ? "?" : client.release();
  }

  /** Whether it may be there again after it is gone. */
  boolean lasts() {
    return lasts;
  }

  /**
   * Connects, after ending an earlier connection; blocks.
   *
   * @throws QmpException as {@link QmpClient#connect(Address, QmpOptions)}
   * @throws InterruptedException if this thread is interrupted meanwhile
   */
  Link connect() throws QmpException, InterruptedException {
    close();
    lost = true;
    QmpClient client = QmpClient.connect(address, options);
    Recorder records = recorder;
    if (records != null) {
      records.begin(client);
    }
    Link made = new Link(client, client.subscribe(EventFilter.all()));
    if (!hears) {
      made.events().close();
    }
    link = made;
    lost = false;
    return made;
  }

  /**
   * Records what goes over this connection and later ones from here on; a recording that was made
   * before is ended, which blocks while the file does.
   *
   * @param next null for none; this one's to close
   */
  void record(@Nullable Recorder next) {
    QmpClient client = client();
    if (client != null) {
      client.tap(null);
    }
    Recorder before = recorder;
    if (before != null) {
      before.close();
    }
    recorder = next;
    if (next != null && client != null) {
      next.begin(client);
    }
  }

  /** What records; null for nothing. */
  @Nullable Recorder recorder() {
    return recorder;
  }

  /** The connection that was made last; null before the first. */
  @Nullable Link link() {
    return link;
  }

  /** Whether the last that was asked of it found nobody there, or nobody who speaks QMP. */
  boolean isLost() {
    return lost;
  }

  /** The client that was connected last; null before the first. */
  @Nullable QmpClient client() {
    Link made = link;
    return made == null ? null : made.client();
  }

  /**
   * Executes a command and waits for the answer; blocks.
   *
   * @param note hears of it when the answer takes its time
   * @return the value of {@code return}
   * @throws QmpException as {@link QmpClient#execute(org.qmpkit.client.QmpCommand)}
   * @throws InterruptedException if this thread is interrupted; nobody waits for the answer then
   * @throws IllegalArgumentException if there is something in it that QEMU can't read
   * @throws UnsupportedOperationException if out of band is not offered
   */
  JsonNode execute(Link link, Request request, Consumer<String> note)
      throws QmpException, InterruptedException {
    return execute(link, request, QmpOptions.FOREVER, note);
  }

  /** The same with a limit of its own, where that is sooner than {@code --timeout}. */
  JsonNode execute(Link link, Request request, Duration limit, Consumer<String> note)
      throws QmpException, InterruptedException {
    CompletableFuture<JsonNode> answer =
        link.client()
            .executeAsync(request.command().within(limit.compareTo(timeout) < 0 ? limit : timeout));
    try {
      JsonNode value;
      try {
        value = answer.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        note.accept(patience(request));
        value = answer.get();
      }
      lost = false;
      return value;
    } catch (InterruptedException e) {
      answer.cancel(true);
      throw e;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof QmpException why) {
        lost = ExitStatus.isLoss(ExitStatus.of(why));
        throw why;
      }
      throw new IllegalStateException("a fault of qmpkit: " + e.getCause(), e);
    }
  }

  /**
   * What QEMU can do. Blocks while it is asked.
   *
   * @throws QmpException as {@link QmpClient#schema}
   * @throws InterruptedException if this thread is interrupted
   */
  Schema schema(Link link) throws QmpException, InterruptedException {
    try {
      return link.client().schema();
    } catch (QmpException e) {
      lost = ExitStatus.isLoss(ExitStatus.of(e));
      throw e;
    }
  }

  /** What is said after {@link #PATIENCE}. */
  static String patience(Request request) {
    return "waiting for '" + request.name() + "' for 5 s; Ctrl-C ends the wait";
  }

  @Override
  public void close() {
    Link made = link;
    if (made != null) {
      made.events().close();
      made.client().close();
    }
  }
}
