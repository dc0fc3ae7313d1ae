package org.qmpkit.net.linux;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.qmpkit.net.Address;
import org.qmpkit.net.AddressException;
import org.qmpkit.net.TransportException;

/**
 * What an {@code argo:} or {@code v4v:} address names: two ports and how they talk.
 *
 * @param domid of the other domain; the only one that may send to us
 * @param port of the other domain, unsigned
 * @param localPort our own, unsigned; 0 for one that the kernel chooses
 * @param stream whether by the stream device; else by datagrams
 * @param generation of OpenXT's protocol on datagrams: 1 opens without a word; 2 and 3 by {@code
 *     live} and {@code dead}, 2 with a far side that is open at its start, 3 with one that is
 *     closed
 * @param chunk the longest datagram, or piece of a stream, that is sent, in bytes
 */
record ArgoPlace(
    ArgoAbi abi, int domid, int port, int localPort, boolean stream, int generation, int chunk) {

  /** Where OpenXT's helper in dom0 is, and where QEMU in a stub domain is. */
  static final int HELPER = 5100;

  static final int QEMU = 15_100;

  /** What OpenXT's QEMU reads at once; the rest of a longer datagram is lost to it. */
  static final int QEMU_READS = 4096;

  /** Two of these are under way in a ring, which is as fast as it gets. */
  static final int QEMU_SENDS = 8000;

  private static final int SMALLEST_CHUNK = 16;
  private static final Pattern TARGET = Pattern.compile("([0-9]{1,5})(?::([0-9]{1,10}))?");
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,10}");

  /** The last port is a wildcard in firewall rules. */
  private static final long LARGEST_PORT = 0xFFFF_FFFEL;

  private static final List<String> OPTIONS = List.of("localport", "stream", "generation", "chunk");

  /**
   * The place of an address.
   *
   * @param listening whether this side is the one that QEMU is on, whose ports are the other way
   *     round
   * @throws TransportException if it is none, with the rule that it breaks
   */
  static ArgoPlace of(String attempted, ArgoAbi abi, Address address, boolean listening)
      throws TransportException {
    try {
      return read(abi, address, listening);
    } catch (AddressException e) {
      throw wrong(attempted, abi, address, String.valueOf(e.getMessage()));
    } catch (IllegalArgumentException e) {
      throw wrong(attempted, abi, address, String.valueOf(e.getMessage()));
    }
  }

  private static ArgoPlace read(ArgoAbi abi, Address address, boolean listening) {
    Matcher parts = TARGET.matcher(address.target());
    if (!parts.matches()) {
      throw new IllegalArgumentException("'" + address.target() + "' is not DOMID or DOMID:PORT");
    }
    int domid = number("domain", parts.group(1), 0, ArgoAbi.DOMIDS - 1);
    address.checkOptions(OPTIONS);
    boolean stream = address.flag("stream", false);
    if (stream && address.option("generation").isPresent()) {
      throw new IllegalArgumentException("generation is of datagrams, and stream is on");
    }
    String remote = parts.group(2);
    int port =
        remote == null ? (listening ? HELPER : QEMU) : number("port", remote, 1, LARGEST_PORT);
    int lowest = listening ? 1 : 0;
    int localPort = option(address, "localport", listening ? QEMU : HELPER, lowest, LARGEST_PORT);
    int generation = option(address, "generation", 3, 1, 3);
    int longest = stream ? abi.longestPiece() : abi.longest();
    int usual = stream ? longest : listening ? QEMU_SENDS : QEMU_READS;
    int chunk = option(address, "chunk", usual, SMALLEST_CHUNK, longest);
    return new ArgoPlace(abi, domid, port, localPort, stream, generation, chunk);
  }

  private static int option(Address address, String key, int usual, int least, long most) {
    return address.option(key).map(text -> number(key, text, least, most)).orElse(usual);
  }

  private static int number(String what, String digits, long least, long most) {
    long number = NUMBER.matcher(digits).matches() ? Long.parseLong(digits) : -1;
    if (number < least || number > most) {
      throw new IllegalArgumentException(
          what + " " + digits + " is not within " + least + " to " + most);
    }
    return (int) number;
  }

  private static TransportException wrong(
      String attempted, ArgoAbi abi, Address address, String reason) {
    String like = abi.scheme() + ":7, or " + abi.scheme() + ":7:15100,localport=5100";
    return new TransportException(attempted, address, reason, "as in " + like, false, null);
  }

  /** Whether it is by the words {@code live} and {@code dead} that the far side opens. */
  boolean spoken() {
    return !stream && generation > 1;
  }

  String device() {
    return stream ? abi.streams() : abi.datagrams();
  }
}
