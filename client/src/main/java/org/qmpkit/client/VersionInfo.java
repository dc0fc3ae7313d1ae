package org.qmpkit.client;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * The answer to {@code query-version} (QEMU's qapi/control.json, VersionInfo).
 *
 * @param qemu the release
 * @param packaged what whoever built it adds; often empty
 */
public record VersionInfo(Triple qemu, @JsonProperty("package") String packaged) {
  /** A version of three numbers (QEMU's VersionTriple). */
  public record Triple(int major, int minor, int micro) {}
}
