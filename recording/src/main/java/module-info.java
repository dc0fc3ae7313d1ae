/** Recordings of what went over a monitor: read, written, and asked for their answers. */
@org.jspecify.annotations.NullMarked
module org.qmpkit.recording {
  requires static org.jspecify;
  requires transitive tools.jackson.databind;

  exports org.qmpkit.recording;
}
