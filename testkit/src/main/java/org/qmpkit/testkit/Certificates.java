package org.qmpkit.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * An authority for tests, made with the JDK's keytool, and what it has issued: PEM files in one
 * folder, {@code NAME.crt} (with the chain, the authority left out) and {@code NAME.key} (PKCS#8).
 */
public final class Certificates {
  /** Of the key store and of every key in it. */
  public static final String PASSWORD = "changeit";

  private static final long PATIENCE_SECONDS = 120;

  private final Path folder;
  private final Path store;
  private final String subject;

  private Certificates(Path folder, String subject) {
    this.folder = folder;
    this.store = folder.resolve("keys.p12");
    this.subject = subject;
  }

  /**
   * Makes an authority. Blocks for the second or so that keytool takes.
   *
   * @param folder where its files go; must be there
   * @param name of the authority, as {@code CN=some CA}
   * @throws IOException if keytool fails, or a file can't be written
   */
  public static Certificates authority(Path folder, String name) throws IOException {
    Certificates made = new Certificates(folder, name);
    made.keytool(
        List.of("-alias", "ca", "-dname", name, "-ext", "bc:c", "-ext", "ku:c=keyCertSign"), "EC");
    made.write("ca", made.chain("ca"));
    return made;
  }

  /** The authority's own certificate. */
  public Path ca() {
    return crt("ca");
  }

  /** The certificate of something that was issued, with its chain. */
  public Path crt(String name) {
    return folder.resolve(name + ".crt");
  }

  /** The key of something that was issued. */
  public Path key(String name) {
    return folder.resolve(name + ".key");
  }

  /** All of them, with the password {@link #PASSWORD}. */
  public Path keyStore() {
    return store;
  }

  /** Options for an address that shows a certificate. */
  public String show(String name) {
    return ",cert=" + crt(name) + ",key=" + key(name);
  }

  /** The option for an address that believes this authority. */
  public String believe() {
    return ",ca=" + ca();
  }

  /**
   * Issues a certificate for {@code CN=name,O=qmpkit} that is good for {@code localhost} and {@code
   * 127.0.0.1}, now. Blocks for the second or so that keytool takes.
   *
   * @param algorithm of its key: {@code EC}, {@code RSA} or {@code Ed25519}
   * @param options of keytool's -genkeypair, which go before the usual ones
   * @throws IOException if keytool fails, or a file can't be written
   */
  public Certificates issue(String name, String algorithm, String... options) throws IOException {
    List<String> all =
        new ArrayList<>(List.of("-alias", name, "-dname", "CN=" + name + ",O=qmpkit"));
    all.addAll(List.of("-signer", "ca"));
    all.addAll(List.of(options));
    if (!all.contains("-ext")) {
      all.addAll(List.of("-ext", "san=dns:localhost,ip:127.0.0.1"));
    }
    keytool(all, algorithm);
    write(name, chain(name));
    return this;
  }

  private void keytool(List<String> options, String algorithm) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of("-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC"));
    command.addAll(List.of("-genkeypair", "-keyalg", algorithm));
    if (algorithm.equals("EC")) {
      // The JDK has machine code for this curve; keytool's usual one makes handshakes take long.
      command.addAll(List.of("-groupname", "secp256r1"));
    }
    command.addAll(List.of("-keystore", store.toString(), "-storepass", PASSWORD));
    command.addAll(options);
    if (!options.contains("-validity")) {
      command.addAll(List.of("-validity", "3650"));
    }
    Path said = folder.resolve("keytool.out");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(Redirect.to(said.toFile()))
            .start();
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
        process.destroyForcibly();
        throw new IOException(subject + ": keytool failed: " + Files.readString(said));
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while keytool works", e);
    }
  }

  private interface FromStore<T> {
    T take(KeyStore from) throws GeneralSecurityException;
  }

  private <T> T open(FromStore<T> what) throws IOException {
    try (InputStream in = Files.newInputStream(store)) {
      KeyStore from = KeyStore.getInstance("PKCS12");
      from.load(in, PASSWORD.toCharArray());
      return what.take(from);
    } catch (GeneralSecurityException e) {
      throw new IOException("cannot read what keytool made", e);
    }
  }

  private List<Certificate> chain(String name) throws IOException {
    List<Certificate> all = open(from -> Arrays.asList(from.getCertificateChain(name)));
    return all.size() == 1 ? all : all.subList(0, all.size() - 1);
  }

  private void write(String name, List<Certificate> chain) throws IOException {
    StringBuilder text = new StringBuilder();
    try {
      for (Certificate each : chain) {
        text.append(pem("CERTIFICATE", each.getEncoded()));
      }
    } catch (GeneralSecurityException e) {
      throw new IOException("cannot encode " + name, e);
    }
    Files.writeString(crt(name), text);
    Key key = open(from -> from.getKey(name, PASSWORD.toCharArray()));
    Files.writeString(key(name), pem("PRIVATE KEY", key.getEncoded()));
    Files.setPosixFilePermissions(key(name), PosixFilePermissions.fromString("rw-------"));
  }

  /** A PEM block (RFC 7468). */
  public static String pem(String label, byte[] der) {
    byte[] newline = "\n".getBytes(StandardCharsets.US_ASCII);
    return "-----BEGIN %s-----%n%s%n-----END %s-----%n"
        .formatted(label, Base64.getMimeEncoder(64, newline).encodeToString(der), label);
  }
}
