/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of a ring, counted as Xen does: a message takes 16 bytes and its length rounded up to
 * 16, and one slot stays free. System calls read and write them, which find out about bad memory.
 */
#define _GNU_SOURCE
#include "argo.h"
#include <errno.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096 };

static uint32_t cost(uint32_t len)
{
    return SLOT + (len + SLOT - 1) / SLOT * SLOT;
}

static off_t place_of(int slot)
{
    return (off_t)MAX_RING * (slot + 1);
}

/* Moves bytes between memory and the ring, from a place in it on; 0 or -EFAULT. */
static int move(bool in, int slot, uint32_t at, void *buf, uint32_t len)
{
    struct ring *ring = ring_at(slot);
    int fd = host_open("host"), result = 0;
    for (uint32_t done = 0; done < len && result == 0;) {
        uint32_t from = (at + done) % ring->len, left = ring->len - from;
        size_t part = len - done < left ? len - done : left;
        off_t place = place_of(slot) + from;
        ssize_t moved = in ? pwrite(fd, (char *)buf + done, part, place)
                           : pread(fd, (char *)buf + done, part, place);
        if (moved != (ssize_t)part)
            result = -EFAULT;
        done += (uint32_t)part;
    }
    syscall(SYS_close, fd);
    return result;
}

bool ring_empty(const struct ring *ring)
{
    return ring->rx == ring->tx;
}

/* Xen reads the sender's memory by itself and cannot fault pages in. */
bool resident(const void *buf, size_t len)
{
    unsigned char pages[MAX_RING / PAGE + 1];
    uintptr_t from = (uintptr_t)buf & ~(uintptr_t)(PAGE - 1);
    size_t size = (uintptr_t)buf + len - from;
    if (len == 0)
        return true;
    if (len > MAX_RING - PAGE || mincore((void *)from, size, pages) < 0)
        return false;
    for (size_t i = 0; i < (size + PAGE - 1) / PAGE; i++)
        if (!(pages[i] & 1))
            return false;
    return true;
}

/*
 * Puts a message in and rings; all of it or nothing. header.len counts a stream's head of 8 bytes
 * too, which is not the program's memory; NULL: none.
 */
int ring_insert(int slot, struct message header, const void *buf, const void *head)
{
    struct ring *ring = ring_at(slot);
    uint32_t need = cost(header.len), room = ring->rx - ring->tx, head_len = head ? 8 : 0;
    if (need >= ring->len)
        return ring->v4v ? -EINVAL : -EMSGSIZE;
    if (ring_empty(ring))
        room = ring->len;
    else if (ring->rx < ring->tx)
        room += ring->len;
    if (need >= room)
        return -EAGAIN;
    uint32_t len = header.len - head_len, at = ring->tx + SLOT;
    if (!resident(buf, len) || move(true, slot, ring->tx, &header, SLOT) < 0
        || (head && move(true, slot, at, (void *)head, head_len) < 0)
        || move(true, slot, at + head_len, (void *)buf, len) < 0)
        return -EFAULT;
    /* Before it counts: whoever is killed in between leaves a bell that rang for nothing. */
    if (!ring->leaked && !ring->stream)
        bell_ring(ring->serial);
    ring->tx = (ring->tx + need) % ring->len;
    return 0;
}

/* The first message of a ring; -EAGAIN if there is none. */
int ring_peek(int slot, struct message *header)
{
    struct ring *ring = ring_at(slot);
    return ring_empty(ring) ? -EAGAIN : move(false, slot, ring->rx, header, SLOT);
}

/* Copies from the first message; -EFAULT if that memory cannot be written. */
int ring_copy(int slot, uint32_t from, void *buf, uint32_t len)
{
    return move(false, slot, ring_at(slot)->rx + SLOT + from, buf, len);
}

static void made_room(struct ring *ring)
{
    ring->drained++;
    wake_all(&ring->drained);
}

void ring_drop(int slot, const struct message *header)
{
    struct ring *ring = ring_at(slot);
    ring->rx = (ring->rx + cost(header->len)) % ring->len;
    made_room(ring);
}

void ring_wipe(int slot)
{
    struct ring *ring = ring_at(slot);
    ring->rx = ring->tx;
    made_room(ring);
}

void wake_all(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, 0x7fffffff, NULL, NULL, 0);
}

/* Sleeps until the word is another; EINTR after a signal. */
int wait_for_change(_Atomic uint32_t *word, uint32_t seen, const struct timespec *within)
{
    return syscall(SYS_futex, word, FUTEX_WAIT, seen, within, NULL, 0) < 0 ? errno : 0;
}
