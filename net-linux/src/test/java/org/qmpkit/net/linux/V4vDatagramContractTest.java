package org.qmpkit.net.linux;

import org.qmpkit.net.Transport;

/** One client at a time, that says {@code live} and {@code dead}. */
final class V4vDatagramContractTest extends ArgoContract {
  @Override
  protected Transport transport() {
    return new V4vTransport();
  }

  @Override
  String scheme() {
    return "v4v";
  }

  @Override
  protected int atOnce() {
    return 1;
  }

  @Override
  protected int cycles() {
    return 20;
  }
}
