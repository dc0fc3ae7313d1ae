package org.qmpkit.net.linux;

import static org.qmpkit.net.linux.Libc.C;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.qmpkit.net.Address;
import org.qmpkit.net.TransportException;

/**
 * The descriptors that this process was started with, each to be used once: when it is closed, its
 * number may become another's. Names are those of socket activation (sd_listen_fds(3)): LISTEN_FDS,
 * LISTEN_PID and LISTEN_FDNAMES.
 */
final class Inherited {
  /** SD_LISTEN_FDS_START. */
  private static final int FIRST_ACTIVATED = 3;

  /** Those of this process. */
  static final Inherited OWN =
      new Inherited(System.getenv(), ProcessHandle.current().pid(), FIRST_ACTIVATED);

  private static final int GET_FLAGS = 1;
  private static final int SET_FLAGS = 2;
  private static final int GET_STATUS = 3;
  private static final int SET_STATUS = 4;
  private static final int CLOSE_ON_EXEC = 1;
  private static final int NONBLOCK = 0x800;

  private static final int TYPE = 3;
  private static final int ACCEPTS = 30;
  private static final int DOMAIN = 39;

  private static final Pattern NUMBER = Pattern.compile("\\d{1,9}");
  private static final String ANEW = "start this program anew for another peer";

  private final Map<String, String> environment;
  private final long pid;
  private final int first;
  private final Set<Integer> taken = ConcurrentHashMap.newKeySet();

  /** A stream socket. */
  record Socket(int descriptor, int family, boolean listens) {}

  /**
   * What a process was given.
   *
   * @param first the number of the first that socket activation gave it
   */
  Inherited(Map<String, String> environment, long pid, int first) {
    this.environment = environment;
    this.pid = pid;
    this.first = first;
  }

  /**
   * The socket of an address.
   *
   * @throws TransportException if it is none that can be used
   */
  Socket find(String attempted, Address address, MemorySegment scratch) throws TransportException {
    return find(attempted, address, number(attempted, address), scratch);
  }

  /** The same by its number, whatever the address is. */
  Socket find(String attempted, Address address, int descriptor, MemorySegment scratch)
      throws TransportException {
    if (taken.contains(descriptor)) {
      throw unusable(attempted, address, "it is in use, or has been; it can be used once", ANEW);
    }
    int flags = Libc.call(C.fcntl(), descriptor, GET_FLAGS);
    if (flags < 0) {
      throw unusable(
          attempted,
          address,
          "this process was started without a descriptor " + descriptor,
          "have whoever starts it pass one on");
    }
    if ((flags & CLOSE_ON_EXEC) != 0) {
      throw unusable(
          attempted,
          address,
          "descriptor " + descriptor + " is this program's own, it was not started with it",
          "have whoever starts it pass one on");
    }
    return socket(attempted, address, descriptor, scratch);
  }

  private static Socket socket(
      String attempted, Address address, int descriptor, MemorySegment scratch)
      throws TransportException {
    String remedy = "pass a stream socket";
    int family = Sockets.get(descriptor, DOMAIN, scratch);
    if (family < 0) {
      throw unusable(
          attempted, address, "it is " + file(descriptor) + ", which is no socket", remedy);
    }
    if (Sockets.get(descriptor, TYPE, scratch) != Sockets.STREAM) {
      throw unusable(attempted, address, "it is a socket, but of no stream", remedy);
    }
    boolean listens = Sockets.get(descriptor, ACCEPTS, scratch) > 0;
    if (!listens && !Sockets.isConnected(descriptor, scratch)) {
      throw unusable(attempted, address, "it neither listens nor is it connected", remedy);
    }
    if (address.flag("fds", false) && family != SocketAddresses.UNIX) {
      throw unusable(
          attempted, address, "only UNIX sockets can carry descriptors", "leave out fds=on");
    }
    return new Socket(descriptor, family, listens);
  }

  /** Makes a socket the caller's own: it is not passed to children, and nothing on it blocks. */
  Socket take(String attempted, Address address, Socket socket) throws TransportException {
    if (!taken.add(socket.descriptor())) {
      throw unusable(attempted, address, "it is in use, or has been; it can be used once", ANEW);
    }
    Libc.call(C.fcntl(), socket.descriptor(), SET_FLAGS, CLOSE_ON_EXEC);
    int status = Libc.call(C.fcntl(), socket.descriptor(), GET_STATUS);
    Libc.call(C.fcntl(), socket.descriptor(), SET_STATUS, status | NONBLOCK);
    return socket;
  }

  private int number(String attempted, Address address) throws TransportException {
    String target = address.target();
    if (NUMBER.matcher(target).matches()) {
      return Integer.parseInt(target);
    }
    String count = environment.getOrDefault("LISTEN_FDS", "");
    if (!NUMBER.matcher(count).matches()) {
      throw unusable(
          attempted,
          address,
          "names come from socket activation, and LISTEN_FDS is not set",
          "give the descriptor's number, or start this program by a socket unit");
    }
    String whose = environment.getOrDefault("LISTEN_PID", "");
    if (!whose.equals(Long.toString(pid))) {
      throw unusable(
          attempted,
          address,
          "LISTEN_PID is '" + whose + "' and this process is " + pid,
          "start this program by exec, so that it keeps the number of its process");
    }
    List<String> names = List.of(environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1));
    int most = Math.min(Integer.parseInt(count), names.size());
    int used = -1;
    for (int i = 0; i < most; i++) {
      if (names.get(i).equals(target)) {
        used = first + i;
        if (!taken.contains(used)) {
          return used;
        }
      }
    }
    if (used >= 0) {
      return used;
    }
    throw unusable(
        attempted,
        address,
        "socket activation gave no such name, but: " + String.join(", ", names.subList(0, most)),
        "set FileDescriptorName= in the socket unit");
  }

  private static String file(int descriptor) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
    } catch (IOException e) {
      return "something";
    }
  }

  static TransportException unusable(
      String attempted, Address address, String reason, String remedy) {
    return new TransportException(attempted, address, reason, remedy, false, null);
  }
}
