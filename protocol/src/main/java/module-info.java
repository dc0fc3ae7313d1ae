/**
 * What QMP's bytes mean: pure state machines, without I/O, threads or a clock of their own.
 *
 * <p>The caller brings bytes and the time; nothing here blocks, and nothing here is safe for use by
 * more than one thread at a time.
 */
@org.jspecify.annotations.NullMarked
module org.qmpkit.protocol {
  requires static org.jspecify;

  exports org.qmpkit.protocol;
}
