package org.qmpkit.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Xenstore;

/**
 * Every monitor of a machine that this user can find: in the folders where programs have them, by
 * the command lines of QEMUs, and by those of helpers. It connects to none.
 */
final class MonitorSearch {
  /** How many sockets are looked at; the rest is counted. */
  static final int MOST = 4096;

  private static final int KIND = 0170000;
  private static final int SOCKET = 0140000;

  private static final Pattern LIBXL = Pattern.compile("qmp-libxl-(\\d{1,5})");
  private static final Pattern LIBXENSTAT = Pattern.compile("qmp-libxenstat-\\d{1,5}");

  /** A domain's folder of libvirt's: its number, if it is one that runs, and its name. */
  private static final Pattern DOMAIN = Pattern.compile("domain-(?:\\d{1,9}-)?(.+)");

  private static final String ROUTES_END = "\\.qmp$";

  /** libvirt cuts names in paths to so many characters. */
  private static final int LIBVIRTS_LONGEST = 20;

  private final Host host;
  private final Map<String, String> environment;
  private final Map<Object, Sighting> found = new LinkedHashMap<>();
  private final List<String> unread = new ArrayList<>();
  private int leftOut;
  private @Nullable SocketTable table;

  MonitorSearch(Host host, Map<String, String> environment) {
    this.host = host;
    this.environment = environment;
  }

  /** Looks; blocks, most of all for xenstored where there is one. */
  void look() {
    Processes processes = Processes.of(host);
    SocketTable sockets = SocketTable.of(host);
    table = sockets;
    Folder.all(environment).forEach(this::lookInto);
    for (Processes.SharedAt each : processes.routes()) {
      if (isCredible(each.pid(), each.user(), each.listen(), sockets)) {
        see(each.listen()).ifPresent(sighting -> sighting.route(each));
      }
    }
    for (Processes.Monitor each : processes.monitors()) {
      if (isCredible(each.qemu().pid(), each.qemu().user(), each.socket(), sockets)) {
        see(each.socket()).ifPresent(sighting -> sighting.qemu(each.qemu()));
      }
    }
    found.values().forEach(each -> identify(each, sockets));
    nameXensGuests();
    processes.routes().forEach(this::join);
  }

  /** What it has found. */
  Collection<Sighting> found() {
    return found.values();
  }

  /** The sockets of the machine as they were when it looked. */
  SocketTable table() {
    return table == null ? SocketTable.of(host) : table;
  }

  /** Folders that are there and can't be looked into. */
  List<String> unread() {
    return unread;
  }

  /** How many sockets more there are than {@link #MOST}. */
  int leftOut() {
    return leftOut;
  }

  /**
   * Whether a process can be who listens at a socket, as its command line says: another person has
   * none of the machine's, and where the system tells who listens, it is nobody else.
   */
  private static boolean isCredible(int pid, int user, Path socket, SocketTable sockets) {
    List<Holder> listening = sockets.listening(socket);
    if (!listening.isEmpty() && listening.stream().noneMatch(each -> each.pid() == pid)) {
      return false;
    }
    try {
      return Users.isTrusted(user) || !Users.isTrusted(Users.of(socket));
    } catch (IOException e) {
      return true;
    }
  }

  /** What is known of a socket so far; empty if there are too many, or no address can name it. */
  private Optional<Sighting> see(Path socket) {
    if (socket.toString().chars().anyMatch(Character::isISOControl)) {
      return Optional.empty();
    }
    Object key = Sighting.key(socket);
    Sighting known = found.get(key);
    if (known == null && found.size() == MOST) {
      leftOut++;
      return Optional.empty();
    }
    if (known == null) {
      known = new Sighting(socket);
      found.put(key, known);
    }
    return Optional.of(known);
  }

