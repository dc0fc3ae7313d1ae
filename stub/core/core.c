/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Sessions: who is there, and what is next for the front end. What goes to the peer is in out.c.
 */
#include "inside.h"

#include <stdlib.h>
#include <string.h>

static bool valid(const StubOptions *o)
{
    bool generation = o->generation >= 1 && o->generation <= 3;
    bool chunk = o->chunk >= STUB_CHUNK_MIN && (o->kind == STUB_BYTES || o->chunk <= STUB_CHUNK_MAX);

    return chunk && (o->kind == STUB_BYTES || generation) && o->in <= SIZE_MAX / 2;
}

StubCore *stub_new(const StubOptions *options)
{
    StubCore *c = calloc(1, sizeof *c);

    if (c == NULL) {
        return NULL;
    }
    c->o = *options;
    c->o.chunk = c->o.chunk != 0 ? c->o.chunk : STUB_CHUNK;
    c->o.in = c->o.in != 0 ? c->o.in : STUB_IN;
    c->o.out = c->o.out != 0 ? c->o.out : STUB_OUT;
    /* A datagram that is taken must fit whole. */
    if (!valid(&c->o) || !bytes_make(&c->in, c->o.in + STUB_DATAGRAM) || !bytes_make(&c->out, c->o.out)) {
        stub_free(c);
        return NULL;
    }
    if (opens_alone(c)) {
        open_session(c);
        c->expecting = true;
    }
    return c;
}

void stub_free(StubCore *c)
{
    if (c != NULL) {
        bytes_free(&c->in);
        bytes_free(&c->out);
        free(c);
    }
}

bool opens_alone(const StubCore *c)
{
    return c->o.kind == STUB_DATAGRAMS && c->o.generation < 3;
}

/* ---- marks: where among the bytes for the front end sessions begin and end */

static uint64_t given(const StubCore *c)
{
    return c->taken + c->in.length;
}

/* Whether a session is open when all that is queued has been told. */
static bool open_at_end(const StubCore *c)
{
    return c->marked > 0 ? c->marks[c->marked - 1].opens : c->told;
}

static void mark(StubCore *c, bool opens)
{
    if (!opens && c->marked > 0) {
        const Mark *last = &c->marks[c->marked - 1]; /* it opens: they take turns */
        /* A session that the front end has not seen yet: one without bytes never was; nor was one of
           so many that there is no place to remember them. */
        if (last->at == given(c) || c->marked > MARKS - 4) {
            c->counts.skipped++;
            bytes_cut(&c->in, given(c) - last->at);
            c->marked--;
            return;
        }
    }
    c->marks[c->marked++] = (Mark) { .at = given(c), .opens = opens, .session = c->session };
}

/* Bytes that are next for the front end, up to where its session ends. */
static size_t untaken(const StubCore *c)
{
    return c->marked > 0 ? (size_t)(c->marks[0].at - c->taken) : c->in.length;
}

static void take(StubCore *c, size_t length)
{
    c->taken += length;
    bytes_take(&c->in, length);
}

/* ---- sessions */

void open_session(StubCore *c)
{
    c->open = true;
    c->fresh = true;
    c->expecting = false;
    c->goodbye = false;
    c->opens_later = false;
    c->session++;
    c->counts.sessions++;
    reset_out(c);
    mark(c, true);
}

void end_session(StubCore *c, uint64_t now, StubEnd why)
{
    if (!c->open) {
        return;
    }
    c->open = false;
    c->expecting = false;
    c->end = why;
    if (open_at_end(c)) {
        c->idle = c->idle && c->marked > 0; /* what it said last has its own time */
        mark(c, false);
    }
    if (why != STUB_END_HANGUP) {
        reset_out(c);
    }
    if (why == STUB_END_LEFT || why == STUB_END_REPLACED) {
        return; /* the peer knows */
    }
    c->goodbye = c->resynced && why != STUB_END_GONE;
    if (opens_alone(c)) {
        c->opens_later = true;
        c->opens_at = now + STUB_AGAIN;
    }
}

void stub_came(StubCore *c, uint64_t now)
{
    end_session(c, now, STUB_END_REPLACED);
    open_session(c);
}

void stub_left(StubCore *c, uint64_t now)
{
    end_session(c, now, STUB_END_LEFT);
    reset_out(c);
}

void stub_hangup(StubCore *c, uint64_t now)
{
    if (!c->told) {
        return;
    }
    c->told = false;
    c->idle = false;
    if (c->marked > 0) {
        take(c, untaken(c));
        c->marked--; /* it closes: what opens comes after what closes */
        memmove(c->marks, c->marks + 1, (size_t)c->marked * sizeof *c->marks);
    } else {
        take(c, untaken(c));
        if (c->front == c->session) {
            end_session(c, now, STUB_END_HANGUP);
        }
    }
}

/* ---- from the peer */

size_t stub_room(const StubCore *c)
{
    if (c->o.kind == STUB_DATAGRAMS) {
        return bytes_left(&c->in) >= STUB_DATAGRAM ? STUB_DATAGRAM : 0;
    }
    return bytes_left(&c->in);
}

static bool is(const void *data, size_t length, const char *word)
{
    return length == strlen(word) && memcmp(data, word, length) == 0;
}

