/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Datagrams of Argo and V4V, by the devices of their kernel modules. Three of their ways decide how
 * they are used: to receive from what is not bound crashes the kernel, so that one is closed at once;
 * a second BIND loses the port; and nobody is woken when a ring that was full has room, so that
 * sending never waits, and the core says when to try again.
 */
#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a program and the kernel modules say to each other; V4V packs its address. */
struct argo_place {
    uint32_t port;
    uint16_t domain, pad;
};

struct argo_ring_id {
    uint16_t domain, partner;
    uint32_t port;
};

struct v4v_ring_id {
    uint32_t port;
    uint16_t domain, partner;
};

struct transfer {
    void *data;
    uint64_t length;
    int32_t flags;
    struct argo_place *place; /* of V4V its first 6 bytes */
};

#define SET_RING_SIZE _IOW('W', 1, uint32_t)
#define BIND _IOW('W', 2, struct argo_ring_id)
#define SEND _IOW('W', 9, struct transfer)
#define RECEIVE _IOW('W', 10, struct transfer)

enum {
    ARGO_SELF = 0x7ff4, V4V_SELF = 0x7fff, /* this domain, in a ring's name */
    ARGO_RING = 16304, V4V_RING = 16320,   /* as OpenXT's programs have them */
    AT_ONCE = 64,
    PAGE = 4096,
};

/* Xen itself reads what is sent, and can't fetch a page that is not there: it is locked. */
static uint8_t sending[STUB_DATAGRAM] __attribute__((aligned(PAGE)));
static uint8_t received[STUB_DATAGRAM] __attribute__((aligned(PAGE)));

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
    for (int i = 0; i < AT_ONCE; i++) {
        struct argo_place from = { 0 };
        struct transfer t = {
            .data = received, .length = sizeof received, .flags = MSG_DONTWAIT | MSG_TRUNC, .place = &from
        };
        int whole;

        if (stub_room(core) == 0) {
            return false;
        }
        whole = ioctl(peer->descriptor, RECEIVE, &t);
        if (whole < 0) {
            return errno == EINTR;
        }
        stub_hear(core, now, from.domain, from.port, received,
                  (size_t)whole < sizeof received ? (size_t)whole : sizeof received, (size_t)whole);
    }
    return true;
}

static ssize_t argo_send(Peer *peer, const void *data, size_t length)
{
    struct argo_place to = { .port = peer->address.port, .domain = (uint16_t)peer->address.domain };
    struct transfer t = { .data = sending, .length = length, .flags = MSG_DONTWAIT | MSG_NOSIGNAL, .place = &to };
    int result;

    memcpy(sending, data, length);
    result = ioctl(peer->descriptor, SEND, &t);
    return result < 0 ? -errno : result;
}

static int argo_settle(Peer *peer, StubCore *core, uint64_t now)
{
    (void)peer, (void)core, (void)now;
    return -1;
}

static const PeerKind kind = { true, argo_close, argo_happened, argo_receive, argo_send, argo_settle };

static bool in_words(const Address *a, const char *device, bool opened, int error, Reason *why)
{
    const char *name = scheme_name(a->scheme);

    switch (error) {
    case EACCES:
    case EPERM:
        return opened ? refuse(why, "Xen's policy forbids a ring for domain %u", a->domain)
                      : refuse(why, "%s is for root: run as root", device);
    case ENOENT:
    case ENXIO:
        return refuse(why, "no %s: load the module %s", device, a->scheme == ARGO ? "xen-argo" : "v4v");
    case ENOSYS:
    case EOPNOTSUPP:
    case ENODEV:
        return refuse(why, "this Xen has no %s%s", name, a->scheme == ARGO ? ": boot it with argo=1" : "");
    case ESRCH:
        return refuse(why, "there is no domain %u", a->domain);
    case ECONNREFUSED:
        return refuse(why, "domain %u ends, or may not use %s", a->domain, name);
    case EADDRINUSE:
        return refuse(why, "port %u for domain %u is taken: choose another localport=", a->local_port, a->domain);
    case ENOSPC:
        return refuse(why, "this domain has 128 rings, and Xen allows no more");
    default:
        return refuse(why, "%s: %s", device, strerror(error));
    }
}

Peer *argo_open(const Address *a, Reason *why)
{
    const char *device = a->scheme == ARGO ? "/dev/argo_dgram" : "/dev/v4v_dgram";
    struct argo_ring_id argo = { .domain = ARGO_SELF, .partner = (uint16_t)a->domain, .port = a->local_port };
    struct v4v_ring_id v4v = { .domain = V4V_SELF, .partner = (uint16_t)a->domain, .port = a->local_port };
    uint32_t size = a->scheme == ARGO ? ARGO_RING : V4V_RING;
    int descriptor = open(device, O_RDWR | O_CLOEXEC), error = errno;
    Peer *peer = malloc(sizeof *peer);

    if (descriptor < 0 || peer == NULL) {
        in_words(a, device, false, error, why);
        goto failed;
    }
    /* Not by open(), where the drivers lose it. */
    fcntl(descriptor, F_SETFL, O_RDWR | O_NONBLOCK);
    mlock(sending, sizeof sending);
    memset(sending, ' ', sizeof sending);
    if (ioctl(descriptor, SET_RING_SIZE, &size) < 0 ||
        ioctl(descriptor, BIND, a->scheme == ARGO ? (void *)&argo : (void *)&v4v) < 0) {
        in_words(a, device, true, errno, why);
        goto failed;
    }
    *peer = (Peer) { .kind = &kind, .address = *a, .descriptor = descriptor };
    return peer;

failed:
    if (descriptor >= 0) {
        close(descriptor);
    }
    free(peer);
    return NULL;
}