  private void lookInto(Folder folder) {
    Path place = host.at(folder.path());
    try (DirectoryStream<Path> files = Files.newDirectoryStream(place, folder.names())) {
      for (Path each : files) {
        Path socket = folder.within().isEmpty() ? each : each.resolve(folder.within());
        if (isSocket(socket)) {
          see(socket).ifPresent(sighting -> sighting.in(folder));
        }
      }
    } catch (AccessDeniedException e) {
      unread.add(place.toString());
    } catch (IOException | DirectoryIteratorException e) {
      // There are no monitors in what is not there.
    }
  }

  /** Whether it is one, or is out of our sight, in a place for one. */
  private static boolean isSocket(Path file) {
    try {
      return ((int) Files.getAttribute(file, "unix:mode") & KIND) == SOCKET;
    } catch (AccessDeniedException e) {
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Finds out who made it, and what it is called. The system's list of sockets names none: whoever
   * binds abstract names, which may have line ends, writes lines of it.
   */
  private void identify(Sighting it, SocketTable sockets) {
    List<Holder> listening = sockets.listening(it.socket());
    boolean helpers =
        !listening.isEmpty() && listening.stream().allMatch(each -> each.helper(host).isPresent());
    if (it.route() != null || helpers) {
      it.by(Sighting.HELPER);
    } else if (it.by().isEmpty() && it.qemu() != null) {
      it.by("QEMU");
    }
    String file = String.valueOf(it.socket().getFileName());
    if (LIBXENSTAT.matcher(file).matches()) {
      // The same QEMU's second monitor, which is for xentop.
      it.name(file);
      return;
    }
    QemuProcess qemu = it.qemu();
    String name = qemu == null ? "" : qemu.name();
    it.name(name);
    if (it.folder() != null || (it.names().isEmpty() && it.route() == null)) {
      String cutName = nameByPath(it.socket(), file);
      boolean cut = cutName.length() == LIBVIRTS_LONGEST && name.startsWith(cutName);
      it.name(cut ? "" : cutName);
    }
    if (it.route() != null) {
      it.name(it.route().route().name().replaceFirst(ROUTES_END, ""));
    }
  }

  private static String nameByPath(Path socket, String file) {
    Path folder = socket.getParent();
    Matcher domain = DOMAIN.matcher(folder == null ? "" : String.valueOf(folder.getFileName()));
    Matcher libxl = LIBXL.matcher(file);
    if (libxl.matches()) {
      return "dom" + libxl.group(1);
    }
    return file.equals(Folder.LIBVIRTS_SOCKET) && domain.matches()
        ? domain.group(1)
        : file.replaceFirst(ROUTES_END, "");
  }

  /** Of Xen's guests xenstore has the names. */
  private void nameXensGuests() {
    Map<String, Sighting> guests = new LinkedHashMap<>();
    for (Sighting each : found.values()) {
      Matcher libxl = LIBXL.matcher(String.valueOf(each.socket().getFileName()));
      if (libxl.matches()) {
        guests.put(libxl.group(1), each);
      }
    }
    Optional<Address> place = guests.isEmpty() ? Optional.empty() : Xenstore.here();
    if (place.isEmpty()) {
      return;
    }
    try (StoreReader store = new StoreReader(place.get())) {
      for (Map.Entry<String, Sighting> each : guests.entrySet()) {
        store
            .read("/local/domain/" + each.getKey() + "/name")
            .ifPresent(each.getValue()::nameFirst);
      }
    } catch (IOException e) {
      unread.add("xenstore (" + e.getMessage() + ")");
    }
  }

  /** What a helper shares is called as QEMU's own monitor is, which is reached through it. */
  private void join(Processes.SharedAt route) {
    Sighting shared = found.get(Sighting.key(route.listen()));
    Path connect = route.connect();
    Sighting qemus = connect == null ? null : found.get(Sighting.key(connect));
    // Another user's helper does not stand between us and a monitor, nor one that does not listen.
    if (shared == null
        || qemus == null
        || shared == qemus
        || !route.equals(shared.route())
        || !shared.isTrusted()) {
      return;
    }
    qemus.through(route);
    if (qemus.isTrusted()) {
      qemus.names().reversed().forEach(shared::nameFirst);
    }
  }
}
