/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The connection to QEMU's socket: one for each session.
 */
#define _GNU_SOURCE
#include "bridge.h"
#include "wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PIECE = 64 * 1024,
    CONNECT = 5000, /* ms until QEMU must listen */
    CONNECT_AGAIN = 20,
    LINGER = 1000,  /* ms for QEMU to read to the end what a client said before it left */
};

static uint8_t piece[PIECE];

void front_close(Wire *w)
{
    if (w->qemu >= 0) {
        close(w->qemu);
        w->qemu = -1;
    }
    w->state = FRONT_CLOSED;
    w->blocked = false;
}

/* A connection is lost, or cannot be made: the session ends with it. */
void front_lose(Wire *w, uint64_t now)
{
    front_close(w);
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
        front_lose(w, now);
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
        w->blocked = false;
        if (w->qemu >= 0 && shutdown(w->qemu, SHUT_WR) == 0) {
            w->state = FRONT_LINGERS;
            w->deadline = now + LINGER;
        } else {
            front_close(w);
        }
        return true;
    case STUB_DATA:
        if (w->blocked) {
            return false;
        }
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

bool front_wants(const Wire *w)
{
    bool kept = w->peer->address.full != STUB_FULL_WAIT || stub_writable(w->core) > 0;

    return w->state == FRONT_LINGERS || (w->state == FRONT_OPEN && kept);
}

/* Takes what QEMU says, as much as may be kept; whether there may be more. */
static bool from_qemu(Wire *w, uint64_t now)
{
    size_t most = sizeof piece;
    ssize_t n;

    if (!front_wants(w)) {
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
        front_close(w);
    } else {
        front_lose(w, now);
    }
    return true;
}

bool front_work(Wire *w, bool leaving, uint64_t now)
{
    bool more;

    switch (w->state) {
    case FRONT_CLOSED:
        return !leaving && to_qemu(w, now);
    case FRONT_CONNECTING:
        dial(w, now);
        return w->state != FRONT_CONNECTING;
    case FRONT_OPEN:
        more = from_qemu(w, now);
        return (w->state == FRONT_OPEN && to_qemu(w, now)) || more;
    case FRONT_LINGERS:
        if (now >= w->deadline) {
            front_close(w);
            return true;
        }
        return from_qemu(w, now);
    }
    return false;
}
