package org.qmpkit.net;

import java.io.IOException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Why TLS did not come about, or broke, in words for people. */
final class TlsException extends IOException {
  private static final long serialVersionUID = 1;
  private static final Pattern ALERT = Pattern.compile("Received fatal alert: (\\w+)");

  private final String reason;
  private final String remedy;
  private final boolean retryable;

  TlsException(String reason, String remedy, boolean retryable, @Nullable Throwable cause) {
    super(reason, cause);
    this.reason = reason.replaceAll("\\p{Cntrl}", "?");
    this.remedy = remedy;
    this.retryable = retryable;
  }

  /** What the JDK, or the peer in an alert, says, in clearer words. */
  static TlsException of(Exception e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      switch (cause) {
        case TlsException same -> {
          return same;
        }
        case CertificateExpiredException expired -> {
          return wrong("has expired (" + expired.getMessage() + ")", "renew it", false, e);
        }
        case CertificateNotYetValidException early -> {
          return wrong(
              "is not valid yet (" + early.getMessage() + ")", "check the clocks", true, e);
        }
        default -> {
          // What it wraps may be clearer.
        }
      }
    }
    String text = String.valueOf(e.getMessage());
    Matcher alert = ALERT.matcher(text);
    return alert.find() ? alerted(alert.group(1), e) : local(text, e);
  }

  private static TlsException alerted(String alert, Exception e) {
    return switch (alert) {
      case "certificate_required" ->
          fatal("the peer demands a certificate and was shown none", "add cert= and key=", e);
      case "bad_certificate",
          "unsupported_certificate",
          "certificate_revoked",
          "certificate_expired",
          "certificate_unknown",
          "unknown_ca",
          "access_denied" ->
          fatal(
              "the peer refused the certificate it was shown (" + alert + ")",
              "see what the peer says; it must have the CA, the host name and the time right",
              e);
      case "protocol_version" -> tooOld(e);
      default -> fatal("the peer ended TLS with the alert " + alert, "see what the peer says", e);
    };
  }

  private static TlsException local(String text, Exception e) {
    if (text.contains("recognized SSL message") || text.contains("SSL V2.0")) {
      return fatal(
          "the peer does not speak TLS", "use tcp: for it, or switch TLS on over there", e);
    }
    if (text.contains("protocol version") || text.contains("protocol_version")) {
      return tooOld(e);
    }
    if (text.contains("Empty client certificate chain")) {
      return fatal("the peer showed no certificate", "give it one: cert= and key=", e);
    }
    if (text.contains("No name matching") || text.contains("No subject alternative")) {
      return wrong(
          "is for another host (" + deepest(e) + ")", "dial it by the name it has", false, e);
    }
    if (text.contains("unable to find valid certification path")
        || text.contains("does not chain with any of the trust anchors")) {
      return wrong(
          "is self-signed, or of a CA that is not trusted here", "name its CA in ca=", false, e);
    }
    return deepestIsCertificate(e)
        ? wrong("is not accepted (" + deepest(e) + ")", "", false, e)
        : fatal("TLS failed (" + text + ")", "", e);
  }

  private static TlsException tooOld(Exception e) {
    return fatal("the peer has no TLS 1.3", "update it; older versions are not spoken here", e);
  }

  private static TlsException wrong(
      String what, String remedy, boolean retryable, Exception cause) {
    return new TlsException("the peer's certificate " + what, remedy, retryable, cause);
  }

  private static TlsException fatal(String reason, String remedy, Exception cause) {
    return new TlsException(reason, remedy, false, cause);
  }

  private static boolean deepestIsCertificate(Exception e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertificateException) {
        return true;
      }
    }
    return false;
  }

  private static String deepest(Exception e) {
    Throwable cause = e;
    for (Throwable next = e; next != null; next = next.getCause()) {
      cause = next;
    }
    return String.valueOf(cause.getMessage());
  }

  /** The same as the failure of an attempt. */
  TransportException at(String attempted, Address address) {
    return new TransportException(attempted, address, reason, remedy, retryable, this);
  }

  /** The same as what a peer could not be read for. */
  IOException reading(String peer) {
    return new IOException(
        "cannot read from " + peer + ": " + reason + (remedy.isEmpty() ? "" : "; " + remedy), this);
  }

  String reason() {
    return reason;
  }
}
