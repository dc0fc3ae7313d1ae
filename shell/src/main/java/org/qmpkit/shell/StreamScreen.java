package org.qmpkit.shell;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.io.Reader;
import org.jspecify.annotations.Nullable;

/**
 * No terminal: lines of at most 10 MiB from a stream, results alone on standard output, the rest on
 * the other.
 */
final class StreamScreen implements Screen {
  private static final int LONGEST = 10 << 20;

  private final BufferedReader in;
  private final PrintStream out;
  private final PrintStream err;

  StreamScreen(Reader in, PrintStream out, PrintStream err) {
    this.in = new BufferedReader(in);
    this.out = out;
    this.err = err;
  }

  @Override
  public boolean interactive() {
    return false;
  }

  @Override
  public Palette palette() {
    return Palette.PLAIN;
  }

  @Override
  public @Nullable String read(String prompt) throws IOException {
    StringBuilder line = new StringBuilder();
    int c = in.read();
    if (c < 0) {
      return null;
    }
    for (; c >= 0 && c != '\n'; c = in.read()) {
      if (line.length() >= LONGEST) {
        throw new IOException("a line of more than " + LONGEST + " characters");
      }
      line.append((char) c);
    }
    return line.toString();
  }

  @Override
  public @Nullable String ask(String question) throws IOException {
    return read(question);
  }

  @Override
  public void result(String text) {
    out.println(text);
    out.flush();
  }

  @Override
  public void say(String text) {
    err.println(text);
  }

  @Override
  public void event(String text) {
    result(text);
  }

  @Override
  public @Nullable Frame frame() {
    return null;
  }

  @Override
  public void picture(Picture picture) {
    result(picture.width() + " x " + picture.height() + " pixels");
  }

  @Override
  public void close() {
    out.flush();
  }
}
