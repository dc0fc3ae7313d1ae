package org.qmpkit.net.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * The numbers of one family of devices: what a program and a kernel module say to each other. Argo
 * and V4V differ in these and in nothing else that matters here; an end of the one never meets an
 * end of the other.
 *
 * <p>Every request is an {@code _IOW('W', number, argument)} of {@code argo_dev.h} and {@code
 * v4v_dev.h}, also those that return something. The descriptor of SEND and RECV is the same in
 * both.
 *
 * @param scheme of its addresses
 * @param module of the kernel that has the devices
 * @param option that Xen is booted with to have it; empty where there is none
 * @param ringSize in bytes, as both OpenXT's programs and its QEMU ask for; what fits a page count
 *     that Xen accepts
 * @param any the domain that a ring id of one's own names
 * @param addressSize of a port and a domain: V4V packs them
 * @param idDomain where in a ring id the own domain is
 * @param idPartner where the one that may send is
 * @param idPort where the port is
 */
record ArgoAbi(
    String scheme,
    String module,
    String option,
    int ringSize,
    int any,
    int addressSize,
    int idDomain,
    int idPartner,
    int idPort) {

  static final ArgoAbi ARGO = new ArgoAbi("argo", "xen-argo", "argo=1", 16_304, 0x7FF4, 8, 0, 2, 4);
  static final ArgoAbi V4V = new ArgoAbi("v4v", "v4v", "", 16_320, 0x7FFF, 6, 4, 6, 0);

  /** DOMID_FIRST_RESERVED: from here on no number is an ordinary domain's. */
  static final int DOMIDS = 0x7FF0;

  static final int ID_SIZE = 8;

  /** Where in an address the port and the domain are. */
  static final int ADDRESS_PORT = 0;

  static final int ADDRESS_DOMAIN = 4;

  /** The descriptor of SEND and RECV. */
  static final int DEV_SIZE = 32;

  static final int DEV_BUF = 0;
  static final int DEV_LEN = 8;
  static final int DEV_FLAGS = 16;
  static final int DEV_ADDR = 24;

  static final int DONTWAIT = 0x40;
  static final int TRUNC = 0x20;
  static final int NOSIGNAL = 0x4000;

  private static final int MESSAGE_HEADER = 16;
  private static final int SLOT = 16;
  private static final int STREAM_HEADER = 8;

  String datagrams() {
    return "/dev/" + scheme + "_dgram";
  }

  String streams() {
    return "/dev/" + scheme + "_stream";
  }

  long setRingSize() {
    return request(1, 4);
  }

  long bind() {
    return request(2, ID_SIZE);
  }

  long connect() {
    return request(5, addressSize);
  }

  long getConnectError() {
    return request(6, 4);
  }

  long listen() {
    return request(7, 4);
  }

  long accept() {
    return request(8, addressSize);
  }

  long send() {
    return request(9, DEV_SIZE);
  }

  long receive() {
    return request(10, DEV_SIZE);
  }

  private static long request(int number, int size) {
    return 0x4000_0000L | (long) size << 16 | 'W' << 8 | number;
  }

  /** The longest datagram that a ring of this size takes, when it is empty. */
  int longest() {
    return ringSize - MESSAGE_HEADER - SLOT;
  }

  /** The longest piece of a stream through rings of this size. */
  int longestPiece() {
    return longest() - STREAM_HEADER;
  }

  /**
   * A length that the kernel module still passes to Xen, and that no ring of this size can take:
   * Xen refuses it, but first looks for the ring.
   */
  int tooLong() {
    return ringSize - MESSAGE_HEADER;
  }

  /** Writes a port of a domain. */
  void putAddress(MemorySegment at, int port, int domid) {
    at.asSlice(0, ID_SIZE).fill((byte) 0);
    at.set(JAVA_INT_UNALIGNED, ADDRESS_PORT, port);
    at.set(JAVA_SHORT_UNALIGNED, ADDRESS_DOMAIN, (short) domid);
  }

  static int port(MemorySegment address) {
    return address.get(JAVA_INT_UNALIGNED, ADDRESS_PORT);
  }

  static int domid(MemorySegment address) {
    return Short.toUnsignedInt(address.get(JAVA_SHORT_UNALIGNED, ADDRESS_DOMAIN));
  }

  /** Writes the name of a ring of our own that one domain may send to. */
  void putRingId(MemorySegment at, int port, int partner) {
    at.set(JAVA_SHORT_UNALIGNED, idDomain, (short) any);
    at.set(JAVA_SHORT_UNALIGNED, idPartner, (short) partner);
    at.set(JAVA_INT_UNALIGNED, idPort, port);
  }
}
