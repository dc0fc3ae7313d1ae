package org.qmpkit.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A machine that is a folder, in which a test puts what is to be found. */
record PlantedHost(Path root) {
  /** What an examination of it says. */
  List<Finding> findings(@Nullable String target) throws UsageException {
    return new Examination(new Host(root, true), Duration.ofSeconds(1)).of(target);
  }

  /** What an examination says of the same folder as an image. */
  List<Finding> findingsInFiles(@Nullable String target) throws UsageException {
    return new Examination(new Host(root, false), Duration.ofSeconds(1)).of(target);
  }

  PlantedHost with(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(Objects.requireNonNull(file.getParent()));
    Files.writeString(file, text);
    return this;
  }

  /** A process of the user who runs this test. */
  PlantedHost process(int pid, String... words) throws IOException {
    int user = Users.of(root);
    return with("proc/" + pid + "/cmdline", String.join("\0", words) + "\0")
        .users(pid, user, user, user);
  }

  /** Whose a process is: its real, effective and saved user. */
  PlantedHost users(int pid, int real, int effective, int saved) throws IOException {
    return with(
        "proc/" + pid + "/status",
        "Name:\tx\nUid:\t%d\t%d\t%d\t%d\nGid:\t0\t0\t0\t0\n"
            .formatted(real, effective, saved, effective));
  }

  /** A script, as a program of the machine. */
  PlantedHost program(String path, String text) throws IOException {
    with(path, text);
    Files.setPosixFilePermissions(root.resolve(path), PosixFilePermissions.fromString("rwxr-xr-x"));
    return this;
  }

  /** A stand-in for viptables with these rules, the first one first. */
  PlantedHost firewall(String... rules) throws IOException {
    try (InputStream in = PlantedHost.class.getResourceAsStream("viptables")) {
      program(
          "usr/sbin/viptables",
          new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8));
    }
    return with("usr/sbin/rules", String.join("\n", rules) + (rules.length == 0 ? "" : "\n"));
  }

  /** Dom0 of a Xen host that lacks nothing. */
  PlantedHost xen() throws IOException {
    return with("sys/hypervisor/type", "xen\n")
        .with("sys/hypervisor/version/major", "4\n")
        .with("sys/hypervisor/version/minor", "17\n")
        .with("proc/xen/capabilities", "control_d\n")
        .with("dev/xen/evtchn", "")
        .with("dev/xen/gntdev", "")
        .with("dev/xen/gntalloc", "")
        .program("usr/bin/vchan-socket-proxy", "#!/bin/sh\n# QMPKIT_CONTROL\n");
  }
}
