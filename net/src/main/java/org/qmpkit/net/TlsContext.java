package org.qmpkit.net;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/** What one end of a TLS address shows, and whom it believes. Immutable. */
final class TlsContext {
  private static final String[] PROTOCOLS = {"TLSv1.3"};

  private final KeyManager @Nullable [] keys;
  private final TrustManager[] trusted;
  private final boolean asks;

  private TlsContext(KeyManager @Nullable [] keys, TrustManager[] trusted, boolean asks) {
    this.keys = keys;
    this.trusted = trusted;
    this.asks = asks;
  }

  /**
   * Reads the files that an address names. Blocks for them and, the first time in a process, for
   * the JDK's own authorities.
   *
   * @throws TransportException if one is missing or cannot be used, or they do not fit each other
   */
  static TlsContext of(String attempted, Address address) throws TransportException {
    try {
      return new TlsContext(
          keys(attempted, address),
          trusted(address, authorized(attempted, address)),
          address.option("ca").isPresent());
    } catch (Pem.PemException e) {
      throw unusable(attempted, address, String.valueOf(e.getMessage()), e.remedy(), e);
    } catch (InvalidPathException e) {
      throw unusable(attempted, address, String.valueOf(e.getMessage()), "correct it", e);
    } catch (GeneralSecurityException | IOException e) {
      throw unusable(
          attempted, address, "the certificates cannot be used (" + e.getMessage() + ")", "", e);
    }
  }

  private static KeyManager @Nullable [] keys(String attempted, Address address)
      throws Pem.PemException, TransportException {
    Optional<String> cert = address.option("cert");
    Optional<String> key = address.option("key");
    if (cert.isEmpty() || key.isEmpty()) {
      return null;
    }
    List<X509Certificate> chain = Pem.certificates(Path.of(cert.get()));
    PrivateKey own = Pem.key(Path.of(key.get()));
    TlsIdentity identity = new TlsIdentity(chain, own);
    if (!identity.matches()) {
      throw unusable(
          attempted,
          address,
          "the key in " + key.get() + " is not that of the first certificate in " + cert.get(),
          "name the files that belong together",
          null);
    }
    return new KeyManager[] {identity};
  }

  private static TrustManager[] trusted(Address address, @Nullable X500Principal authorized)
      throws Pem.PemException, GeneralSecurityException, IOException {
    Optional<String> ca = address.option("ca");
    KeyStore anchors = null;
    if (ca.isPresent()) {
      anchors = KeyStore.getInstance(KeyStore.getDefaultType());
      anchors.load(null, null);
      int number = 0;
      for (X509Certificate each : Pem.certificates(Path.of(ca.get()))) {
        anchors.setCertificateEntry("ca" + number++, each);
      }
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(anchors);
    return Arrays.stream(factory.getTrustManagers())
        .map(each ->
            each instanceof X509ExtendedTrustManager jdk ? new TlsJudge(jdk, authorized) : each)
        .toArray(TrustManager[]::new);
  }

  private static @Nullable X500Principal authorized(String attempted, Address address)
      throws TransportException {
    Optional<String> name = address.option("authz");
    if (name.isEmpty()) {
      return null;
    }
    try {
      return new X500Principal(name.get());
    } catch (IllegalArgumentException e) {
      throw unusable(
          attempted,
          address,
          "authz '" + name.get() + "' is not a name as RFC 2253 writes it",
          "write one such as authz=CN=alice,,O=Example (a comma is doubled)",
          e);
    }
  }

  /** An engine for the side that dials; the name of the peer's certificate must be the host. */
  SSLEngine dialling(String host, int port) {
    SSLEngine engine = fresh().createSSLEngine(host, port);
    engine.setUseClientMode(true);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(PROTOCOLS);
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    engine.setSSLParameters(parameters);
    return engine;
  }

  /** An engine for the side that is dialled; it demands a certificate where a CA was named. */
  SSLEngine dialled() {
    SSLEngine engine = fresh().createSSLEngine();
    engine.setUseClientMode(false);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(PROTOCOLS);
    parameters.setNeedClientAuth(asks);
    engine.setSSLParameters(parameters);
    return engine;
  }

  /** A context remembers sessions; with one for each connection none is ever resumed. */
  private SSLContext fresh() {
    try {
      SSLContext context = SSLContext.getInstance(PROTOCOLS[0]);
      context.init(keys, trusted, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a JDK without TLS 1.3", e);
    }
  }

  private static TransportException unusable(
      String attempted, Address address, String reason, String remedy, @Nullable Throwable cause) {
    return new TransportException(attempted, address, reason, remedy, false, cause);
  }
}
