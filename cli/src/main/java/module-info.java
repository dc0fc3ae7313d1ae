/** {@code qmp}: one command; a tool by subcommand or by the name it was called with. */
@org.jspecify.annotations.NullMarked
module org.qmpkit.cli {
  requires static org.jspecify;
  requires org.qmpkit.helper;
  requires org.qmpkit.shell;
  requires tools.jackson.databind;
}
