package org.qmpkit.net.linux;

/** {@code v4v:DOMID[:PORT][,...]}: the same as {@link ArgoTransport}, by what Argo grew out of. */
public final class V4vTransport extends RingTransport {
  /** For the service loader. */
  public V4vTransport() {
    super(ArgoAbi.V4V, "messages between the domains of a Xen host, by V4V");
  }
}
