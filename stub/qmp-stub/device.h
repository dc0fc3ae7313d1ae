/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A device of Argo or V4V, for datagrams or streams. Nothing blocks; results are -errno where a call
 * failed.
 */
#ifndef QMPKIT_DEVICE_H
#define QMPKIT_DEVICE_H

#include "address.h"

/* A device that is bound, and may be received from; -1 with the reason. */
int device_open(const Address *address, Reason *why);

/* Memory for the kernel module or Xen to write to or read from, which can't fetch a page: it stays. */
void device_lock(void *memory, size_t length);

/*
 * Bytes received. A datagram's are counted as it was sent, however much of it fits, and its source is
 * told; of a stream, `domain` is NULL, and 0 is its end.
 */
ssize_t device_receive(int descriptor, void *data, size_t room, uint32_t *domain, uint32_t *port);

/* Bytes taken, at most STUB_DATAGRAM; to an address, or of a stream to NULL. */
ssize_t device_send(int descriptor, const void *data, size_t length, const Address *to);

/* Of streams. What came of a connect that was in progress: 0, or -errno. */
int device_connect(int descriptor, const Address *to);
int device_connected(int descriptor);
int device_listen(int descriptor);
int device_accept(int descriptor, const Address *address);

#endif
