package org.qmpkit.net;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/**
 * Says whether a peer's certificate is good: the JDK's own judgement, and what it leaves out. It
 * judges during the handshake, so that the peer is told of a no.
 */
final class TlsJudge extends X509ExtendedTrustManager {
  private final X509ExtendedTrustManager jdk;
  private final @Nullable X500Principal authorized;

  /**
   * A judge.
   *
   * @param authorized the subject that the peer must have; null if any will do
   */
  TlsJudge(X509ExtendedTrustManager jdk, @Nullable X500Principal authorized) {
    this.jdk = jdk;
    this.authorized = authorized;
  }

  private void judge(X509Certificate certificate) throws CertificateException {
    // The JDK does not look at the dates of one that is itself in ca=.
    certificate.checkValidity();
    X500Principal subject = certificate.getSubjectX500Principal();
    if (authorized != null && !authorized.equals(subject)) {
      throw new CertificateException(
          new TlsException(
              "the peer is '"
                  + subject.getName()
                  + "', and authz= wants '"
                  + authorized.getName()
                  + "'",
              "dial the right one, or correct authz=",
              false,
              null));
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    jdk.checkClientTrusted(chain, type, engine);
    judge(chain[0]);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    jdk.checkServerTrusted(chain, type, engine);
    judge(chain[0]);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    jdk.checkClientTrusted(chain, type, socket);
    judge(chain[0]);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    jdk.checkServerTrusted(chain, type, socket);
    judge(chain[0]);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
    jdk.checkClientTrusted(chain, type);
    judge(chain[0]);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
    jdk.checkServerTrusted(chain, type);
    judge(chain[0]);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return jdk.getAcceptedIssuers();
  }
}
