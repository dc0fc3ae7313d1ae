/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Datagrams of Argo and V4V.
 */
#include "device.h"
#include "peer.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { AT_ONCE = 64 };

static uint8_t received[STUB_DATAGRAM];

static void argo_close(Peer *peer)
{
    close(peer->descriptor);
    free(peer);
}

static void argo_happened(Peer *peer)
{
    (void)peer;
}

static bool argo_receive(Peer *peer, StubCore *core, uint64_t now)
{
    if (now < peer->rest_until) {
        return false;
    }
    peer->events = POLLIN;
    for (int i = 0; i < AT_ONCE; i++) {
        uint32_t domain, port;
        ssize_t whole;

        if (stub_room(core) == 0) {
            return false;
        }
        whole = device_receive(peer->descriptor, received, sizeof received, &domain, &port);
        if (whole < 0) {
            if (whole != -EAGAIN && whole != -EINTR) {
                /* It may stay readable: a moment's rest, and then again. */
                peer->rest_until = now + STUB_RETRY_LAST;
                peer->events = 0;
            }
            return whole == -EINTR;
        }
        stub_hear(core, now, domain, port, received,
                  (size_t)whole < sizeof received ? (size_t)whole : sizeof received, (size_t)whole);
    }
    return true;
}

static ssize_t argo_send(Peer *peer, const void *data, size_t length)
{
    return device_send(peer->descriptor, data, length, &peer->address);
}

static int argo_settle(Peer *peer, StubCore *core, uint64_t now)
{
    (void)core;
    return now < peer->rest_until ? (int)(peer->rest_until - now) : -1;
}

static const PeerKind kind = { true, argo_close, argo_happened, argo_receive, argo_send, argo_settle };

Peer *argo_open(const Address *a, Reason *why)
{
    int descriptor = device_open(a, why);
    Peer *peer = descriptor < 0 ? NULL : malloc(sizeof *peer);

    if (peer != NULL) {
        device_lock(received, sizeof received);
        *peer = (Peer) { .kind = &kind, .address = *a, .descriptor = descriptor, .events = POLLIN };
    } else if (descriptor >= 0) {
        close(descriptor);
        refuse(why, "no memory");
    }
    return peer;
}
