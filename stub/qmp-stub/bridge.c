/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "bridge.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST = 16,          /* channels */
    WATCHED = 4,
    PIECE = 64 * 1024,
    ROUNDS = 16,        /* for one channel, for the others to have their turn */
    CONNECT = 5000,     /* ms until QEMU must listen */
    CONNECT_AGAIN = 20,
    LINGER = 1000,      /* ms for QEMU to read to the end what a client said before it left */
    FAREWELL = 1000,    /* ms at the end, for what peers have not read */
    LINES = 50,         /* of the log at once, and one more each second */
};

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

struct Bridge {
    bool verbose, leaving;
    Wire wires[MOST];
    int count, watched;
    int watches[WATCHED];
    BridgeOver over;
    void *context;
};

static uint8_t piece[PIECE];
static volatile sig_atomic_t told_to_end, asked;

static uint64_t clock_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void tell(const char *format, ...)
{
    char line[512] = "qmp-stub: ";
    size_t length = strlen(line);
    va_list more;

    va_start(more, format);
    vsnprintf(line + length, sizeof line - length - 1, format, more);
    va_end(more);
    strcat(line, "\n");
    if (write(STDERR_FILENO, line, strlen(line)) < 0) {
        return; /* nobody reads it */
    }
}

/* What the other domain causes is not said without end. */
static bool may_tell(uint64_t now)
{
    static uint64_t left = LINES, since;

    if (now / 1000 > since) {
        left = left + (now / 1000 - since) < LINES ? left + (now / 1000 - since) : LINES;
        since = now / 1000;
    }
    if (left == 0) {
        return false;
    }
    left--;
    return true;
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

/* ---- QEMU's side */

static void hang_up(Wire *w)
{
    if (w->qemu >= 0) {
        close(w->qemu);
        w->qemu = -1;
    }
    w->state = FRONT_CLOSED;
    w->blocked = false;
}

/* A connection is lost, or cannot be made: the session ends with it. */
static void lose(Wire *w, uint64_t now)
{
    hang_up(w);
    stub_hangup(w->core, now);
}

static void dial(Wire *w, uint64_t now)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    int error;

    if (now < w->again) {
        return;
    }
    strcpy(to.sun_path, w->socket);
    w->qemu = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (w->qemu >= 0 && connect(w->qemu, (void *)&to, sizeof to) == 0) {
        w->state = FRONT_OPEN;
        w->unreachable = false;
        return;
    }
    error = errno;
    if (w->qemu >= 0) {
        close(w->qemu);
        w->qemu = -1;
    }
    w->again = now + CONNECT_AGAIN;
    if (now >= w->deadline) {
        if (!w->unreachable) {
            tell("%s: QEMU's socket %s: %s; its client waits in vain", w->name, w->socket, strerror(error));
            w->unreachable = true;
        }
        lose(w, now);
    }
}

/* Gives QEMU what it takes; whether there may be more to do. */
static bool to_qemu(Wire *w, uint64_t now)
{
    const uint8_t *data;
    size_t length;
    ssize_t n;

    switch (stub_event(w->core, now, &data, &length)) {
    case STUB_OPENED:
        w->state = FRONT_CONNECTING;
        w->deadline = now + CONNECT;
        w->again = now;
        return true;
    case STUB_CLOSED:
        if (w->qemu >= 0 && shutdown(w->qemu, SHUT_WR) == 0) {
            w->state = FRONT_LINGERS;
            w->deadline = now + LINGER;
        } else {
            hang_up(w);
        }
        return true;
    case STUB_DATA:
        n = send(w->qemu, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            stub_took(w->core, (size_t)n);
        } else if (errno == EAGAIN || errno == EINTR) {
            w->blocked = true;
        } else {
            /* What it has said is read yet; the end of that is its end. */
            stub_took(w->core, length);
        }
        return !w->blocked;
    case STUB_NOTHING:
        break;
    }
    return false;
}

