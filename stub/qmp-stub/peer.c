/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "peer.h"

Peer *peer_open(const Address *address, Reason *why)
{
    switch (address->scheme) {
    case ARGO:
    case V4V:
        return address->stream ? stream_open(address, why) : argo_open(address, why);
    case VCHAN:
        return vchan_open(address, why);
    case VSOCK:
        break;
    }
    refuse(why, "vsock needs no bridge: QEMU inherits its socket");
    return NULL;
}

void peer_close(Peer *peer)
{
    peer->kind->close(peer);
}

int peer_descriptor(const Peer *peer, short *events)
{
    *events = peer->events;
    return peer->events != 0 ? peer->descriptor : -1;
}

bool peer_is_level(const Peer *peer)
{
    return peer->kind->level;
}

void peer_happened(Peer *peer)
{
    peer->kind->happened(peer);
}

bool peer_receive(Peer *peer, StubCore *core, uint64_t now)
{
    return peer->kind->receive(peer, core, now);
}

ssize_t peer_send(Peer *peer, const void *data, size_t length)
{
    return peer->kind->send(peer, data, length);
}

int peer_settle(Peer *peer, StubCore *core, uint64_t now)
{
    return peer->kind->settle(peer, core, now);
}
