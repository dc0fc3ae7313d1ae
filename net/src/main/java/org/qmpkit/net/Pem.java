package org.qmpkit.net;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A file of PEM blocks (RFC 7468): certificates (X.509), or a private key (PKCS#8). */
final class Pem {
  /** What is wrong with a file, in words that follow its name. */
  static final class PemException extends Exception {
    private static final long serialVersionUID = 1;

    private final String remedy;

    PemException(String problem, String remedy, Throwable cause) {
      super(problem, cause);
      this.remedy = remedy;
    }

    PemException(String problem, String remedy) {
      super(problem);
      this.remedy = remedy;
    }

    String remedy() {
      return remedy;
    }
  }

  private record Block(String label, String base64) {}

  private static final int MAX_BYTES = 1 << 20;
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]{1,64})-----([^-]*+)-----END \\1-----");
  private static final List<String> KEY_ALGORITHMS = List.of("RSA", "EC", "EdDSA");

  private final Path file;
  private final List<Block> blocks = new ArrayList<>();

  private Pem(Path file, String text) {
    this.file = file;
    Matcher matcher = BLOCK.matcher(text);
    while (matcher.find()) {
      blocks.add(new Block(matcher.group(1), matcher.group(2)));
    }
  }

  private static Pem read(Path file) throws PemException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new PemException(file + " is larger than 1 MiB", "name a PEM file");
      }
      return new Pem(file, new String(bytes, StandardCharsets.ISO_8859_1));
    } catch (NoSuchFileException e) {
      throw new PemException("there is no file " + file, "check the path", e);
    } catch (IOException e) {
      throw new PemException(
          file + " cannot be read (" + e.getMessage() + ")", "check its permissions", e);
    }
  }

  /**
   * The certificates of a file, in its order; at least one. Blocks while it is read.
   *
   * @throws PemException if it cannot be read, or has no certificate, or one that makes no sense
   */
  static List<X509Certificate> certificates(Path file) throws PemException {
    List<X509Certificate> found = new ArrayList<>();
    for (Block block : read(file).blocks) {
      if (block.label.equals("CERTIFICATE")) {
        found.add(certificate(file, found.size() + 1, block));
      }
    }
    if (found.isEmpty()) {
      throw new PemException(
          file + " has no certificate in PEM form", "it must have '-----BEGIN CERTIFICATE-----'");
    }
    return found;
  }

  private static X509Certificate certificate(Path file, int number, Block block)
      throws PemException {
    try {
      byte[] der = Base64.getMimeDecoder().decode(block.base64);
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      return (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der));
    } catch (CertificateException | IllegalArgumentException e) {
      throw new PemException(
          "certificate " + number + " of " + file + " cannot be read (" + e.getMessage() + ")",
          "write the file anew",
          e);
    }
  }

  /**
   * The private key of a file. Blocks while it is read.
   *
   * @throws PemException if it cannot be read, everybody may read it, or it has no key that can be
   *     used as it is
   */
  static PrivateKey key(Path file) throws PemException {
    Pem pem = read(file);
    for (Block block : pem.blocks) {
      switch (block.label) {
        case "PRIVATE KEY" -> {
          refuseIfPublic(file);
          return pem.key(block);
        }
        case "ENCRYPTED PRIVATE KEY" ->
            throw new PemException("the key in " + file + " is encrypted", pem.conversion());
        case "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY" ->
            throw new PemException(
                "the key in " + file + " is in the old form '" + block.label + "', not PKCS#8",
                pem.conversion());
        default -> {
          // Certificates and parameters may stand in the same file.
        }
      }
    }
    throw new PemException(
        file + " has no private key in PEM form", "it must have '-----BEGIN PRIVATE KEY-----'");
  }

  private String conversion() {
    return "convert it: openssl pkcs8 -topk8 -nocrypt -in " + file + " -out NEW";
  }

  private PrivateKey key(Block block) throws PemException {
    try {
      byte[] der = Base64.getMimeDecoder().decode(block.base64);
      for (String algorithm : KEY_ALGORITHMS) {
        try {
          return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
        } catch (InvalidKeySpecException e) {
          // Of another algorithm, or of none.
        }
      }
    } catch (IllegalArgumentException e) {
      throw new PemException(
          "the key in " + file + " cannot be read (" + e.getMessage() + ")",
          "write the file anew",
          e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a JDK without RSA, EC and EdDSA", e);
    }
    throw new PemException(
        "the key in " + file + " is no RSA, EC or Ed25519 key", "write the file anew");
  }

  private static void refuseIfPublic(Path file) throws PemException {
    try {
      if (Files.getPosixFilePermissions(file).contains(PosixFilePermission.OTHERS_READ)) {
        throw new PemException(
            "everybody on this host may read the key in " + file, "chmod 600 " + file);
      }
    } catch (IOException | UnsupportedOperationException e) {
      // A file system without modes has nothing to say about it.
    }
  }
}
