/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The core: what goes to the peer; rings and streams.
 */
#include "rig.h"

#include <errno.h>

/* ---- output */

static void long_output_is_chopped(void)
{
    static char much[300000], got[sizeof much];

    for (int shift = 0; shift < 12; shift++) {
        StubCore *c = make(3);
        const uint8_t *data;
        size_t length, end = 0;
        int datagrams = 0;

        for (size_t i = 0; i < sizeof much; i++) {
            much[i] = "deadlive0123"[(i + (size_t)shift) % 12];
        }
        hear(c, "live");
        told(c);
        CHECK_IS(sizeof much, stub_write(c, now, much, sizeof much));
        while (stub_out(c, now, &data, &length)) {
            CHECK(length > 0 && length <= STUB_CHUNK);
            CHECK(length < 4 || (memcmp(data, "live", 4) != 0 && memcmp(data, "dead", 4) != 0));
            memcpy(got + end, data, length);
            end += length;
            datagrams++;
            stub_sent(c, now, (ssize_t)length);
        }
        CHECK_IS(sizeof much, end);
        CHECK(memcmp(much, got, end) == 0);
        CHECK(datagrams < 150);
        stub_free(c);
    }
}

static void a_full_ring_is_tried_again_in_order(void)
{
    StubCore *c = make(3);
    const uint8_t *data;
    size_t length;
    int waited = 0;

    hear(c, "live");
    told(c);
    say(c, "first");
    for (int i = 0; i < 20; i++) {
        refuse(c, EAGAIN);
        CHECK(!stub_out(c, now, &data, &length));
        waited = stub_timeout(c, now);
        CHECK(waited >= STUB_RETRY_FIRST && waited <= STUB_RETRY_LAST);
        now += (uint64_t)waited;
    }
    CHECK_IS(STUB_RETRY_LAST, waited);
    say(c, ", second");
    CHECK_TEXT("first, second|", sent(c));
    CHECK_IS(-1, stub_timeout(c, now));
    CHECK_IS(20, stub_counts(c)->full);
    say(c, "x");
    refuse(c, EAGAIN);
    stub_ready(c);
    CHECK_TEXT("x|", sent(c));
    stub_free(c);
}

static void a_ring_that_stays_full_ends_the_session(void)
{
    StubCore *c = make(3);

    hear(c, "dead\n");
    hear(c, "live");
    told(c);
    say(c, "x");
    refuse(c, EAGAIN);
    for (uint64_t until = now + STUB_STUCK - STUB_RETRY_LAST; now < until; now += STUB_RETRY_LAST) {
        stub_ready(c);
        refuse(c, EAGAIN);
        CHECK(stub_open(c));
    }
    now += 2 * STUB_RETRY_LAST;
    refuse(c, EAGAIN);
    CHECK(!stub_open(c));
    CHECK_TEXT(">", told(c));
    CHECK_IS(STUB_END_STUCK, stub_end(c));
    CHECK_IS(1, stub_counts(c)->ended_stuck);
    CHECK_TEXT("|", sent(c)); /* our helper is told */
    hear(c, "live");
    CHECK_TEXT("<", told(c));
    stub_free(c);
}

static void what_does_not_fit(void)
{
    static char much[STUB_OUT + 1000];

    for (int full = STUB_FULL_WAIT; full <= STUB_FULL_END; full++) {
        StubOptions o = { .kind = STUB_DATAGRAMS, .generation = 3, .domain = DOM0, .port = PORT, .full = full };
        StubCore *c = stub_new(&o);
        hear(c, "live");
        told(c);
        CHECK_IS(STUB_OUT, stub_writable(c));
        CHECK_IS(full == STUB_FULL_WAIT ? STUB_OUT : sizeof much, stub_write(c, now, much, sizeof much));
        CHECK_IS(full == STUB_FULL_DROP ? 1000 : 0, stub_counts(c)->dropped);
        CHECK_IS(full == STUB_FULL_END, stub_counts(c)->ended_full);
        CHECK_IS(full != STUB_FULL_END, stub_open(c));
        CHECK_TEXT(full == STUB_FULL_END ? ">" : "", told(c));
        stub_free(c);
    }
}

static void who_comes_late_has_all_of_the_time_to_read(void)
{
    StubCore *c = make(2);

    told(c);
    say(c, "x");
    refuse(c, EAGAIN);
    now += 2 * STUB_STUCK; /* nobody has been heard */
    refuse(c, EAGAIN);
    CHECK(stub_open(c));
    hear(c, "one");
    now += STUB_STUCK - 1;
    refuse(c, EAGAIN);
    CHECK(stub_open(c));
    now += STUB_RETRY_LAST;
    refuse(c, EAGAIN);
    CHECK_IS(STUB_END_STUCK, stub_end(c));
    stub_free(c);
}

static void last_words_are_sent_before_it_opens_by_itself(void)
{
    StubCore *c = make(2);

    told(c);
    hear(c, "quit");
    CHECK_TEXT("quit", told(c));
    say(c, "last words");
    refuse(c, EAGAIN);
    stub_hangup(c, now);
    now += 2 * STUB_AGAIN;
    CHECK_TEXT("", told(c));
    CHECK_IS(STUB_HEARD_STRAY, hear(c, "more"));
    refuse(c, EAGAIN);
    CHECK(stub_timeout(c, now) > 0);
    now += STUB_RETRY_LAST;
    CHECK_TEXT("last words||", sent(c));
    CHECK_IS(0, stub_timeout(c, now));
    CHECK_TEXT("<", told(c));
    stub_free(c);
}

