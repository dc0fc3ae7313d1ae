/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The way to the other domain: a device of Argo or V4V, or a libxenvchan server. Nothing blocks,
 * but for xenstored when a vchan is offered.
 */
#ifndef QMPKIT_PEER_H
#define QMPKIT_PEER_H

#include "address.h"

typedef struct Peer Peer;

/* Opens the end here; NULL with the reason, where it cannot be. */
Peer *peer_open(const Address *address, Reason *why);
void peer_close(Peer *peer);

/* What has these events when something has happened; -1 while there is none, and one tries again. */
int peer_descriptor(const Peer *peer, short *events);

/* Whether it need be looked at only while there is room in the core. */
bool peer_is_level(const Peer *peer);

/* Something has happened there. */
void peer_happened(Peer *peer);

/* Gives the core what there is, as far as it has room; whether there may be more. */
bool peer_receive(Peer *peer, StubCore *core, uint64_t now);

/* Sends without blocking: bytes taken, or -errno. */
ssize_t peer_send(Peer *peer, const void *data, size_t length);

/* Lets go of a client whose session is over here; when to be called again, or -1. */
int peer_settle(Peer *peer, StubCore *core, uint64_t now);

/* ---- each kind */

typedef struct PeerKind {
    bool level;
    void (*close)(Peer *);
    void (*happened)(Peer *);
    bool (*receive)(Peer *, StubCore *, uint64_t now);
    ssize_t (*send)(Peer *, const void *, size_t);
    int (*settle)(Peer *, StubCore *, uint64_t now);
} PeerKind;

struct Peer {
    const PeerKind *kind;
    Address address;
    int descriptor;
    short events; /* of poll(2), to be waited for; 0 while it is not looked at */
    uint64_t rest_until;
};

Peer *stream_open(const Address *address, Reason *why);
Peer *argo_open(const Address *address, Reason *why);
Peer *vchan_open(const Address *address, Reason *why);

#endif
