/** The shell for QEMU's monitor, and its one-shot relatives for scripts. */
@org.jspecify.annotations.NullMarked
module org.qmpkit.shell {
  requires static org.jspecify;
  requires transitive org.qmpkit.client;
  requires org.qmpkit.protocol;
  requires org.qmpkit.recording;
  requires org.jline.nativ;
  requires org.jline.reader;
  requires org.jline.terminal;
  // The way to the terminal, which JLine looks up as a service.
  requires org.jline.terminal.jni;
  requires org.snakeyaml.engine;

  exports org.qmpkit.shell;
}
