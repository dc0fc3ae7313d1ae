import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleFinder;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes what an image is made of, as CycloneDX 1.6: what Maven says of the program, without what jlink
 * left out, and the Java runtime, our programs in C and the C library inside of two of them. Run by
 * dist/image.
 *
 * <p>Arguments: what Maven says; the folder of the modules the image was made of; the image; the JDK;
 * the version of the C library that programs are linked with.
 */
final class Sbom {
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private final ObjectNode bom;
  private final ObjectNode program;
  private final ObjectNode product;
  private final ArrayNode parts;
  private final Path image;

  private Sbom(Path said, Path image) {
    bom = (ObjectNode) JSON.readTree(said.toFile());
    parts = bom.withArray("components");
    // The program's own module is a part like the others, of a product that Maven does not know.
    program = (ObjectNode) bom.get("metadata").get("component");
    parts.insert(0, program);
    product = ((ObjectNode) bom.get("metadata")).putObject("component");
    product.put("type", "application").put("bom-ref", "qmpkit").put("name", "qmpkit");
    product.set("version", program.get("version"));
    this.image = image;
  }

  public static void main(String[] arguments) throws Exception {
    Path image = Path.of(arguments[2]);
    Sbom sbom = new Sbom(Path.of(arguments[0]), image);
    sbom.modules(Path.of(arguments[1]));
    sbom.runtime(Path.of(arguments[3]));
    sbom.programs(arguments[4]);
    sbom.dependencies();
    Files.writeString(
        image.resolve("lib/qmpkit/sbom.cdx.json"), JSON.writeValueAsString(sbom.bom) + "\n");
  }

  /** Leaves what the image has, each with its module. */
  private void modules(Path folder) throws Exception {
    Map<String, String> names = new HashMap<>();
    Map<String, URI> jars = new HashMap<>();
    for (var module : ModuleFinder.of(folder).findAll()) {
      URI jar = module.location().orElseThrow();
      String file = Path.of(jar).getFileName().toString();
      names.put(file, module.descriptor().name());
      jars.put(file, jar);
    }
    Set<String> linked = new TreeSet<>(linked());
    for (var each = parts.iterator(); each.hasNext(); ) {
      ObjectNode part = (ObjectNode) each.next();
      String file = part.get("name").asString() + "-" + part.get("version").asString() + ".jar";
      String module = names.get(file);
      if (module == null || !linked.remove(module)) {
        each.remove();
        continue;
      }
      property(part, "qmpkit:module", module);
      if (part == program) {
        // Maven tells of it before its jar is known.
        part.putArray("hashes").addObject().put("alg", "SHA-256").put("content", sha256(Path.of(jars.get(file))));
      }
      if (file.startsWith("jline-")) {
        // Its POM calls it "The BSD License", which tools take for the oldest; its address says which.
        licensed(part, "BSD-3-Clause");
      }
      if (module.equals("org.jline.nativ")) {
        property(part, "qmpkit:file", "lib/qmpkit/libjlinenative.so");
      }
      if (!part.get("hashes").toString().contains(sha256(Path.of(jars.get(file))))) {
        if (part.get("group").asString().equals("org.qmpkit")) {
          throw new IOException(file + " is not the one that Maven told of; build it again: touch pom.xml");
        }
        part.putObject("pedigree").put("notes", "a module descriptor was added to the jar");
      }
    }
    if (!linked.isEmpty()) {
      throw new IOException("Maven does not know where these modules of the image come from: " + linked);
    }
  }

  /** The modules of the image, but for the JDK's. */
  private List<String> linked() throws IOException {
    return all().stream().filter(name -> !isOfJdk(name)).toList();
  }

  private List<String> all() throws IOException {
    return List.of(release(image).getProperty("MODULES").replace("\"", "").split(" "));
  }

  private static boolean isOfJdk(String module) {
    return module.startsWith("java.") || module.startsWith("jdk.");
  }

  private static Properties release(Path folder) throws IOException {
    Properties release = new Properties();
    try (InputStream in = Files.newInputStream(folder.resolve("release"))) {
      release.load(in);
    }
    return release;
  }

  private void runtime(Path jdk) throws IOException {
    Properties release = release(jdk);
    String version = release.getProperty("JAVA_RUNTIME_VERSION").replace("\"", "");
    String number = release.getProperty("JAVA_VERSION").replace("\"", "");
    String supplier = release.getProperty("IMPLEMENTOR", "").replace("\"", "");
    ObjectNode part = part("platform", "openjdk", version);
    if (!supplier.isEmpty()) {
      part.putObject("supplier").put("name", supplier);
    }
    part.putArray("licenses")
        .addObject()
        .put("expression", "GPL-2.0-only WITH Classpath-exception-2.0");
    part.put("cpe", "cpe:2.3:a:oracle:openjdk:" + number + ":*:*:*:*:*:*:*");
    part.put("purl", "pkg:generic/openjdk@" + version.replace("+", "%2B"));
    all().stream().filter(Sbom::isOfJdk).sorted().forEach(each -> property(part, "qmpkit:module", each));
  }

  private void programs(String libc) throws Exception {
    ObjectNode inside = part("library", "glibc", libc);
    licensed(inside, "LGPL-2.1-or-later");
    inside.put("cpe", "cpe:2.3:a:gnu:glibc:" + libc + ":*:*:*:*:*:*:*");
    inside.put("purl", "pkg:generic/glibc@" + libc);
    inside.put("description", "Linked into vchan-socket-proxy and qmp-stub-static.");
    for (String name : List.of("vchan-socket-proxy", "qmp-stub", "qmp-stub-static")) {
      ObjectNode part = part("application", name, product.get("version").asString());
      part.putArray("hashes")
          .addObject()
          .put("alg", "SHA-256")
          .put("content", sha256(image.resolve("bin/" + name)));
      licensed(part, "GPL-2.0-or-later");
      property(part, "qmpkit:file", "bin/" + name);
    }
  }

  private ObjectNode part(String type, String name, String version) {
    return parts
        .addObject()
        .put("type", type)
        .put("bom-ref", name)
        .put("name", name)
        .put("version", version);
  }

  private static void licensed(ObjectNode part, String id) {
    part.putArray("licenses").addObject().putObject("license").put("id", id);
  }

  private static void property(ObjectNode part, String name, String value) {
    part.withArray("properties").addObject().put("name", name).put("value", value);
  }

  /** Maven's, of those that are left; and what the product itself is made of. */
  private void dependencies() {
    Set<String> known = new HashSet<>();
    parts.forEach(each -> known.add(each.get("bom-ref").asString()));
    ArrayNode dependencies = bom.withArray("dependencies");
    for (var each = dependencies.iterator(); each.hasNext(); ) {
      ObjectNode dependency = (ObjectNode) each.next();
      if (!known.contains(dependency.get("ref").asString())) {
        each.remove();
        continue;
      }
      for (var on = dependency.withArray("dependsOn").iterator(); on.hasNext(); ) {
        if (!known.contains(on.next().asString())) {
          on.remove();
        }
      }
    }
    for (String statically : List.of("vchan-socket-proxy", "qmp-stub-static")) {
      dependencies.addObject().put("ref", statically).putArray("dependsOn").add("glibc");
    }
    ArrayNode made = dependencies.addObject().put("ref", "qmpkit").putArray("dependsOn");
    List.of(program.get("bom-ref").asString(), "openjdk", "vchan-socket-proxy", "qmp-stub", "qmp-stub-static").forEach(made::add);
  }

  private static String sha256(Path file) throws IOException, NoSuchAlgorithmException {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      in.transferTo(java.io.OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
