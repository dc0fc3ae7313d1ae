package org.qmpkit.net.linux;

import java.io.IOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.TransportException;

/** A call of Argo's devices that failed, and what that means for whoever asked for it. */
final class ArgoRefused extends IOException {
  private static final long serialVersionUID = 1;

  /** What was done. */
  enum Step {
    OPEN,
    SIZE,
    BIND,
    LISTEN,
    CONNECT,
    SEND
  }

  /** What it means. */
  private record Meaning(String reason, String remedy, boolean retryable) {}

  private final Step step;
  private final int errno;

  ArgoRefused(Step step, int errno) {
    super(Errno.text(errno));
    this.step = step;
    this.errno = errno;
  }

  int errno() {
    return errno;
  }

  /** Whether the port is taken, maybe by one of our own that is about to be closed. */
  boolean portTaken() {
    return step == Step.BIND && errno == Errno.EADDRINUSE;
  }

  /** In a sentence that somebody can act on. */
  TransportException toTransport(String attempted, Address address, ArgoPlace place) {
    Meaning meaning = step == Step.OPEN ? opening(place) : meaning(place);
    return new TransportException(
        attempted, address, meaning.reason(), meaning.remedy(), meaning.retryable(), this);
  }

  /** The same, without the address. */
  String inWords(ArgoPlace place) {
    Meaning meaning = meaning(place);
    return meaning.reason() + (meaning.remedy().isEmpty() ? "" : "; " + meaning.remedy());
  }

  /** Why these devices cannot be used at all on this host; null if that is not what it says. */
  static @Nullable String unavailable(ArgoAbi abi, ArgoRefused why) {
    return switch (why.errno) {
      case Errno.ENOSYS, Errno.EOPNOTSUPP, Errno.ENODEV, Errno.ENOENT, Errno.ENXIO ->
          why.step == Step.OPEN
              ? "no " + abi.datagrams() + ": load the " + abi.module() + " module"
              : without(abi);
      case Errno.EACCES, Errno.EPERM ->
          why.step == Step.OPEN ? abi.datagrams() + " is for root: run as root" : null;
      default -> null;
    };
  }

  private static String without(ArgoAbi abi) {
    return "this Xen has no "
        + (abi.option().isEmpty() ? "V4V" : "Argo: boot it with " + abi.option());
  }

  private Meaning opening(ArgoPlace place) {
    return switch (errno) {
      case Errno.EACCES, Errno.EPERM ->
          new Meaning(place.device() + " is for root", "run as root", false);
      default ->
          new Meaning(
              "no " + place.device() + " (" + getMessage() + ")",
              "load the " + place.abi().module() + " module",
              true);
    };
  }

  private Meaning meaning(ArgoPlace place) {
    String domain = "domain " + place.domid();
    return switch (errno) {
      case Errno.ENOSYS, Errno.EOPNOTSUPP, Errno.ENODEV ->
          new Meaning(without(place.abi()), "", false);
      case Errno.ESRCH ->
          new Meaning("there is no " + domain, "'xl list' shows which there are", true);
      case Errno.ECONNREFUSED, Errno.ENOTCONN ->
          new Meaning(
              step == Step.BIND
                  ? domain + " ends, or may not use " + place.abi().scheme()
                  : "nobody in "
                      + domain
                      + " has port "
                      + Integer.toUnsignedString(place.port())
                      + " open for us",
              "see whether QEMU, or a helper, runs there",
              true);
      case Errno.EADDRINUSE ->
          new Meaning(
              "port "
                  + Integer.toUnsignedString(place.localPort())
                  + " for "
                  + domain
                  + " is taken",
              "another route or program has it; 'fuser " + place.device() + "' shows which",
              true);
      case Errno.ENOSPC ->
          new Meaning(
              "this domain has 128 rings, and Xen allows no more",
              "end something that has one; 'fuser " + place.device() + "' shows what",
              true);
      case Errno.EPERM, Errno.EACCES -> forbidden(place, domain);
      case Errno.ETIMEDOUT -> new Meaning(domain + " does not answer", "", true);
      default -> new Meaning(step.name().toLowerCase(Locale.ROOT) + ": " + getMessage(), "", true);
    };
  }

  private Meaning forbidden(ArgoPlace place, String domain) {
    return step == Step.SEND || step == Step.CONNECT
        ? new Meaning(
            "the firewall in Xen forbids to send to port "
                + Integer.toUnsignedString(place.port())
                + " of "
                + domain,
            viptables(place),
            true)
        : new Meaning("Xen's policy forbids a ring for " + domain, "'xl dmesg' says more", false);
  }

  /** The rule that allows it, by the tool that OpenXT has for its Xen. */
  private static String viptables(ArgoPlace place) {
    return "viptables -I 1 --dom-out "
        + place.domid()
        + " --port-in "
        + Integer.toUnsignedString(place.localPort())
        + " --port-out "
        + Integer.toUnsignedString(place.port())
        + " -j ACCEPT";
  }
}