static StubHeard data(StubCore *c, uint64_t now, const void *bytes, size_t length)
{
    if (!c->open && c->opens_later && stub_flushed(c)) {
        open_session(c); /* who speaks is there */
    }
    if (!c->open) {
        c->counts.stray++;
        c->goodbye = c->o.kind == STUB_DATAGRAMS;
        return STUB_HEARD_STRAY;
    }
    if (length > bytes_left(&c->in)) {
        /* More than stub_room(): the caller's fault, and bytes would be missing. */
        c->counts.cut++;
        end_session(c, now, STUB_END_CUT);
        return STUB_HEARD_CUT;
    }
    c->fresh = false;
    c->counts.heard += length;
    bytes_add(&c->in, bytes, length);
    return STUB_HEARD_DATA;
}

StubHeard stub_hear(StubCore *c, uint64_t now, uint32_t domain, uint32_t port, const void *bytes,
                    size_t length, size_t whole)
{
    if (domain != c->o.domain || port != c->o.port) {
        c->counts.foreign++;
        return STUB_HEARD_FOREIGN;
    }
    if (whole > length) {
        c->counts.cut++;
        end_session(c, now, STUB_END_CUT);
        return STUB_HEARD_CUT;
    }
    if (length == 0) {
        return STUB_HEARD_NOTHING;
    }
    if (c->expecting) {
        c->expecting = false;
        c->refused_since = now; /* until now nobody was there to read */
    }
    if (c->o.generation > 1 && is(bytes, length, "live")) {
        end_session(c, now, STUB_END_REPLACED);
        open_session(c);
        return STUB_HEARD_LIVE;
    }
    /* A helper of ours begins with `dead` and an end of line, which a closed QEMU of OpenXT's parses,
       and then with `live`; so it finds one that it can open, whoever was there before. */
    if (c->o.generation > 1 && (is(bytes, length, "dead") || is(bytes, length, "dead\n"))) {
        bool was = c->open;
        c->resynced = length == strlen("dead\n");
        c->goodbye = false;
        c->opens_later = false;
        stub_left(c, now);
        return was ? STUB_HEARD_DEAD : STUB_HEARD_NOTHING;
    }
    return data(c, now, bytes, length);
}

void stub_feed(StubCore *c, uint64_t now, const void *bytes, size_t length)
{
    const uint8_t *from = bytes;

    while (length > 0) {
        const uint8_t *marker = c->o.marker ? memchr(from, 0x01, length) : NULL;
        size_t before = marker != NULL ? (size_t)(marker - from) : length;

        if (before > 0) {
            data(c, now, from, before);
        }
        if (marker == NULL) {
            return;
        }
        if (!c->open || !c->fresh) {
            stub_came(c, now);
        }
        c->fresh = false; /* the next one is the next client's */
        from += before + 1;
        length -= before + 1;
    }
}

/* ---- to the front end */

uint64_t patience(const StubCore *c)
{
    if (!c->told || untaken(c) == 0) {
        return UINT64_MAX;
    }
    if (c->marked > 0) {
        return STUB_UNTAKEN;
    }
    return bytes_left(&c->in) < STUB_DATAGRAM ? STUB_STUCK : UINT64_MAX;
}

/* Drops what nobody takes, for what comes behind. */
static void lose_patience(StubCore *c, uint64_t now)
{
    uint64_t within = patience(c);

    if (within == UINT64_MAX) {
        c->idle = false;
    } else if (!c->idle) {
        c->idle = true;
        c->idle_since = now;
    } else if (now - c->idle_since >= within) {
        size_t rest = untaken(c);
        c->idle = false;
        if (c->marked == 0) {
            end_session(c, now, STUB_END_UNTAKEN);
        }
        c->counts.untaken += rest;
        take(c, rest);
    }
}

StubEvent stub_event(StubCore *c, uint64_t now, const uint8_t **bytes, size_t *length)
{
    *bytes = NULL;
    *length = 0;
    if (c->opens_later && now >= c->opens_at && stub_flushed(c)) {
        open_session(c);
        c->expecting = true;
    }
    lose_patience(c, now);
    if (c->marked > 0 && c->marks[0].at == c->taken) {
        Mark next = c->marks[0];
        c->marked--;
        memmove(c->marks, c->marks + 1, (size_t)c->marked * sizeof *c->marks);
        c->told = next.opens;
        c->front = next.session;
        return next.opens ? STUB_OPENED : STUB_CLOSED;
    }
    if (c->in.length == 0) {
        return STUB_NOTHING;
    }
    *bytes = bytes_first(&c->in);
    *length = untaken(c);
    return STUB_DATA;
}

void stub_took(StubCore *c, size_t length)
{
    size_t most = untaken(c);

    length = length < most ? length : most;
    c->idle = c->idle && length == 0;
    take(c, length);
}

/* ---- how it is */

bool stub_open(const StubCore *c)
{
    return c->open;
}

StubEnd stub_end(const StubCore *c)
{
    return c->end;
}

int stub_error(const StubCore *c)
{
    return c->error;
}

const char *stub_end_text(StubEnd end)
{
    switch (end) {
    case STUB_END_NONE:
        return "nothing has ended yet";
    case STUB_END_LEFT:
        return "the client has left";
    case STUB_END_REPLACED:
        return "another client took its place";
    case STUB_END_HANGUP:
        return "QEMU has closed it";
    case STUB_END_FULL:
        return "the client does not read, and no more output can be kept";
    case STUB_END_STUCK:
        return "its ring was full for 30 s: nobody reads there";
    case STUB_END_GONE:
        return "nobody is there any more";
    case STUB_END_REFUSED:
        return "a message was refused";
    case STUB_END_CUT:
        return "a datagram was longer than any of the protocol";
    case STUB_END_UNTAKEN:
        return "QEMU has taken nothing for 30 s";
    }
    return "unknown";
}

const StubCounts *stub_counts(const StubCore *c)
{
    return &c->counts;
}
