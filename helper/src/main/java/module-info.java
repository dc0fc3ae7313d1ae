/** The daemon: routes that relay or share a monitor. */
@org.jspecify.annotations.NullMarked
module org.qmpkit.helper {
  requires static org.jspecify;
  requires transitive org.qmpkit.net;
  requires transitive org.qmpkit.protocol;
  requires io.prometheus.metrics.config;
  requires io.prometheus.metrics.model;
  requires io.prometheus.writer.text;
  requires tools.jackson.core;
  requires tools.jackson.dataformat.toml;

  exports org.qmpkit.helper;
}
