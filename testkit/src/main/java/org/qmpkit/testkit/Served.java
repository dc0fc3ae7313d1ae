package org.qmpkit.testkit;

import java.io.IOException;
import java.nio.file.Path;

/** Whoever answers at a monitor's socket for a test. */
sealed interface Served extends AutoCloseable {
  /** The socket's. */
  Path path();

  /** What a test is given that asks for it. */
  Object by();

  /** What there is to say of it when a test fails. */
  String report();

  @Override
  void close() throws IOException;

  /** A QEMU. */
  record Real(RealQemu by) implements Served {
    @Override
    public Path path() {
      return by.path();
    }

    @Override
    public String report() {
      return by.report();
    }

    @Override
    public void close() {
      by.close();
    }
  }

  /** A recording of one. */
  record Recorded(FakeQemu by) implements Served {
    @Override
    public Path path() {
      return by.path();
    }

    @Override
    public String report() {
      return "a recording was asked: " + Excerpt.printable(Excerpt.head(by.received().toString()));
    }

    @Override
    public void close() throws IOException {
      by.close();
    }
  }
}
