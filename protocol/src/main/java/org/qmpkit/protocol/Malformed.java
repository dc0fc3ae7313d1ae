package org.qmpkit.protocol;

/**
 * A message that is no JSON of its {@link Dialect}, or is over a limit.
 *
 * @param reason what is wrong, in the words of QEMU's parser ("JSON parse error, …", "JSON token
 *     size limit exceeded"); may hold any character, so quote it before it goes on a wire or into a
 *     log
 */
public record Malformed(String reason) implements Scanned {}
