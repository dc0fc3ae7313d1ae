package org.qmpkit.client;

import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The schema of one client's QEMU: from the cache at once, and then from QEMU in any case. */
final class SchemaSource {
  private static final String QUERY = "query-qmp-schema";

  private final QmpClient client;
  private final SchemaCache cache;
  private final String version;
  private final ReentrantLock asking = new ReentrantLock();
  private volatile @Nullable Schema schema;

  /**
   * A source that has asked nobody yet.
   *
   * @param version QEMU's version text, which two builds may share
   */
  SchemaSource(QmpClient client, SchemaCache cache, String version) {
    this.client = client;
    this.cache = cache;
    this.version = version;
  }

  Schema get() throws QmpException, InterruptedException {
    Schema known = schema;
    if (known != null) {
      return known;
    }
    asking.lockInterruptibly();
    try {
      known = schema;
      return known == null ? first() : known;
    } finally {
      asking.unlock();
    }
  }

  private Schema first() throws QmpException, InterruptedException {
    byte[] kept = cache.load(version);
    if (kept == null) {
      return take(client.execute(QUERY), new byte[0]);
    }
    Schema early = Schema.lazily(kept);
    schema = early;
    var _ =
        client
            .executeAsync(QUERY)
            .thenAcceptAsync(
                answer -> {
                  try {
                    take(answer, kept);
                  } catch (ProtocolViolation e) {
                    // The one that was kept is better than that.
                  }
                },
                task -> Thread.ofVirtual().name("qmp schema").start(task));
    return early;
  }

  /** Takes what QEMU says; keeps it if it differs from what was kept. */
  private Schema take(JsonNode answer, byte[] kept) throws ProtocolViolation {
    byte[] fresh = Json.bytes(answer);
    Schema known = schema;
    if (known != null && Arrays.equals(fresh, kept)) {
      return known;
    }
    Schema taken;
    try {
      taken = Schema.checked(answer);
    } catch (IllegalArgumentException e) {
      throw new ProtocolViolation(
          client.address(),
          "cannot use the schema of " + client.address() + ": " + e.getMessage(),
          e);
    }
    schema = taken;
    cache.store(version, fresh);
    return taken;
  }
}