static bool wants_qemu(const Wire *w)
{
    bool kept = w->peer->address.full != STUB_FULL_WAIT || stub_writable(w->core) > 0;

    return w->state == FRONT_LINGERS || (w->state == FRONT_OPEN && kept);
}

/* Takes what QEMU says, as much as may be kept; whether there may be more. */
static bool from_qemu(Wire *w, uint64_t now)
{
    size_t most = sizeof piece;
    ssize_t n;

    if (!wants_qemu(w)) {
        return false;
    }
    if (w->state == FRONT_OPEN && w->peer->address.full == STUB_FULL_WAIT && stub_writable(w->core) < most) {
        most = stub_writable(w->core);
    }
    n = recv(w->qemu, piece, most, MSG_DONTWAIT);
    if (n > 0) {
        if (w->state == FRONT_OPEN) {
            stub_write(w->core, now, piece, (size_t)n);
        }
        return true;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return false;
    }
    if (w->state == FRONT_LINGERS) {
        hang_up(w);
    } else {
        lose(w, now);
    }
    return true;
}

static bool front(Bridge *b, Wire *w, uint64_t now)
{
    bool more;

    switch (w->state) {
    case FRONT_CLOSED:
        return !b->leaving && to_qemu(w, now);
    case FRONT_CONNECTING:
        dial(w, now);
        return w->state != FRONT_CONNECTING;
    case FRONT_OPEN:
        more = from_qemu(w, now);
        return (w->state == FRONT_OPEN && !w->blocked && to_qemu(w, now)) || more;
    case FRONT_LINGERS:
        if (now >= w->deadline) {
            hang_up(w);
            return true;
        }
        return from_qemu(w, now);
    }
    return false;
}

/* ---- the log */

static void tell_counts(const Wire *w)
{
    const StubCounts *n = stub_counts(w->core);

    tell("%s: %" PRIu64 " sessions, %" PRIu64 " bytes heard, %" PRIu64 " sent; dropped: %" PRIu64
         " datagrams of others, %" PRIu64 " for nobody, %" PRIu64 " bytes for nobody, %" PRIu64
         " of a full console; a full ring: %" PRIu64 " times; ended so: %" PRIu64 " stuck, %" PRIu64 " full, %" PRIu64
         " gone",
         w->name, n->sessions, n->heard, n->sent, n->foreign, n->stray, n->unheard, n->dropped, n->full,
         n->ended_stuck, n->ended_full, n->ended_gone);
}

static void tell_news(Bridge *b, Wire *w, uint64_t now)
{
    const StubCounts *n = stub_counts(w->core);
    StubEnd end = stub_end(w->core);

    if (n->foreign > 0 && w->foreign == 0) {
        w->foreign = n->foreign;
        tell("%s: datagrams of other domains or ports come, and are dropped", w->name);
    }
    if (w->open && (!stub_open(w->core) || n->sessions != w->sessions)) {
        w->open = false;
        if ((b->verbose || end > STUB_END_HANGUP) && may_tell(now)) {
            bool refused = end == STUB_END_REFUSED;
            tell("%s: session %" PRIu64 " has ended: %s%s%s", w->name, w->sessions, stub_end_text(end),
                 refused ? ": " : "", refused ? strerror(stub_error(w->core)) : "");
        }
    }
    if (n->sessions != w->sessions) {
        w->sessions = n->sessions;
        w->open = stub_open(w->core);
        if (b->verbose && may_tell(now)) {
            tell("%s: session %" PRIu64, w->name, n->sessions);
        }
    }
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
        more |= front(b, w, now);
        for (int k = 0; k < ROUNDS && stub_out(w->core, now, &data, &length); k++) {
            stub_sent(w->core, now, peer_send(w->peer, data, length));
            more = true;
        }
        tell_news(b, w, now);
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
    if (wants_qemu(w)) {
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
        lose(&b->wires[i], now);
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
                tell_counts(&b->wires[i]);
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
        hang_up(&b->wires[i]);
        peer_close(b->wires[i].peer);
        stub_free(b->wires[i].core);
    }
    free(b);
}