static void a_peer_that_is_gone_ends_the_session(void)
{
    static const int errors[] = { ECONNREFUSED, ESRCH, ENOTCONN };

    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        StubCore *c = make(3);
        hear(c, "dead\n");
        hear(c, "live");
        told(c);
        hear(c, "a command");
        say(c, "x");
        refuse(c, errors[i]);
        CHECK_TEXT("a command>", told(c));
        CHECK_IS(STUB_END_GONE, stub_end(c));
        CHECK_TEXT("", sent(c));
        CHECK_IS(-1, stub_timeout(c, now));
        stub_free(c);
    }
}

static void other_failures_end_it_and_are_told(void)
{
    StubCore *c = make(3);

    hear(c, "live");
    told(c);
    say(c, "x");
    refuse(c, EPERM);
    CHECK_TEXT(">", told(c));
    CHECK_IS(STUB_END_REFUSED, stub_end(c));
    CHECK_IS(EPERM, stub_error(c));
    stub_free(c);
}

static void too_long_is_halved(void)
{
    StubCore *c = make(3);
    static char block[STUB_CHUNK];
    const uint8_t *data;
    size_t length;

    memset(block, 'b', sizeof block);
    hear(c, "live");
    told(c);
    stub_write(c, now, block, sizeof block);
    for (size_t wanted = STUB_CHUNK; wanted > STUB_CHUNK_HALVED; wanted /= 2) {
        CHECK(stub_out(c, now, &data, &length));
        CHECK_IS(wanted, length);
        stub_sent(c, now, -EMSGSIZE);
    }
    CHECK(stub_out(c, now, &data, &length));
    CHECK_IS(STUB_CHUNK_HALVED, length);
    stub_sent(c, now, -EMSGSIZE);
    CHECK_IS(STUB_END_REFUSED, stub_end(c));
    stub_free(c);
}

static void the_greeting_waits_for_a_first_peer(void)
{
    for (int generation = 1; generation <= 2; generation++) {
        StubCore *c = make(generation);
        CHECK_TEXT("<", told(c));
        say(c, "greeting");
        for (int i = 0; i < 10; i++) {
            refuse(c, ECONNREFUSED);
            now += STUB_STUCK;
        }
        CHECK_TEXT("greeting|", sent(c));
        hear(c, "command");
        CHECK_TEXT("command", told(c));
        say(c, "answer");
        refuse(c, ECONNREFUSED);
        CHECK_TEXT(">", told(c));
        CHECK_IS(STUB_AGAIN, stub_timeout(c, now));
        now += STUB_AGAIN;
        CHECK_TEXT("<", told(c));
        say(c, "greeting");
        refuse(c, ECONNREFUSED);
        now += STUB_RETRY_FIRST;
        CHECK_TEXT("greeting|", sent(c));
        stub_free(c);
    }
}

/* ---- rings and streams */

static void the_caller_opens_and_closes(void)
{
    StubCore *c = make_bytes(false);

    CHECK_TEXT("", told(c));
    stub_came(c, now);
    stub_feed(c, now, "live\1", 5);
    CHECK_TEXT("<live\1", told_by(c, 100));
    say(c, "live");
    CHECK_TEXT("live|", sent(c));
    stub_left(c, now);
    CHECK_TEXT(">", told(c));
    CHECK_IS(STUB_IN + STUB_DATAGRAM, stub_room(c));
    stub_free(c);
}

static void a_marker_is_the_next_client(void)
{
    StubCore *c = make_bytes(true);

    stub_came(c, now);
    stub_feed(c, now, "\1one", 4);
    CHECK_TEXT("<one", told(c));
    say(c, "for one");
    stub_feed(c, now, "\1two\1three", 10);
    CHECK_TEXT("><two><three", told(c));
    CHECK_TEXT("", sent(c));
    stub_hangup(c, now);
    stub_feed(c, now, "for nobody\1four", 15);
    CHECK_TEXT("<four", told(c));
    stub_feed(c, now, "\1\1\1\1", 4);
    CHECK_TEXT("><", told(c));
    stub_free(c);
}

static void options_have_ranges(void)
{
    StubOptions wrong[] = {
        { .kind = STUB_DATAGRAMS, .generation = 0 },
        { .kind = STUB_DATAGRAMS, .generation = 4 },
        { .kind = STUB_DATAGRAMS, .generation = 3, .chunk = STUB_CHUNK_MAX + 1 },
        { .kind = STUB_DATAGRAMS, .generation = 3, .chunk = STUB_CHUNK_MIN - 1 },
        { .kind = STUB_BYTES, .in = SIZE_MAX },
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK(stub_new(&wrong[i]) == NULL);
    }
    stub_free(NULL);
}

int main(void)
{
    long_output_is_chopped();
    a_full_ring_is_tried_again_in_order();
    a_ring_that_stays_full_ends_the_session();
    what_does_not_fit();
    who_comes_late_has_all_of_the_time_to_read();
    last_words_are_sent_before_it_opens_by_itself();
    a_peer_that_is_gone_ends_the_session();
    other_failures_end_it_and_are_told();
    too_long_is_halved();
    the_greeting_waits_for_a_first_peer();
    the_caller_opens_and_closes();
    a_marker_is_the_next_client();
    options_have_ranges();
    return 0;
}
