/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The core under any order of calls. Input is a script: a byte of options, then two bytes for each
 * call. Bytes that are heard and written count up, so that what comes out tells whether any is
 * missing, twice, or in another place.
 */
#include "check.h"
#include "stub.h"

#include <errno.h>

enum { PERIOD = 251 };

typedef struct Run {
    StubCore *c;
    uint64_t now;
    bool told, words, marker;
    size_t chunk;
    /* The next byte that is heard, comes out for the front end, is written, comes out for the peer. */
    unsigned heard, taken, written, sent;
    uint64_t session; /* the last one that was written to */
    uint64_t in_gaps; /* sessions that were skipped */
    bool gap;  /* before the first bytes of a session */
    bool lost; /* what the front end hung up on, or did not take in time */
    uint64_t untaken;
} Run;

/* Bytes that count up; none of them a marker. Of output, they spell words as well. */
static uint8_t in_byte(unsigned n)
{
    return (uint8_t)(n % PERIOD + 2);
}

static uint8_t out_byte(unsigned n)
{
    static const char words[] = "livedeadlivlivedeadea";
    n %= PERIOD;
    return n < sizeof words - 1 ? (uint8_t)words[n] : (uint8_t)(n + 1);
}

static bool matches(unsigned n, const uint8_t *data, size_t length, uint8_t byte(unsigned))
{
    for (size_t i = 0; i < length; i++) {
        if (data[i] != byte(n + (unsigned)i)) {
            return false;
        }
    }
    return true;
}

/* Whether bytes go on where they were; after a gap they may go on anywhere, in order. */
static void follow(unsigned *n, const uint8_t *data, size_t length, bool gap, uint8_t byte(unsigned))
{
    for (unsigned skip = 0; skip < (gap ? PERIOD : 1); skip++) {
        if (matches(*n + skip, data, length, byte)) {
            *n += skip + (unsigned)length;
            return;
        }
    }
    CHECK(!"in order");
}

static void event(Run *r, size_t most)
{
    const uint8_t *data;
    size_t length;

    StubEvent next = stub_event(r->c, r->now, &data, &length);

    r->lost = r->lost || r->untaken != stub_counts(r->c)->untaken;
    r->untaken = stub_counts(r->c)->untaken;
    switch (next) {
    case STUB_NOTHING:
        r->in_gaps = stub_counts(r->c)->skipped; /* what was skipped is behind us */
        break;
    case STUB_OPENED:
        CHECK(!r->told);
        r->told = true;
        r->gap = r->gap || r->lost || r->in_gaps != stub_counts(r->c)->skipped;
        r->lost = false;
        break;
    case STUB_CLOSED:
        CHECK(r->told);
        r->told = false;
        break;
    case STUB_DATA:
        CHECK(r->told && length > 0);
        length = length < most ? length : most;
        follow(&r->taken, data, length, r->gap, in_byte);
        r->gap = false;
        stub_took(r->c, length);
        break;
    }
}

static void hear(Run *r, size_t length, bool bytes)
{
    static uint8_t data[STUB_DATAGRAM];
    size_t room = stub_room(r->c);

    length = length < room ? length : room;
    for (size_t i = 0; i < length; i++) {
        data[i] = in_byte(r->heard + (unsigned)i);
    }
    if (bytes) {
        uint64_t before = stub_counts(r->c)->heard;
        stub_feed(r->c, r->now, data, length);
        r->heard += (unsigned)(stub_counts(r->c)->heard - before);
    } else if (stub_hear(r->c, r->now, 0, 1, data, length, length) == STUB_HEARD_DATA) {
        r->heard += (unsigned)length;
    }
}

