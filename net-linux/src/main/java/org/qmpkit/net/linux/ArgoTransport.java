package org.qmpkit.net.linux;

/**
 * {@code argo:DOMID[:PORT][,localport=N][,stream=on|off][,generation=1|2|3][,chunk=N]}: messages of
 * Xen's Argo to and from another domain, as OpenXT's helper and QEMU have them.
 */
public final class ArgoTransport extends RingTransport {
  /** For the service loader. */
  public ArgoTransport() {
    super(ArgoAbi.ARGO, "messages between the domains of a Xen host, by Argo");
  }
}
