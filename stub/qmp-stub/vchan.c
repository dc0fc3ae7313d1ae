/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A libxenvchan server: rings that are offered to a domain, for one client after another. Each has
 * rings of its own, so that none finds what was meant for the one before; where clients send
 * markers, the next one may come on the same.
 */
#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef QMP_STUB_STATIC

Peer *vchan_open(const Address *a, Reason *why)
{
    (void)a;
    refuse(why, "this program is linked statically, and can't load libxenvchan; qmp-stub, linked dynamically, can");
    return NULL;
}

#else

#include <dlfcn.h>

/* The flags follow three pointers and a port. */
enum { WAITING = 2, FLAGS = 3 * sizeof(void *) + 4, IS_SERVER = 1, AGAIN = 1000, PIECE = 8192 };

/* What is used of the library; a channel is a `struct libxenvchan`. */
static struct {
    void *(*server_init)(void *logger, int domain, const char *path, size_t left, size_t right);
    int (*read)(void *channel, void *data, size_t size);
    int (*write)(void *channel, const void *data, size_t size);
    int (*wait)(void *channel);
    int (*is_open)(void *channel);
    int (*fd_for_select)(void *channel);
    void (*close)(void *channel);
} library;

typedef struct Vchan {
    Peer peer;
    void *channel; /* NULL while no rings can be offered */
    bool here;     /* a client */
    uint64_t again;
} Vchan;

static bool function(void *from, const char *name, void *to)
{
    void *found = dlsym(from, name);

    memcpy(to, &found, sizeof found); /* a function's address is no object's to C */
    return found != NULL;
}

static bool load(Reason *why)
{
    static void *loaded;
    char name[32] = "libxenvchan.so";

    /* The versions of Xen, newest first; the plain name is of development packages. */
    for (int minor = 40; loaded == NULL && minor >= -1; minor--) {
        loaded = dlopen(name, RTLD_NOW | RTLD_LOCAL);
        snprintf(name, sizeof name, minor >= 0 ? "libxenvchan.so.4.%d" : "libxenvchan.so.1.0", minor);
    }
    if (loaded == NULL) {
        return refuse(why, "libxenvchan.so not found; install libxenvchan (Debian: libxenmisc4.17)");
    }
    return (function(loaded, "libxenvchan_server_init", &library.server_init) &&
            function(loaded, "libxenvchan_read", &library.read) &&
            function(loaded, "libxenvchan_write", &library.write) &&
            function(loaded, "libxenvchan_wait", &library.wait) &&
            function(loaded, "libxenvchan_is_open", &library.is_open) &&
            function(loaded, "libxenvchan_fd_for_select", &library.fd_for_select) &&
            function(loaded, "libxenvchan_close", &library.close)) ||
           refuse(why, "libxenvchan.so lacks a function of Xen 4.2's");
}

static bool offer(Vchan *v)
{
    v->channel = library.server_init(NULL, (int)v->peer.address.domain, v->peer.address.path, 0, 0);
    if (v->channel == NULL) {
        return false;
    }
    /* Which the library leaves as it found the memory: a server, that does not block. */
    ((unsigned char *)v->channel)[FLAGS] = IS_SERVER;
    v->peer.descriptor = library.fd_for_select(v->channel);
    v->here = false;
    return true;
}

static void withdraw(Vchan *v)
{
    if (v->channel != NULL) {
        library.close(v->channel);
        v->channel = NULL;
        v->peer.descriptor = -1;
    }
}

static void vchan_close(Peer *peer)
{
    withdraw((Vchan *)peer);
    free(peer);
}

static void vchan_happened(Peer *peer)
{
    Vchan *v = (Vchan *)peer;

    if (v->channel != NULL) {
        library.wait(v->channel); /* which takes in what has happened, and would block if nothing had */
    }
}

static bool vchan_receive(Peer *peer, StubCore *core, uint64_t now)
{
    static uint8_t data[PIECE];
    Vchan *v = (Vchan *)peer;
    int state = v->channel == NULL ? 0 : library.is_open(v->channel);

    if (v->channel == NULL || state == WAITING) {
        return false;
    }
    if (!v->here) {
        v->here = true;
        stub_came(core, now);
    }
    for (size_t room = stub_room(core); room > 0; room = stub_room(core)) {
        int n = library.read(v->channel, data, room < sizeof data ? room : sizeof data);
        if (n <= 0) {
            if (library.is_open(v->channel) == 0) {
                stub_left(core, now);
                withdraw(v);
                v->again = now;
            }
            return false;
        }
        stub_feed(core, now, data, (size_t)n);
        stub_ready(core);
    }
    return false;
}

static ssize_t vchan_send(Peer *peer, const void *data, size_t length)
{
    Vchan *v = (Vchan *)peer;
    int n = v->channel == NULL ? -1 : library.write(v->channel, data, length);

    if (n < 0 && v->channel != NULL && library.is_open(v->channel) == 0) {
        return 0; /* it has left, and what it said last is to be received yet */
    }
    return n < 0 ? -EPIPE : n;
}

/* Rings of which this side has had enough are closed, which the client sees; others are offered. */
static int vchan_settle(Peer *peer, StubCore *core, uint64_t now)
{
    Vchan *v = (Vchan *)peer;

    if (v->channel != NULL && v->here && !stub_open(core) && stub_flushed(core)) {
        withdraw(v);
        v->again = now;
    }
    if (v->channel != NULL) {
        return -1;
    }
    if (now >= v->again && !offer(v)) {
        v->again = now + AGAIN;
    }
    return v->channel != NULL ? 0 : (int)(v->again - now);
}

static const PeerKind kind = { false, vchan_close, vchan_happened, vchan_receive, vchan_send, vchan_settle };

Peer *vchan_open(const Address *a, Reason *why)
{
    Vchan *v = load(why) ? calloc(1, sizeof *v) : NULL;

    if (v == NULL) {
        return NULL;
    }
    v->peer = (Peer) { .kind = &kind, .address = *a, .descriptor = -1, .events = POLLIN };
    if (!offer(v)) {
        refuse(why, "no rings can be offered to domain %u (%s); see whether xenstored answers, and xen-gntalloc is loaded",
               a->domain, strerror(errno));
        free(v);
        return NULL;
    }
    return &v->peer;
}

#endif
