package org.qmpkit.client;

import java.time.Duration;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link QmpClient} behaves; {@link #DEFAULT} and the {@code with} methods make them.
 *
 * @param connectTimeout how long connecting, the greeting and the negotiation may take together; 5
 *     s
 * @param replyTimeout how long an answer may take where the command does not say; {@link #FOREVER}.
 *     Some commands of QEMU rightly take minutes
 * @param queueLimit the most commands that wait to be sent, in band and out of band each; past it
 *     comes {@link QueueFull}; 1,024
 * @param messageLimit the most bytes of one message, to QEMU or from it; 10 MiB, as libvirt and
 *     qemu.qmp
 * @param callbacks where the futures of {@link QmpClient#executeAsync} complete, and so where what
 *     depends on them runs; each on a virtual thread of its own. With {@code Runnable::run} it is
 *     whatever thread turns the loop: nothing there may block, and blocking calls of a client fail
 * @param schemaCache where schemas are kept; {@link SchemaCache#standard}
 * @param loop the thread that serves the client, shared with others; null for one of its own
 * @param negotiates whether to wait for a greeting and negotiate, as with QEMU; true. Without, the
 *     client is connected as soon as somebody takes the connection, and sends one command at a
 *     time. For a guest's agent there is {@link GuestAgent}
 */
public record QmpOptions(
    Duration connectTimeout,
    Duration replyTimeout,
    int queueLimit,
    int messageLimit,
    Executor callbacks,
    SchemaCache schemaCache,
    @Nullable QmpLoop loop,
    boolean negotiates) {
  /** No deadline. */
  public static final Duration FOREVER = Duration.ofSeconds(Long.MAX_VALUE);

  /** The values named above. */
  public static final QmpOptions DEFAULT =
      new QmpOptions(
          Duration.ofSeconds(5),
          FOREVER,
          1024,
          10 << 20,
          task -> Thread.ofVirtual().name("qmp callback").start(task),
          SchemaCache.standard(),
          null,
          true);

  /** Less than this would not hold QEMU's own greeting. */
  private static final int LEAST_MESSAGE = 1024;

  /**
   * Options that are possible.
   *
   * @throws IllegalArgumentException if one is not: it says which, and what it may be
   */
  public QmpOptions {
    positive("connectTimeout", connectTimeout);
    positive("replyTimeout", replyTimeout);
    if (queueLimit <= 0) {
      throw new IllegalArgumentException(
          "queueLimit (" + queueLimit + ") must be positive, in commands");
    }
    if (messageLimit < LEAST_MESSAGE) {
      throw new IllegalArgumentException(
          "messageLimit (" + messageLimit + ") must be at least " + LEAST_MESSAGE + ", in bytes");
    }
  }

  /** The same with another {@link #connectTimeout}. */
  public QmpOptions withConnectTimeout(Duration time) {
    return new QmpOptions(
        time, replyTimeout, queueLimit, messageLimit, callbacks, schemaCache, loop, negotiates);
  }

  /** The same with another {@link #replyTimeout}. */
  public QmpOptions withReplyTimeout(Duration time) {
    return new QmpOptions(
        connectTimeout, time, queueLimit, messageLimit, callbacks, schemaCache, loop, negotiates);
  }

  /** The same with another {@link #queueLimit}. */
  public QmpOptions withQueueLimit(int commands) {
    return new QmpOptions(
        connectTimeout,
        replyTimeout,
        commands,
        messageLimit,
        callbacks,
        schemaCache,
        loop,
        negotiates);
  }

  /** The same with another {@link #messageLimit}. */
  public QmpOptions withMessageLimit(int bytes) {
    return new QmpOptions(
        connectTimeout, replyTimeout, queueLimit, bytes, callbacks, schemaCache, loop, negotiates);
  }

  /** The same with other {@link #callbacks}. */
  public QmpOptions withCallbacks(Executor executor) {
    return new QmpOptions(
        connectTimeout,
        replyTimeout,
        queueLimit,
        messageLimit,
        executor,
        schemaCache,
        loop,
        negotiates);
  }

  /** The same with another {@link #schemaCache}. */
  public QmpOptions withSchemaCache(SchemaCache cache) {
    return new QmpOptions(
        connectTimeout, replyTimeout, queueLimit, messageLimit, callbacks, cache, loop, negotiates);
  }

  /** The same on a {@link #loop} that several clients share; closing it is up to its opener. */
  public QmpOptions withLoop(QmpLoop shared) {
    return new QmpOptions(
        connectTimeout,
        replyTimeout,
        queueLimit,
        messageLimit,
        callbacks,
        schemaCache,
        shared,
        negotiates);
  }

  /** The same for who does not greet: see {@link #negotiates}. */
  public QmpOptions withoutNegotiation() {
    return new QmpOptions(
        connectTimeout,
        replyTimeout,
        queueLimit,
        messageLimit,
        callbacks,
        schemaCache,
        loop,
        false);
  }

  static void positive(String name, Duration time) {
    if (!time.isPositive()) {
      throw new IllegalArgumentException(name + " (" + time + ") must be positive");
    }
  }
}
