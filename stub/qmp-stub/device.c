/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The devices of the kernel modules of Argo and V4V. Three of their ways decide how they are used: to
 * receive from what is not bound crashes the kernel, so that one is closed at once; a second BIND
 * loses the port; and nobody is woken when a ring that was full has room, so that sending never
 * waits, and the core says when to try again.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "device.h"

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

struct v4v_place {
    uint32_t port;
    uint16_t domain;
} __attribute__((packed));

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
#define ARGO_CONNECT _IOW('W', 5, struct argo_place)
#define V4V_CONNECT _IOW('W', 5, struct v4v_place)
#define CONNECT_ERROR _IOW('W', 6, int)
#define LISTEN _IOW('W', 7, uint32_t)
#define ARGO_ACCEPT _IOW('W', 8, struct argo_place)
#define V4V_ACCEPT _IOW('W', 8, struct v4v_place)
#define SEND _IOW('W', 9, struct transfer)
#define RECEIVE _IOW('W', 10, struct transfer)

enum {
    ARGO_SELF = 0x7ff4, V4V_SELF = 0x7fff, /* this domain, in a ring's name */
    ARGO_RING = 16304, V4V_RING = 16320,   /* as OpenXT's programs have them */
    PAGE = 4096,
};

/* Xen itself reads what is sent, and can't fetch a page that is not there: it is locked. */
static uint8_t sending[STUB_DATAGRAM] __attribute__((aligned(PAGE)));

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

/* Not by open(), where the drivers lose it. */
static void unblock(int descriptor)
{
    fcntl(descriptor, F_SETFL, O_RDWR | O_NONBLOCK);
}

void device_lock(void *memory, size_t length)
{
    mlock(memory, length);
    memset(memory, ' ', length); /* also where it may not be locked */
}

int device_open(const Address *a, Reason *why)
{
    struct argo_ring_id argo = { .domain = ARGO_SELF, .partner = (uint16_t)a->domain, .port = a->local_port };
    struct v4v_ring_id v4v = { .domain = V4V_SELF, .partner = (uint16_t)a->domain, .port = a->local_port };
    uint32_t size = a->scheme == ARGO ? ARGO_RING : V4V_RING;
    char device[32];
    int descriptor;

    snprintf(device, sizeof device, "/dev/%s_%s", scheme_name(a->scheme), a->stream ? "stream" : "dgram");
    descriptor = open(device, O_RDWR | O_CLOEXEC);
    if (descriptor < 0) {
        in_words(a, device, false, errno, why);
        return -1;
    }
    unblock(descriptor);
    device_lock(sending, sizeof sending);
    if (ioctl(descriptor, SET_RING_SIZE, &size) < 0 ||
        ioctl(descriptor, BIND, a->scheme == ARGO ? (void *)&argo : (void *)&v4v) < 0) {
        in_words(a, device, true, errno, why);
        close(descriptor);
        return -1;
    }
    return descriptor;
}

ssize_t device_receive(int descriptor, void *data, size_t room, uint32_t *domain, uint32_t *port)
{
    struct argo_place from = { 0 };
    struct transfer t = { .data = data, .length = room, .flags = MSG_DONTWAIT, .place = &from };
    int length;

    if (domain == NULL) {
        t.place = NULL;
    } else {
        t.flags |= MSG_TRUNC;
    }
    length = ioctl(descriptor, RECEIVE, &t);
    if (domain != NULL) {
        *domain = from.domain;
        *port = from.port;
    }
    return length < 0 ? -errno : length;
}

ssize_t device_send(int descriptor, const void *data, size_t length, const Address *to)
{
    struct argo_place place = { 0 };
    struct transfer t = { .data = sending, .length = length, .flags = MSG_DONTWAIT | MSG_NOSIGNAL };
    int taken;

    if (to != NULL) {
        place = (struct argo_place) { .port = to->port, .domain = (uint16_t)to->domain };
        t.place = &place;
    }
    memcpy(sending, data, length);
    taken = ioctl(descriptor, SEND, &t);
    return taken < 0 ? -errno : taken;
}

int device_connect(int descriptor, const Address *to)
{
    struct argo_place place = { .port = to->port, .domain = (uint16_t)to->domain };

    return ioctl(descriptor, to->scheme == ARGO ? ARGO_CONNECT : V4V_CONNECT, &place) < 0 ? -errno : 0;
}

int device_connected(int descriptor)
{
    int error = 0;

    return ioctl(descriptor, CONNECT_ERROR, &error) < 0 ? -errno : error;
}

int device_listen(int descriptor)
{
    uint32_t backlog = 0;

    return ioctl(descriptor, LISTEN, &backlog) < 0 ? -errno : 0;
}

int device_accept(int descriptor, const Address *a)
{
    struct argo_place from = { 0 };
    int accepted = ioctl(descriptor, a->scheme == ARGO ? ARGO_ACCEPT : V4V_ACCEPT, &from);

    if (accepted < 0) {
        return -errno;
    }
    unblock(accepted);
    return accepted;
}
