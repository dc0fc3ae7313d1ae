/* SPDX-License-Identifier: Apache-2.0
 *
 * What the requests do on datagram devices; SETRINGSIZE and BIND are the same on stream devices.
 */
#define _GNU_SOURCE
#include "argo.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int device_setringsize(struct endpoint *ep, const uint32_t *size)
{
    uint32_t least = ep->v4v ? V4V_MIN_RING : ARGO_MIN_RING;
    if (!size)
        return -EFAULT;
    if (ep->state != IDLE || *size < least || *size % SLOT != 0)
        return -EINVAL;
    ep->ring_len = *size;
    return 0;
}

/* The driver loses sight of the ring, which stays: its port is taken and swallows what is sent. */
static int bind_again(struct endpoint *ep)
{
    struct ring *ring = ring_at(ep->slot);
    if (ring->serial == ep->serial)
        ring->leaked = true;
    int idle = idle_descriptor();
    if (idle >= 0)
        replace(ep, idle);
    ep->state = IDLE;
    return -EINVAL;
}

int device_bind(struct endpoint *ep, struct argo_ring_id id)
{
    int bell, slot;
    if (id.domain != (ep->v4v ? V4V_ANY : ARGO_ANY))
        return -EINVAL;
    if (ep->state != IDLE)
        return bind_again(ep);
    slot = ring_add((struct ring){ .port = id.port, .partner = id.partner, .owner = own_domain,
                                   .len = ep->ring_len, .v4v = ep->v4v, .stream = ep->stream },
                    &bell);
    if (slot < 0)
        return slot;
    ep->slot = slot;
    ep->serial = ring_at(slot)->serial;
    ep->port = ring_at(slot)->port;
    ep->partner = id.partner;
    ep->state = BOUND;
    if (!ep->stream)
        return replace(ep, bell);
    ep->keeps = bell; /* nothing tells of a stream that is bound only */
    return 0;
}

/* NULL: to nobody any more. */
int dgram_connect(struct endpoint *ep, const struct place *to)
{
    if (!to) {
        if (ep->state == IDLE)
            return -EINVAL;
        ep->state = BOUND;
        return 0;
    }
    if (ep->state == IDLE) {
        uint16_t any = ep->v4v ? V4V_ANY : ARGO_ANY;
        int bound = device_bind(ep, (struct argo_ring_id){ .domain = any, .partner = to->domain });
        if (bound < 0)
            return bound;
    }
    ep->peer = *to;
    ep->state = CONNECTED;
    return 0;
}

/* The place of the ring that takes what is sent there. */
int xen_route(const struct endpoint *ep, struct place to)
{
    uint64_t is;
    int state = domain_state(to.domain, ep->v4v, &is);
    if (state < 0)
        return state;
    if (traps.firewall && !firewall_accepts((struct place){ ep->port, own_domain }, to))
        return ep->v4v && !ep->stream ? -ENOTCONN : -EPERM;
    int slot = ring_to(ep->v4v, to, own_domain);
    return slot >= 0 ? slot : ep->v4v ? -ENOTCONN : -ECONNREFUSED;
}

/* Xen's part of a send. */
static int send_once(struct endpoint *ep, const void *buf, size_t len, struct place to,
                     struct ring **full)
{
    int slot = xen_route(ep, to);
    if (slot < 0)
        return slot;
    *full = ring_at(slot);
    struct message header = { (uint32_t)len, ep->port, own_domain, DGRAM, 0 };
    return ring_insert(slot, header, buf, NULL);
}

/* Sleeps until the full ring has more room; if it is another's now, only a signal helps. */
static int wait_for_room(struct ring *full, uint64_t serial, uint32_t seen)
{
    static _Atomic uint32_t never;
    for (;;) {
        bool is = serial == full->serial;
        host_unlock();
        int error = wait_for_change(is ? &full->drained : &never, is ? seen : 0, NULL);
        host_lock();
        if (error == EINTR)
            return -EINTR;
        if (serial == full->serial && full->drained != seen)
            return 0;
    }
}

