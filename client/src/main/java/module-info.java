/** The Java library: commands, events and the schema of a QEMU, over its monitor. */
@org.jspecify.annotations.NullMarked
module org.qmpkit.client {
  requires static org.jspecify;
  requires transitive org.qmpkit.net;
  requires org.qmpkit.protocol;
  requires transitive tools.jackson.databind;

  exports org.qmpkit.client;
}
