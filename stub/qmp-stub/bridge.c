/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "bridge.h"
#include "wire.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MOST = 16,       /* channels */
    WATCHED = 4,
    ROUNDS = 16,     /* for one channel, for the others to have their turn */
    FAREWELL = 1000, /* ms at the end, for what peers have not read */
};

struct Bridge {
    bool verbose, leaving;
    Wire wires[MOST];
    int count, watched;
    int watches[WATCHED];
    BridgeOver over;
    void *context;
};

static volatile sig_atomic_t told_to_end, asked;

static uint64_t clock_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

Bridge *bridge_new(bool verbose)
{
    Bridge *b = calloc(1, sizeof *b);

    if (b != NULL) {
        b->verbose = verbose;
    }
    return b;
}

bool bridge_add(Bridge *b, const Address *a, const char *socket, Reason *why)
{
    Wire *w = &b->wires[b->count];
    StubOptions o = {
        .kind = a->scheme == VCHAN || a->stream ? STUB_BYTES : STUB_DATAGRAMS,
        .generation = a->generation, .domain = a->domain, .port = a->port,
        .marker = a->marker, .chunk = a->chunk, .full = a->full,
    };

    if (b->count == MOST) {
        return refuse(why, "more than %d channels", MOST);
    }
    *w = (Wire) { .qemu = -1 };
    if (strlen(socket) >= sizeof w->socket) {
        return refuse(why, "the path %.60s… is longer than %zu bytes", socket, sizeof w->socket - 1);
    }
    strcpy(w->socket, socket);
    address_name(a, w->name, sizeof w->name);
    w->core = stub_new(&o);
    if (w->core == NULL) {
        return refuse(why, "no memory");
    }
    w->peer = peer_open(a, why);
    if (w->peer == NULL) {
        stub_free(w->core);
        return false;
    }
    b->count++;
    return true;
}

void bridge_watch(Bridge *b, int descriptor)
{
    if (b->watched < WATCHED) {
        b->watches[b->watched++] = descriptor;
    }
}

void bridge_over(Bridge *b, BridgeOver over, void *context)
{
    b->over = over;
    b->context = context;
}

/* ---- all of them */

/* Moves what can be moved; whether there may be more at once. */
static bool work(Bridge *b, Wire *w, uint64_t now)
{
    bool more = true;

    for (int i = 0; more && i < ROUNDS; i++) {
        const uint8_t *data;
        size_t length;

        more = peer_receive(w->peer, w->core, now);
        more |= front_work(w, b->leaving, now);
        for (int k = 0; k < ROUNDS && stub_out(w->core, now, &data, &length); k++) {
            stub_sent(w->core, now, peer_send(w->peer, data, length));
            more = true;
        }
        log_news(w, b->verbose, now);
    }
    return more;
}

static void sooner(int *timeout, int other)
{
    if (other >= 0 && (*timeout < 0 || other < *timeout)) {
        *timeout = other;
    }
}

static int until(uint64_t at, uint64_t now)
{
    return at <= now ? 0 : (int)(at - now);
}

/* What to wait for, for one channel. */
static void prepare(Wire *w, struct pollfd *peer, struct pollfd *qemu, int *timeout, uint64_t now)
{
    bool room = !peer_is_level(w->peer) || stub_room(w->core) > 0;

    peer->fd = peer_descriptor(w->peer, &peer->events);
    peer->fd = room ? peer->fd : -1;
    peer->revents = 0;
    *qemu = (struct pollfd) { .fd = -1 };
    if (front_wants(w)) {
        qemu->fd = w->qemu;
        qemu->events = POLLIN;
    }
    if (w->blocked) {
        qemu->fd = w->qemu;
        qemu->events |= POLLOUT;
    }
    if (w->state == FRONT_CONNECTING) {
        sooner(timeout, until(w->again, now));
    }
    if (w->state == FRONT_LINGERS) {
        sooner(timeout, until(w->deadline, now));
    }
    sooner(timeout, stub_timeout(w->core, now));
}

static void on_signal(int number)
{
    if (number == SIGUSR1) {
        asked = 1;
    } else {
        told_to_end = 1;
    }
}

/* Signals come only while it waits. */
static sigset_t hear_signals(void)
{
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };
    struct sigaction action = { .sa_handler = on_signal };
    sigset_t block, waiting;

    sigemptyset(&block);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        sigaddset(&block, numbers[i]);
        sigaction(numbers[i], &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &block, &waiting);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        sigdelset(&waiting, numbers[i]);
    }
    return waiting;
}

static bool all_said(const Bridge *b)
{
    for (int i = 0; i < b->count; i++) {
        if (b->wires[i].state != FRONT_CLOSED || !stub_flushed(b->wires[i].core)) {
            return false;
        }
    }
    return true;
}

/* No session is begun any more. QEMU's last words are read where it has ended, else it is left. */
static void leave(Bridge *b, bool hang_up_now, uint64_t now)
{
    b->leaving = true;
    for (int i = 0; hang_up_now && i < b->count; i++) {
        front_lose(&b->wires[i], now);
    }
}

static void wait_for_something(Bridge *b, int timeout, const sigset_t *waiting)
{
    struct pollfd set[2 * MOST + WATCHED];
    struct timespec within;
    uint64_t now = clock_ms();
    int n = 2 * b->count, ready;

    for (int i = 0; i < b->count; i++) {
        prepare(&b->wires[i], &set[2 * i], &set[2 * i + 1], &timeout, now);
    }
    for (int i = 0; !b->leaving && i < b->watched; i++) {
        set[n++] = (struct pollfd) { .fd = b->watches[i], .events = POLLIN };
    }
    within = (struct timespec) { timeout / 1000, timeout % 1000 * 1000000L };
    ready = ppoll(set, (nfds_t)n, timeout < 0 ? NULL : &within, waiting);
    if (ready <= 0) {
        return;
    }
    for (int i = 0; i < b->count; i++) {
        if (set[2 * i].revents != 0) {
            peer_happened(b->wires[i].peer);
            if (!peer_is_level(b->wires[i].peer)) {
                stub_ready(b->wires[i].core);
            }
        }
        if (set[2 * i + 1].revents & (POLLOUT | POLLHUP | POLLERR)) {
            b->wires[i].blocked = false;
        }
    }
}

void bridge_run(Bridge *b)
{
    sigset_t waiting = hear_signals();
    uint64_t end = 0;

    for (;;) {
        uint64_t now = clock_ms();
        bool more = false;
        int timeout = -1;

        for (int i = 0; i < b->count; i++) {
            Wire *w = &b->wires[i];
            more |= work(b, w, now);
            if (!b->leaving) {
                sooner(&timeout, peer_settle(w->peer, w->core, now));
            }
        }
        if (asked) {
            asked = 0;
            for (int i = 0; i < b->count; i++) {
                log_counts(&b->wires[i]);
            }
        }
        if (!b->leaving && (told_to_end || (b->over != NULL && b->over(b->context)))) {
            leave(b, told_to_end, now);
            end = now + FAREWELL;
            continue;
        }
        if (b->leaving && (now >= end || all_said(b))) {
            break;
        }
        if (b->leaving) {
            sooner(&timeout, until(end, now));
        }
        wait_for_something(b, more ? 0 : timeout, &waiting);
    }
    for (int i = 0; i < b->count; i++) {
        front_close(&b->wires[i]);
        peer_close(b->wires[i].peer);
        stub_free(b->wires[i].core);
    }
    free(b);
}