static void send_out(Run *r, int result)
{
    const uint8_t *data;
    size_t length;

    if (!stub_out(r->c, r->now, &data, &length)) {
        return;
    }
    CHECK(length <= r->chunk);
    CHECK(length < 4 || r->chunk == STUB_CHUNK - 1 || (memcmp(data, "live", 4) != 0 && memcmp(data, "dead", 4) != 0));
    if (result < 0) {
        stub_sent(r->c, r->now, result);
        return;
    }
    follow(&r->sent, data, length, false, out_byte);
    stub_sent(r->c, r->now, (ssize_t)length);
}

static void write_out(Run *r, size_t length)
{
    static uint8_t data[70000];
    uint64_t unheard = stub_counts(r->c)->unheard, dropped = stub_counts(r->c)->dropped;

    for (size_t i = 0; i < length; i++) {
        data[i] = out_byte(r->written + (unsigned)i);
    }
    length = stub_write(r->c, r->now, data, length);
    length -= (size_t)(stub_counts(r->c)->dropped - dropped); /* written once more */
    if (stub_counts(r->c)->unheard != unheard) {
        return;
    }
    if (stub_counts(r->c)->sessions != r->session) {
        /* What was for the one before is gone. */
        r->session = stub_counts(r->c)->sessions;
        r->sent = r->written;
    }
    r->written += (unsigned)length;
}

static void step(Run *r, uint8_t what, uint8_t much, bool bytes)
{
    static const char *const words[] = { "live", "dead", "dead\n" };
    static const int errors[] = { EAGAIN, ECONNREFUSED, EMSGSIZE, EPERM, EINTR, ESRCH };
    const char *word = words[much % 3];

    switch (what % 12) {
    case 0:
        event(r, 1);
        break;
    case 1:
        event(r, SIZE_MAX);
        break;
    case 2:
        hear(r, much, bytes);
        break;
    case 3:
        hear(r, much * 64u, bytes);
        break;
    case 4:
        if (r->marker && stub_room(r->c) > 0) {
            stub_feed(r->c, r->now, "\1", 1);
        } else if (!bytes && r->words) {
            CHECK(stub_hear(r->c, r->now, 0, 1, word, strlen(word), strlen(word)) != STUB_HEARD_DATA);
        }
        break;
    case 5:
        stub_hear(r->c, r->now, much % 3, much % 2, "live", 4, 5 + much % 5);
        break;
    case 6:
        write_out(r, much);
        break;
    case 7:
        write_out(r, much * 256u);
        break;
    case 8:
        send_out(r, 0);
        break;
    case 9:
        send_out(r, -errors[much % 6]);
        break;
    case 10:
        r->now += (uint64_t)much * much;
        break;
    case 11:
        if (much % 4 == 0) {
            stub_hangup(r->c, r->now);
            r->lost = r->lost || r->told;
            r->told = false;
        } else if (bytes && much % 4 == 1) {
            stub_came(r->c, r->now);
        } else if (bytes && much % 4 == 2) {
            stub_left(r->c, r->now);
        } else {
            stub_ready(r->c);
        }
        break;
    }
    CHECK(stub_timeout(r->c, r->now) >= -1);
    CHECK(stub_room(r->c) <= STUB_IN + STUB_DATAGRAM);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Run r = { .now = 1 };
    bool bytes = size > 0 && data[0] & 4;
    StubOptions o = {
        .kind = bytes ? STUB_BYTES : STUB_DATAGRAMS,
        .generation = 1 + (size > 0 ? data[0] & 3 : 0) % 3,
        .port = 1,
        .marker = bytes && data[0] & 8,
        .full = (StubFull)(size > 0 ? (data[0] >> 4) % 3 : 0),
        .out = 100000,
        .chunk = bytes ? STUB_CHUNK - 1 : STUB_CHUNK,
    };

    r.c = stub_new(&o);
    CHECK(r.c != NULL);
    r.chunk = o.chunk;
    r.words = o.generation > 1;
    r.marker = o.marker;
    for (size_t i = 1; i + 1 < size && i < 20000; i += 2) {
        step(&r, data[i], data[i + 1], bytes);
    }
    stub_free(r.c);
    return 0;
}
