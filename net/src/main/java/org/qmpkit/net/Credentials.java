package org.qmpkit.net;

/**
 * Who a peer on this host is, in numbers, as the system saw it when the connection was made.
 *
 * @param pid its process then; 0 if it is in another name space of processes. It may have ended
 *     since, and its number be another's: good for logs, not for decisions
 * @param uid its user
 * @param gid its group
 */
public record Credentials(int pid, long uid, long gid) {}