static ssize_t send_waiting(struct endpoint *ep, const void *buf, size_t len, struct place to)
{
    struct ring *full = NULL;
    int waited = 0, sent = send_once(ep, buf, len, to, &full);
    while (sent == -EAGAIN && waited == 0) {
        waited = wait_for_room(full, full->serial, full->drained);
        sent = send_once(ep, buf, len, to, &full); /* even after a signal */
    }
    return sent == -EAGAIN ? waited : sent;
}

ssize_t dgram_send(struct endpoint *ep, int fd, const void *buf, size_t len, int flags,
                   const struct place *to)
{
    if (ep->state == IDLE)
        return -EINVAL;
    if (ep->state == BOUND && !to)
        return -ENOTCONN;
    if (ep->state == CONNECTED && to)
        return -EISCONN;
    if (len > ep->ring_len - SLOT)
        return ep->v4v ? -ENOBUFS : -EMSGSIZE;
    struct place target = to ? *to : ep->peer;
    struct ring *full;
    if ((flags & MSG_DONTWAIT) || nonblocking(fd)) {
        ssize_t sent = send_once(ep, buf, len, target, &full);
        return sent < 0 ? sent : (ssize_t)len;
    }
    /* The endpoint lives while somebody is in it, even if it is closed meanwhile. */
    int held = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    ssize_t sent = send_waiting(ep, buf, len, target);
    if (held >= 0)
        syscall(SYS_close, held);
    return sent < 0 ? sent : (ssize_t)len;
}

/* Whether there is a message for this endpoint; what is none is dropped, as the driver does. */
static bool find_message(struct endpoint *ep, struct message *header)
{
    if (ring_at(ep->slot)->serial != ep->serial)
        return false;
    while (ring_peek(ep->slot, header) == 0) {
        bool from_peer = header->port == ep->peer.port && header->domain == ep->peer.domain;
        if (header->kind == DGRAM && (ep->state != CONNECTED || from_peer))
            return true;
        ring_drop(ep->slot, header);
    }
    return false;
}

static void answer_bell(struct endpoint *ep, int fd)
{
    char bell[1];
    if (ring_at(ep->slot)->serial == ep->serial && ring_empty(ring_at(ep->slot)))
        while (is_at(fd, ep) && recv(fd, bell, sizeof bell, MSG_DONTWAIT) >= 0)
            ;
}

static ssize_t take(struct endpoint *ep, const struct message *header, void *buf, size_t len,
                    int flags, struct place *from)
{
    uint32_t size = header->len < len ? header->len : (uint32_t)len;
    if (buf && ring_copy(ep->slot, 0, buf, size) < 0) {
        ring_wipe(ep->slot);
        return -EAGAIN;
    }
    if (from)
        *from = (struct place){ header->port, header->domain };
    if (!(flags & MSG_PEEK))
        ring_drop(ep->slot, header);
    return flags & MSG_TRUNC ? header->len : size;
}

ssize_t dgram_recv(struct endpoint *ep, int fd, void *buf, size_t len, int flags,
                   struct place *from)
{
    struct message header;
    ssize_t got = -EAGAIN;
    if (ep->state == IDLE) {
        fprintf(stderr, "argo-devices: RECV on a datagram device that is not bound: "
                        "the real driver oopses here, and stops every endpoint of the domain\n");
        abort();
    }
    for (;;) {
        if (find_message(ep, &header))
            got = take(ep, &header, buf, len, flags, from);
        answer_bell(ep, fd);
        if (got != -EAGAIN || (flags & MSG_DONTWAIT) || nonblocking(fd))
            return got;
        char bell[1];
        host_unlock();
        ssize_t rung = is_at(fd, ep) ? recv(fd, bell, sizeof bell, MSG_PEEK) : -1;
        int error = rung < 0 ? errno : 0;
        host_lock();
        if (error && error != EAGAIN && error != ENOTSOCK)
            return -error;
    }
}
