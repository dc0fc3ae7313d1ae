package org.qmpkit.net.linux;

import org.qmpkit.net.Transport;

/** One client at a time, that says {@code live} and {@code dead}. */
final class ArgoDatagramContractTest extends ArgoContract {
  @Override
  protected Transport transport() {
    return new ArgoTransport();
  }

  @Override
  String scheme() {
    return "argo";
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
