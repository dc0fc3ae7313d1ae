/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One channel of the bridge: the peer, the core, and the connection to QEMU's socket.
 */
#ifndef QMPKIT_WIRE_H
#define QMPKIT_WIRE_H

#include "peer.h"

#include <sys/un.h>

typedef enum FrontState {
    FRONT_CLOSED,
    FRONT_CONNECTING,
    FRONT_OPEN,
    FRONT_LINGERS, /* our end is closed, QEMU has yet to read */
} FrontState;

typedef struct Wire {
    Peer *peer;
    StubCore *core;
    char name[100], socket[sizeof ((struct sockaddr_un *)0)->sun_path];
    FrontState state;
    int qemu;          /* the connection to QEMU's socket */
    uint64_t deadline; /* of connecting, or lingering */
    uint64_t again;    /* connecting */
    bool blocked;      /* QEMU takes nothing now */
    bool unreachable;  /* which has been said */
    uint64_t sessions, foreign; /* of which the log knows */
    bool open;
} Wire;

/* front.c: QEMU's side. Moves what can be moved; whether there may be more. */
bool front_work(Wire *wire, bool leaving, uint64_t now);

/* Whether what QEMU says is to be read. */
bool front_wants(const Wire *wire);

/* The connection is given up, and the session with it; the core may still have output to be sent. */
void front_lose(Wire *wire, uint64_t now);
void front_close(Wire *wire);

/* log.c: what the log is to know. */
void log_counts(const Wire *wire);
void log_news(Wire *wire, bool verbose, uint64_t now);

#endif
