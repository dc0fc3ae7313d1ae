/* SPDX-License-Identifier: Apache-2.0
 *
 * What the kernels of a host do with its streams: take messages out of rings and give them to the
 * end they are for. Whoever has put a message in does it for the other kernel too.
 *
 * The ends are in a shared file of their own, with the messages that wait to be read.
 */
#define _GNU_SOURCE
#include "argo.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SIDES = 1024, QUEUE = 3, MESSAGE = 1 << 15 };

struct streams {
    struct side sides[SIDES];
    char queues[SIDES][QUEUE][MESSAGE];
};

static struct streams *streams;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void map_streams(void)
{
    int fd = host_open("streams");
    if (ftruncate(fd, sizeof *streams) == 0)
        streams = mmap(NULL, sizeof *streams, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (!streams || streams == MAP_FAILED) {
        perror("argo-devices: cannot map the file of streams");
        abort();
    }
    syscall(SYS_close, fd);
}

struct side *side_at(int side)
{
    pthread_once(&once, map_streams);
    return &streams->sides[side];
}

/* Whether an end is still somebody's. */
bool side_lives(int side, uint64_t serial)
{
    if (side < 0 || serial == 0 || side_at(side)->serial != serial)
        return false;
    int bell = bell_dial(serial);
    if (bell >= 0)
        syscall(SYS_close, bell);
    return bell != -ECONNREFUSED;
}

int side_add(struct side added, int *bell)
{
    for (int sweep = 0; sweep < 2; sweep++)
        for (int side = 0; side < SIDES; side++) {
            if (sweep && !side_lives(side, side_at(side)->serial))
                side_at(side)->serial = 0;
            if (side_at(side)->serial)
                continue;
            added.serial = new_serial();
            added.waits_on = -1;
            *bell = bell_make(added.serial);
            if (*bell < 0)
                return *bell;
            *side_at(side) = added;
            return side;
        }
    return -ENOMEM;
}

void side_free(int side)
{
    side_at(side)->serial = 0;
}

void side_ring(const struct side *side)
{
    bell_ring(side->serial);
}

/* Has an end be disconnected; what it has not read is lost. */
void side_end(int at, int error)
{
    struct side *side = side_at(at);
    side->state = DISCONNECTED;
    side->error = error;
    side->queued = 0;
    wake_all(&side->state);
    if (side->waits_on >= 0) {
        ring_at(side->waits_on)->drained++;
        wake_all(&ring_at(side->waits_on)->drained);
    }
    side_ring(side);
    driver_wake(side->driver);
}

static bool ended(pid_t pid)
{
    struct pollfd process = { (int)syscall(SYS_pidfd_open, pid, 0), POLLIN, 0 };
    bool is = process.fd < 0 || poll(&process, 1, 0) == 1;
    if (process.fd >= 0)
        syscall(SYS_close, process.fd);
    return is;
}

/* Ends what was connected to somebody who was killed; a domain that was destroyed tells nothing. */
void side_service(int at)
{
    struct side *side = side_at(at);
    uint64_t is;
    if (side->other_pid == 0 || side->other_pid == getpid() || !ended(side->other_pid))
        return;
    side->other_pid = 0;
    if (domain_state(side->peer.domain, false, &is) < 0 || is != side->peer_born)
        return;
    if (side->state == CONNECTING || side->state == CONNECTED)
        side_end(at, side->state == CONNECTING ? -ECONNREFUSED : 0);
}

/* Reads what waits, over the bounds of messages; 0: nothing does. */
int side_read(int at, char *buf, size_t len)
{
    struct side *side = side_at(at);
    size_t done = 0;
    while (done < len && side->queued > 0) {
        size_t left = side->lens[0] - side->read, part = len - done < left ? len - done : left;
        for (size_t i = 0; i < part; i++)
            buf[done + i] = streams->queues[at][0][side->read + i];
        done += part;
        side->read += (uint32_t)part;
        if (side->read < side->lens[0])
            break;
        side->queued--;
        side->read = 0;
        for (int i = 0; i < side->queued; i++) {
            side->lens[i] = side->lens[i + 1];
            __builtin_memcpy(streams->queues[at][i], streams->queues[at][i + 1], MESSAGE);
        }
    }
    return (int)done;
}

int ring_message(int slot, struct message header, uint32_t flags, const void *buf)
{
    uint32_t head[2] = { flags, header.id };
    header.kind = STREAM;
    return ring_insert(slot, header, buf, head);
}

/* Tells the other end that this one is closed. */
int side_reset(int at, bool v4v)
{
    struct side *side = side_at(at);
    struct place from = { ring_at(side->ring)->port, own_domain };
    int slot = ring_to(v4v, side->peer, own_domain);
    if (slot < 0)
        return slot;
    struct message header = { 8, from.port, from.domain, STREAM, side->id };
    int sent = ring_message(slot, header, FLAG_RST, NULL);
    ring_pump(slot);
    return sent;
}

/* The end of a ring that a message is for. */
static int addressee(int slot, const struct message *header)
{
    for (int i = 0; i < SIDES; i++) {
        struct side *side = side_at(i);
        if (side->serial && side->ring == slot && side->ring_serial == ring_at(slot)->serial
            && side->id == header->id && side->peer.port == header->port
            && side->peer.domain == header->domain)
            return i;
    }
    return -1;
}

static int caller(int slot, const struct message *header)
{
    for (int i = 0; i < SIDES; i++) {
        struct side *side = side_at(i);
        if (side->serial && side->state == CONNECTING && side->id == header->id
            && side->other == slot && side->other_serial == ring_at(slot)->serial)
            return i;
    }
    return -1;
}

/* Whether this SYN is dealt with; else it waits in the ring, and everything behind it. */
static bool take_syn(int slot, const struct message *header)
{
    struct ring *ring = ring_at(slot);
    int side = caller(slot, header);
    if (side < 0)
        return true;
    if (ring->closed) {
        side_end(side, -ECONNREFUSED);
        return true;
    }
    if (!ring->door)
        return true; /* bound only: nobody ever answers */
    if (ring->waiting == QUEUE)
        return false;
    ring->wait[ring->waiting].side = side;
    ring->wait[ring->waiting++].serial = side_at(side)->serial;
    door_ring(ring->door);
    return true;
}

static bool take_data(int slot, const struct message *header)
{
    int at = addressee(slot, header);
    struct side *side = at < 0 ? NULL : side_at(at);
    uint32_t len = header->len - 8;
    if (!side || side->state != CONNECTED || len > MESSAGE)
        return true;
    if (side->queued == QUEUE)
        return false;
    ring_copy(slot, 8, streams->queues[at][side->queued], len);
    side->lens[side->queued++] = len;
    side_ring(side);
    return true;
}

static bool take_message(int slot, const struct message *header)
{
    uint32_t head[2];
    if (header->kind != STREAM || header->len < sizeof head)
        return true;
    ring_copy(slot, 0, head, sizeof head);
    if (head[0] == FLAG_SYN)
        return take_syn(slot, header);
    if (head[0] == FLAG_DATA)
        return take_data(slot, header);
    int at = addressee(slot, header);
    if (at >= 0 && side_at(at)->state == CONNECTED)
        side_end(at, 0);
    return true;
}

/* Takes messages out of a ring of streams until one has to wait. */
void ring_pump(int slot)
{
    struct message header;
    if (!ring_at(slot)->stream)
        return;
    side_at(0);
    while (ring_peek(slot, &header) == 0 && take_message(slot, &header))
        ring_drop(slot, &header);
}

/* Refuses all that wait for a listener that is closed. */
void ring_refuse(int slot)
{
    struct ring *ring = ring_at(slot);
    ring->door = 0;
    ring->closed = true;
    for (int i = 0; i < ring->waiting; i++) {
        struct side *side = side_at(ring->wait[i].side);
        if (side->serial == ring->wait[i].serial && side->state == CONNECTING)
            side_end(ring->wait[i].side, -ECONNREFUSED);
    }
    ring->waiting = 0;
    ring_pump(slot);
}
