/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Channels, each between a peer in another domain and a socket on which QEMU listens; one thread
 * moves the bytes of all. QEMU is never made to wait, and what is kept has bounds.
 */
#ifndef QMPKIT_BRIDGE_H
#define QMPKIT_BRIDGE_H

#include "peer.h"

typedef struct Bridge Bridge;

Bridge *bridge_new(bool verbose);

/* Opens a channel to the socket at a path. Whether it could be. */
bool bridge_add(Bridge *bridge, const Address *address, const char *socket, Reason *why);

/* Whom to serve: asked when one of these is readable, whether it is all over. */
typedef bool (*BridgeOver)(void *context);
void bridge_watch(Bridge *bridge, int descriptor);
void bridge_over(Bridge *bridge, BridgeOver over, void *context);

/* Runs until SIGTERM, SIGINT, SIGHUP, or until it is over; what can be said at the end is said. */
void bridge_run(Bridge *bridge);

/* One line on stderr, with the program's name before it. */
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
