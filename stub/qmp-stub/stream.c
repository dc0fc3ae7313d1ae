/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Streams of Argo and V4V: dialled, as OpenXT's QEMU does with stream=on, or with server=on listened
 * on; one connection at a time. Who is connected is a client.
 */
#include "device.h"
#include "peer.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { AGAIN = 1000, DIAL = 5000, PIECE = 16384 };

static uint8_t received[PIECE];

typedef struct Stream {
    Peer peer;        /* its descriptor: the connection, or else what is listened on */
    int listening;    /* -1 where this side dials */
    bool connecting, refused, here;
    uint64_t again;   /* to dial; or until when to dial */
} Stream;

static void rest(Stream *s)
{
    if (s->peer.descriptor != s->listening && s->peer.descriptor >= 0) {
        close(s->peer.descriptor);
    }
    s->peer.descriptor = s->listening;
    s->peer.events = POLLIN;
    s->connecting = s->here = false;
}

static void stream_close(Peer *peer)
{
    Stream *s = (Stream *)peer;

    rest(s);
    if (s->listening >= 0) {
        close(s->listening);
    }
    free(s);
}

static void stream_happened(Peer *peer)
{
    Stream *s = (Stream *)peer;

    if (s->connecting) {
        if (device_connected(s->peer.descriptor) == 0) {
            s->connecting = false;
            s->peer.events = POLLIN;
        } else {
            rest(s); /* the endpoint is of no use any more */
            s->refused = true;
        }
    }
}

static bool stream_receive(Peer *peer, StubCore *core, uint64_t now)
{
    Stream *s = (Stream *)peer;

    if (s->connecting || s->peer.descriptor < 0) {
        return false;
    }
    if (s->peer.descriptor == s->listening) {
        int accepted = device_accept(s->listening, &s->peer.address);
        if (accepted < 0) {
            return false;
        }
        s->peer.descriptor = accepted;
    }
    if (!s->here) {
        s->here = true;
        stub_came(core, now);
    }
    for (size_t room = stub_room(core); room > 0; room = stub_room(core)) {
        ssize_t n = device_receive(s->peer.descriptor, received, room < PIECE ? room : PIECE, NULL, NULL);
        if (n == -EAGAIN || n == -EINTR) {
            return n == -EINTR;
        }
        if (n <= 0) {
            stub_left(core, now);
            rest(s);
            s->again = now + AGAIN;
            return true;
        }
        stub_feed(core, now, received, (size_t)n);
    }
    return false;
}

static ssize_t stream_send(Peer *peer, const void *data, size_t length)
{
    Stream *s = (Stream *)peer;

    return s->here ? device_send(s->peer.descriptor, data, length, NULL) : -EPIPE;
}

static bool dial(Stream *s)
{
    Reason why;
    int result;

    s->peer.descriptor = device_open(&s->peer.address, &why);
    if (s->peer.descriptor < 0) {
        return false;
    }
    result = device_connect(s->peer.descriptor, &s->peer.address);
    s->connecting = result == -EINPROGRESS || result == -EAGAIN;
    s->peer.events = s->connecting ? POLLOUT : POLLIN;
    return result == 0 || s->connecting;
}

static int stream_settle(Peer *peer, StubCore *core, uint64_t now)
{
    Stream *s = (Stream *)peer;

    if (s->here && !stub_open(core) && stub_flushed(core)) {
        rest(s);
        s->again = now + AGAIN;
    }
    if (s->refused || (s->connecting && now >= s->again)) {
        rest(s);
        s->refused = false;
        s->again = now + AGAIN;
    }
    if (s->peer.descriptor >= 0) {
        return s->connecting ? (int)(s->again - now) : -1;
    }
    if (now < s->again) {
        return (int)(s->again - now);
    }
    if (dial(s)) {
        s->again = now + DIAL;
        return 0;
    }
    rest(s);
    s->again = now + AGAIN;
    return AGAIN;
}

static const PeerKind kind = { true, stream_close, stream_happened, stream_receive, stream_send, stream_settle };

Peer *stream_open(const Address *a, Reason *why)
{
    /* Also where this side dials, for what is wrong for good to be said now. */
    int descriptor = device_open(a, why);
    Stream *s = descriptor < 0 ? NULL : malloc(sizeof *s);

    if (s == NULL) {
        if (descriptor >= 0) {
            close(descriptor);
            refuse(why, "no memory");
        }
        return NULL;
    }
    device_lock(received, sizeof received);
    *s = (Stream) { .peer = { .kind = &kind, .address = *a, .descriptor = descriptor, .events = POLLIN } };
    s->listening = a->server ? descriptor : -1;
    if (!a->server) {
        rest(s);
    } else if (device_listen(descriptor) < 0) {
        refuse(why, "the device does not listen");
        stream_close(&s->peer);
        return NULL;
    }
    return &s->peer;
}
