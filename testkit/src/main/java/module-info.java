/** What tests of QMP programs need: QEMUs real and scripted, models of real clients, contracts. */
@org.jspecify.annotations.NullMarked
module org.qmpkit.testkit {
  requires static org.jspecify;
  requires transitive org.qmpkit.net;
  requires transitive org.qmpkit.recording;
  requires org.junit.jupiter.api;
  requires transitive tools.jackson.databind;

  exports org.qmpkit.testkit;

  // JUnit makes the extension behind @WithQemu.
  opens org.qmpkit.testkit to
      org.junit.platform.commons;
}
