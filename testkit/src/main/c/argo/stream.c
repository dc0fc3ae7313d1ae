/* SPDX-License-Identifier: Apache-2.0
 *
 * What the requests do on stream devices. The descriptor is something else in each state, so that
 * it is ready for what the real one says: nothing, an accept, the end of a connect, data.
 */
#define _GNU_SOURCE
#include "argo.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { CONNECT_SECONDS = 5 };

static struct side *side_of(const struct endpoint *ep)
{
    struct side *side = ep->side < 0 ? NULL : side_at(ep->side);
    return side && side->serial == ep->side_serial ? side : NULL;
}

/* The end of a connect: what an epoll was given before hears of it, and of nothing more. */
static void complete(struct endpoint *ep, bool connected)
{
    char filling[4096];
    replace(ep, ep->side_bell);
    ep->side_bell = -1;
    if (!connected)
        send(ep->hold, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (recv(ep->hold, filling, sizeof filling, MSG_DONTWAIT) > 0)
        ;
}

/* Takes in what happened to the other end. */
void stream_service(struct endpoint *ep)
{
    struct side *side = side_of(ep);
    if (!side)
        return;
    side_service(ep->side);
    if (ep->state == CONNECTING && side->state != CONNECTING) {
        ep->error = side->error;
        ep->state = side->state;
        complete(ep, side->state == CONNECTED);
    } else if (side->state == DISCONNECTED)
        ep->state = DISCONNECTED;
}

/* ---- connect */

static int fill_pair(struct endpoint *ep, int *visible)
{
    static const char filling[4096];
    int pair[2], size = 1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    while (send(pair[0], filling, sizeof filling, MSG_DONTWAIT) > 0)
        ;
    *visible = pair[0];
    ep->hold = pair[1];
    return 0;
}

static void drop_side(struct endpoint *ep)
{
    side_free(ep->side);
    ep->side = -1;
    syscall(SYS_close, ep->side_bell);
    ep->side_bell = -1;
}

static int begin_connect(struct endpoint *ep, struct place to)
{
    int slot = xen_route(ep, to), visible = -1;
    if (slot < 0)
        return slot;
    struct ring *ring = ring_at(slot);
    struct side side = { .ring = ep->slot, .ring_serial = ep->serial, .driver = driver_start(),
                         .other = slot, .other_serial = ring->serial, .other_pid = ring->pid,
                         .pid = getpid(), .peer = to, .state = CONNECTING };
    domain_state(to.domain, ep->v4v, &side.peer_born);
    if (getrandom(&side.id, sizeof side.id, 0) < 0)
        return -EAGAIN;
    ep->side = side_add(side, &ep->side_bell);
    if (ep->side < 0)
        return ep->side;
    ep->side_serial = side_at(ep->side)->serial;
    struct message header = { 8, ep->port, own_domain, STREAM, side.id };
    int result = fill_pair(ep, &visible);
    if (result == 0 && (result = ring_message(slot, header, FLAG_SYN, NULL)) < 0) {
        syscall(SYS_close, visible);
        syscall(SYS_close, ep->hold);
        ep->hold = -1;
    }
    if (result < 0) {
        drop_side(ep);
        return result;
    }
    ep->peer = to;
    ep->state = CONNECTING;
    replace(ep, visible);
    ring_pump(slot);
    driver_wake(side.driver);
    return 0;
}

static struct timespec since(struct timespec start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    long nanos = (now.tv_sec - start.tv_sec) * 1000000000L + now.tv_nsec - start.tv_nsec;
    return (struct timespec){ nanos / 1000000000L, nanos % 1000000000L };
}

static int await_connected(struct endpoint *ep)
{
    struct timespec start, left, gone;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (;;) {
        stream_service(ep);
        if (ep->state != CONNECTING)
            return ep->state == CONNECTED ? 0 : -ECONNREFUSED;
        gone = since(start);
        if (gone.tv_sec >= CONNECT_SECONDS) {
            side_end(ep->side, -ETIMEDOUT);
            continue;
        }
        left.tv_sec = CONNECT_SECONDS - 1 - gone.tv_sec;
        left.tv_nsec = 999999999 - gone.tv_nsec;
        _Atomic uint32_t *state = &side_at(ep->side)->state;
        host_unlock();
        int error = wait_for_change(state, CONNECTING, &left);
        host_lock();
        if (error == EINTR && ep->state == CONNECTING)
            return -EINTR;
    }
}

int stream_connect(struct endpoint *ep, int fd, const struct place *to)
{
    bool wait = !nonblocking(fd);
    stream_service(ep);
    if (!to)
        return -EFAULT;
    bool same = ep->peer.port == to->port && ep->peer.domain == to->domain;
    if (ep->state == CONNECTED)
        return same ? 0 : -EINVAL;
    if (ep->state == IDLE) {
        uint16_t any = ep->v4v ? V4V_ANY : ARGO_ANY;
        int bound = device_bind(ep, (struct argo_ring_id){ .domain = any, .partner = to->domain });
        if (bound < 0)
            return bound;
    }
    if (ep->state == BOUND) {
        int begun = begin_connect(ep, *to);
        if (begun < 0)
            return begun;
    } else if (ep->state != CONNECTING || !same)
        return -EINVAL;
    return wait ? await_connected(ep) : -EINPROGRESS;
}

int stream_error(struct endpoint *ep)
{
    stream_service(ep);
    int error = ep->error;
    ep->error = 0;
    return error;
}

/* ---- listen, accept */

int stream_listen(struct endpoint *ep)
{
    if (ep->state != BOUND)
        return -EINVAL;
    uint64_t door = new_serial();
    int visible = door_make(door);
    if (visible < 0)
        return visible;
    ring_at(ep->slot)->door = door;
    ep->state = LISTENING;
    driver_start();
    return replace(ep, visible);
}

static void answer_door(struct endpoint *ep, int fd)
{
    struct pollfd one = { fd, POLLIN, 0 };
    while (is_at(fd, ep) && poll(&one, 1, 0) == 1) {
        int visitor = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        if (visitor < 0)
            return;
        syscall(SYS_close, visitor);
    }
}

/* The first that waits and has not been closed since. */
static int next_caller(struct ring *ring)
{
    while (ring->waiting > 0) {
        int side = ring->wait[0].side;
        uint64_t serial = ring->wait[0].serial;
        ring->waiting--;
        memmove(ring->wait, ring->wait + 1, sizeof ring->wait[0] * (size_t)ring->waiting);
        if (side_lives(side, serial))
            return side;
    }
    return -1;
}

static int answer_caller(struct endpoint *ep, int at, struct place *from)
{
    struct side *caller = side_at(at);
    struct ring *ring = ring_at(caller->ring);
    struct side side = { .ring = ep->slot, .ring_serial = ep->serial, .driver = driver_start(),
                         .other = at, .other_serial = caller->serial, .other_pid = caller->pid,
                         .pid = getpid(), .peer = { ring->port, ring->owner }, .id = caller->id,
                         .state = CONNECTED };
    int bell, child;
    domain_state(ring->owner, ep->v4v, &side.peer_born);
    int place = side_add(side, &bell);
    if (place < 0)
        return place;
    struct endpoint like = *ep;
    like.state = ACCEPTED;
    like.peer = side.peer;
    like.side = place;
    like.side_serial = side_at(place)->serial;
    like.keeps = fcntl(ep->keeps, F_DUPFD_CLOEXEC, 0);
    child = device_new(&like, bell);
    if (child < 0) {
        side_free(place);
        syscall(SYS_close, like.keeps);
        return child;
    }
    if (caller->state == CONNECTING) {
        caller->other = place;
        caller->other_serial = like.side_serial;
        caller->other_pid = getpid();
        caller->state = CONNECTED;
        wake_all(&caller->state);
        driver_wake(caller->driver);
    }
    driver_wake(side.driver);
    *from = side.peer;
    return child;
}

int stream_accept(struct endpoint *ep, int fd, struct place *from)
{
    for (;;) {
        if (ep->state != LISTENING)
            return -EINVAL;
        int caller = next_caller(ring_at(ep->slot));
        ring_pump(ep->slot);
        if (ring_at(ep->slot)->waiting == 0)
            answer_door(ep, fd);
        if (caller >= 0)
            return answer_caller(ep, caller, from);
        if (nonblocking(fd))
            return -EAGAIN;
        struct pollfd one = { fd, POLLIN, 0 };
        host_unlock();
        int ready = poll(&one, 1, -1), error = errno;
        host_lock();
        if (ready < 0)
            return -error;
    }
}

/* ---- data */

static int not_connected(const struct endpoint *ep)
{
    return ep->state == BOUND || ep->state == CONNECTING ? -ENOTCONN
           : ep->state == IDLE || ep->state == LISTENING ? -EINVAL : 0;
}

static int send_lump(struct endpoint *ep, const void *buf, size_t len, int *slot)
{
    if (len + 8 > ep->ring_len - SLOT)
        return ep->v4v ? -ENOBUFS : -EMSGSIZE;
    *slot = xen_route(ep, ep->peer);
    if (*slot < 0)
        return *slot;
    struct message header = { (uint32_t)len + 8, ep->port, own_domain, STREAM, side_of(ep)->id };
    int sent = ring_message(*slot, header, FLAG_DATA, buf);
    ring_pump(*slot);
    return sent;
}

/* 0 when the ring may have room. */
static int await_room(struct endpoint *ep, int slot)
{
    struct side *side = side_of(ep);
    _Atomic uint32_t *drained = &ring_at(slot)->drained;
    uint32_t seen = *drained;
    side->waits_on = slot;
    host_unlock();
    int error = wait_for_change(drained, seen, NULL);
    host_lock();
    side->waits_on = -1;
    stream_service(ep);
    return ep->state == DISCONNECTED ? -EAGAIN : error == EINTR ? -EINTR : 0;
}

ssize_t stream_send(struct endpoint *ep, int fd, const void *buf, size_t len, int flags,
                    const struct place *to)
{
    stream_service(ep);
    if (to)
        return -EISCONN;
    if (not_connected(ep))
        return not_connected(ep);
    if (ep->state == DISCONNECTED) {
        if (!(flags & MSG_NOSIGNAL))
            raise(SIGPIPE);
        return -EPIPE;
    }
    bool wait = !(flags & MSG_DONTWAIT) && !nonblocking(fd);
    size_t done = 0, most = ep->v4v ? V4V_LUMP : ARGO_LUMP;
    while (done < len) {
        size_t lump = len - done < most ? len - done : most;
        int slot, sent = send_lump(ep, (const char *)buf + done, lump, &slot);
        if (sent == -EAGAIN && wait)
            sent = await_room(ep, slot);
        else if (sent == 0)
            done += lump;
        if (sent < 0)
            return done ? (ssize_t)done : sent;
        if (!wait)
            break;
    }
    return (ssize_t)done;
}

static void answer_bell(struct endpoint *ep, int fd)
{
    char bell[1];
    if (ep->state != DISCONNECTED && side_of(ep) && side_of(ep)->queued == 0)
        while (is_at(fd, ep) && recv(fd, bell, sizeof bell, MSG_DONTWAIT) >= 0)
            ;
}

ssize_t stream_recv(struct endpoint *ep, int fd, void *buf, size_t len, int flags,
                    struct place *from)
{
    size_t done = 0;
    stream_service(ep);
    if (flags & MSG_PEEK)
        return -EINVAL;
    if (not_connected(ep))
        return not_connected(ep);
    if (ep->state == DISCONNECTED)
        return 0;
    *from = ep->peer;
    for (;;) {
        done += (size_t)side_read(ep->side, (char *)buf + done, len - done);
        ring_pump(ep->slot);
        answer_bell(ep, fd);
        if (done == len || (done > 0 && !(flags & MSG_WAITALL)))
            return (ssize_t)done;
        if ((flags & MSG_DONTWAIT) || nonblocking(fd))
            return done ? (ssize_t)done : -EAGAIN;
        char bell[1];
        host_unlock();
        ssize_t rung = is_at(fd, ep) ? recv(fd, bell, sizeof bell, MSG_PEEK) : -1;
        int error = rung < 0 ? errno : 0;
        host_lock();
        stream_service(ep);
        if (ep->state == DISCONNECTED)
            return done ? (ssize_t)done : -EPIPE;
        if (error && error != EAGAIN && error != ENOTSOCK)
            return done ? (ssize_t)done : -error;
    }
}

/* ---- close */

static void withdraw(struct side *side, uint64_t serial)
{
    struct ring *ring = ring_at(side->other);
    if (ring->serial != side->other_serial)
        return;
    for (int i = 0; i < ring->waiting; i++)
        if (ring->wait[i].serial == serial) {
            ring->waiting--;
            memmove(ring->wait + i, ring->wait + i + 1,
                    sizeof ring->wait[0] * (size_t)(ring->waiting - i));
            break;
        }
}

/* The last descriptor of an endpoint is closed. */
void stream_close(struct endpoint *ep)
{
    struct side *side = side_of(ep);
    if (ep->state == LISTENING)
        ring_refuse(ep->slot);
    if (side && side->state == CONNECTING)
        withdraw(side, ep->side_serial);
    if (side && side->state == CONNECTED && side_reset(ep->side, ep->v4v) == -EAGAIN
        && side_lives(side->other, side->other_serial))
        side_end(side->other, 0);
    if (side) {
        side_free(ep->side);
        ring_pump(ep->slot);
    }
    int kept[] = { ep->keeps, ep->side_bell, ep->hold };
    for (int i = 0; i < 3; i++)
        if (kept[i] >= 0)
            syscall(SYS_close, kept[i]);
}
