package org.qmpkit.net.linux;

import org.qmpkit.net.Transport;

/** Streams of the kernel's, whose end loses what was not read. */
final class ArgoStreamContractTest extends ArgoContract {
  @Override
  protected Transport transport() {
    return new ArgoTransport();
  }

  @Override
  String scheme() {
    return "argo";
  }

  @Override
  String options() {
    return ",stream=on";
  }

  @Override
  String helper(String port) {
    return "0";
  }

  @Override
  protected boolean keepsLastWords() {
    return false;
  }
}
