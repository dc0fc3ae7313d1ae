/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What goes to the peer: kept, cut into chunks, tried again.
 */
#include "inside.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

void reset_out(StubCore *c)
{
    bytes_take(&c->out, c->out.length);
    c->chunk = c->o.chunk;
    c->refused = false;
}

/* ---- from the front end */

/* Whether what the front end writes is for a client that is there. */
static bool is_heard(const StubCore *c)
{
    return c->open && c->told && c->front == c->session;
}

size_t stub_writable(const StubCore *c)
{
    return is_heard(c) ? bytes_left(&c->out) : SIZE_MAX;
}

size_t stub_write(StubCore *c, uint64_t now, const void *data, size_t length)
{
    size_t fits;

    if (!is_heard(c)) {
        c->counts.unheard += length;
        return length;
    }
    fits = bytes_left(&c->out) < length ? bytes_left(&c->out) : length;
    if (fits < length) {
        switch (c->o.full) {
        case STUB_FULL_WAIT:
            length = fits;
            break;
        case STUB_FULL_DROP:
            c->counts.dropped += length - fits;
            break;
        case STUB_FULL_END:
            c->counts.unheard += length;
            c->counts.ended_full++;
            end_session(c, now, STUB_END_FULL);
            return length;
        }
    }
    bytes_add(&c->out, data, fits);
    return length;
}

/* ---- to the peer */

/* OpenXT's programs take what begins so for a word, whatever follows. */
static bool is_word(const uint8_t *at, size_t length)
{
    return length >= 4 && (memcmp(at, "live", 4) == 0 || memcmp(at, "dead", 4) == 0);
}

static size_t first_chunk(const StubCore *c)
{
    const uint8_t *at = bytes_first(&c->out);
    size_t length = c->out.length < c->chunk ? c->out.length : c->chunk;

    return c->o.kind == STUB_DATAGRAMS && is_word(at, c->out.length) ? 1 : length;
}

static bool waits(const StubCore *c, uint64_t now)
{
    return c->refused && now < c->retry_at;
}

bool stub_out(const StubCore *c, uint64_t now, const uint8_t **data, size_t *length)
{
    *data = bytes_first(&c->out);
    *length = 0;
    if (stub_flushed(c) || waits(c, now)) {
        return false;
    }
    *length = c->out.length > 0 ? first_chunk(c) : 0;
    return true;
}

/* Offers it again later; after a long time no more. */
static void later(StubCore *c, uint64_t now)
{
    if (!c->refused) {
        c->refused = true;
        c->refused_since = now;
        c->delay = STUB_RETRY_FIRST;
    } else {
        c->delay = c->delay * 2 < STUB_RETRY_LAST ? c->delay * 2 : STUB_RETRY_LAST;
    }
    c->retry_at = now + (uint64_t)c->delay;
}

/* Nothing more can be sent. */
static void lose(StubCore *c, uint64_t now, StubEnd why)
{
    if (c->open) {
        c->counts.ended_stuck += why == STUB_END_STUCK;
        c->counts.ended_gone += why == STUB_END_GONE;
    }
    end_session(c, now, why);
    reset_out(c);
    if (why == STUB_END_GONE || why == STUB_END_REFUSED) {
        c->goodbye = false;
    }
}

/* A send failed, of a peer that can be told nothing else. */
static void failed(StubCore *c, uint64_t now, int error)
{
    switch (error) {
    case EAGAIN:
    case EBUSY:
        c->counts.full++;
        /* fall through */
    case EINTR:
    case ENOMEM:
    case EFAULT: /* a page of the buffer was not in memory */
        later(c, now);
        if (!c->expecting && now - c->refused_since >= STUB_STUCK) {
            lose(c, now, STUB_END_STUCK);
        }
        return;
    case EMSGSIZE:
    case ENOBUFS: /* of V4V */
        if (c->chunk > STUB_CHUNK_HALVED) {
            c->chunk = c->chunk / 2 > STUB_CHUNK_HALVED ? c->chunk / 2 : STUB_CHUNK_HALVED;
            return;
        }
        break;
    case ECONNREFUSED:
    case ESRCH:
    case ENOTCONN: /* of V4V */
    case EPIPE:
    case ECONNRESET:
        if (c->expecting) {
            later(c, now);
        } else {
            lose(c, now, STUB_END_GONE);
        }
        return;
    default:
        break;
    }
    c->error = error;
    lose(c, now, STUB_END_REFUSED);
}

void stub_sent(StubCore *c, uint64_t now, ssize_t result)
{
    if (c->out.length == 0) {
        /* The empty datagram: whoever is not there to get it needs none. */
        if (c->goodbye && (result == -EAGAIN || result == -EINTR)) {
            later(c, now);
            c->goodbye = now - c->refused_since < STUB_STUCK;
        } else {
            c->goodbye = false;
            c->refused = false;
        }
        return;
    }
    if (result > 0) {
        size_t taken = (size_t)result < c->out.length ? (size_t)result : c->out.length;
        c->counts.sent += taken;
        c->refused = false;
        bytes_take(&c->out, taken);
    } else {
        failed(c, now, result == 0 ? EAGAIN : (int)-result);
    }
}

void stub_ready(StubCore *c)
{
    if (c->refused) {
        c->retry_at = 0;
    }
}

int stub_timeout(const StubCore *c, uint64_t now)
{
    uint64_t at = UINT64_MAX;

    if (!stub_flushed(c)) {
        at = waits(c, now) ? c->retry_at : now;
    }
    if (c->opens_later && stub_flushed(c) && c->opens_at < at) {
        at = c->opens_at;
    }
    if (patience(c) != UINT64_MAX) {
        uint64_t lost = (c->idle ? c->idle_since : now) + patience(c);
        at = lost < at ? lost : at;
    }
    if (at == UINT64_MAX) {
        return -1;
    }
    return at <= now ? 0 : at - now > INT_MAX ? INT_MAX : (int)(at - now);
}

bool stub_flushed(const StubCore *c)
{
    return c->out.length == 0 && !c->goodbye;
}
