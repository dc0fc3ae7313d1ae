/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The core, by what its callers see.
 */
#include "check.h"
#include "stub.h"

#include <errno.h>

enum { DOM0 = 0, PORT = STUB_HELPER_PORT };

static uint64_t now;
static char story[1 << 20];

static StubCore *make(int generation)
{
    StubOptions o = { .kind = STUB_DATAGRAMS, .generation = generation, .domain = DOM0, .port = PORT };
    StubCore *c = stub_new(&o);

    CHECK(c != NULL);
    now = 1000;
    return c;
}

static StubCore *make_bytes(bool marker)
{
    StubOptions o = { .kind = STUB_BYTES, .marker = marker };
    StubCore *c = stub_new(&o);

    CHECK(c != NULL);
    return c;
}

static StubHeard hear(StubCore *c, const char *text)
{
    return stub_hear(c, now, DOM0, PORT, text, strlen(text), strlen(text));
}

/* What the front end sees, at most `most` bytes at once: "<" and ">" for a session, and its bytes. */
static const char *told_by(StubCore *c, size_t most)
{
    const uint8_t *data;
    size_t length, end = 0;

    for (;;) {
        switch (stub_event(c, now, &data, &length)) {
        case STUB_OPENED:
            story[end++] = '<';
            break;
        case STUB_CLOSED:
            story[end++] = '>';
            break;
        case STUB_DATA:
            CHECK(length > 0);
            length = length < most ? length : most;
            memcpy(story + end, data, length);
            end += length;
            stub_took(c, length);
            break;
        case STUB_NOTHING:
            story[end] = '\0';
            return story;
        }
    }
}

static const char *told(StubCore *c)
{
    return told_by(c, 1);
}

/* What goes to the peer while its ring takes all: datagrams, with "|" behind each. */
static const char *sent(StubCore *c)
{
    const uint8_t *data;
    size_t length, end = 0;

    while (stub_out(c, now, &data, &length)) {
        memcpy(story + end, data, length);
        end += length;
        story[end++] = '|';
        stub_sent(c, now, (ssize_t)length);
    }
    story[end] = '\0';
    return story;
}

static void refuse(StubCore *c, int error)
{
    const uint8_t *data;
    size_t length;

    CHECK(stub_out(c, now, &data, &length));
    stub_sent(c, now, -error);
}

static void say(StubCore *c, const char *text)
{
    CHECK_IS(strlen(text), stub_write(c, now, text, strlen(text)));
}

/* ---- words */

static void third_generation_is_closed_until_live(void)
{
    StubCore *c = make(3);

    CHECK_TEXT("", told(c));
    say(c, "event");
    CHECK_TEXT("", sent(c));
    CHECK_IS(5, stub_counts(c)->unheard);
    CHECK_IS(STUB_HEARD_LIVE, hear(c, "live"));
    CHECK_TEXT("<", told(c));
    say(c, "greeting");
    CHECK_TEXT("greeting|", sent(c));
    CHECK_IS(STUB_HEARD_DEAD, hear(c, "dead"));
    CHECK_TEXT(">", told(c));
    CHECK_IS(STUB_HEARD_NOTHING, hear(c, "dead"));
    CHECK_TEXT("", told(c));
    CHECK_IS(STUB_END_LEFT, stub_end(c));
    stub_free(c);
}

static void second_generation_is_open_at_first(void)
{
    StubCore *c = make(2);

    CHECK_TEXT("<", told(c));
    hear(c, "one");
    hear(c, "dead");
    CHECK_TEXT("one>", told(c));
    now += 10 * STUB_AGAIN;
    CHECK_TEXT("", told(c));
    hear(c, "live");
    CHECK_TEXT("<", told(c));
    stub_free(c);
}

static void first_generation_knows_no_words(void)
{
    StubCore *c = make(1);

    hear(c, "live");
    hear(c, "dead");
    CHECK_TEXT("<livedead", told(c));
    stub_free(c);
}

static void only_the_exact_length_is_a_word(void)
{
    StubCore *c = make(3);
    static const char *const data[] = { "liv", "live ", "lively", "live\n", "dea", "deadly", "dead\n\n", "LIVE", "xlive" };

    hear(c, "live");
    CHECK_TEXT("<", told(c));
    for (size_t i = 0; i < sizeof data / sizeof *data; i++) {
        CHECK_IS(STUB_HEARD_DATA, hear(c, data[i]));
        CHECK_TEXT(data[i], told(c));
    }
    CHECK_IS(STUB_HEARD_NOTHING, hear(c, "")); /* not what came before once more */
    CHECK_TEXT("", told(c));
    stub_free(c);
}

static void live_while_open_closes_and_opens(void)
{
    StubCore *c = make(3);

    hear(c, "live");
    CHECK_TEXT("<", told(c));
    say(c, "for the one before");
    hear(c, "live");
    CHECK_TEXT("", sent(c));
    say(c, "late");
    CHECK_TEXT("><", told(c));
    CHECK_TEXT("", sent(c));
    say(c, "greeting");
    CHECK_TEXT("greeting|", sent(c));
    CHECK_IS(2, stub_counts(c)->sessions);
    stub_free(c);
}

static void our_helper_opens_whatever_state_it_finds(void)
{
    for (int before = 0; before < 2; before++) {
        StubCore *c = make(3);
        if (before) {
            hear(c, "live");
            told(c);
        }
        hear(c, "dead\n");
        hear(c, "live");
        CHECK_TEXT(before ? "><" : "<", told(c));
        say(c, "greeting");
        CHECK_TEXT("greeting|", sent(c));
        stub_free(c);
    }
}

static void our_helper_is_told_the_end_and_another_is_not(void)
{
    StubCore *c = make(3);

    hear(c, "dead\n");
    hear(c, "live");
    told(c);
    say(c, "last words");
    stub_hangup(c, now);
    CHECK(!stub_open(c));
    CHECK(!stub_flushed(c));
    CHECK_TEXT("last words||", sent(c));
    CHECK(stub_flushed(c));
    CHECK_TEXT("", told(c));
    hear(c, "dead");
    hear(c, "live");
    CHECK_TEXT("<", told(c));
    stub_hangup(c, now);
    CHECK_TEXT("", sent(c));
    stub_free(c);
}

static void bytes_for_nobody_are_dropped_and_answered(void)
{
    StubCore *c = make(3);

    CHECK_IS(STUB_HEARD_STRAY, hear(c, "{}"));
    CHECK_IS(STUB_HEARD_STRAY, hear(c, "{}"));
    CHECK_TEXT("", told(c));
    CHECK_TEXT("|", sent(c));
    CHECK_IS(2, stub_counts(c)->stray);
    stub_free(c);
}

/* ---- sources */

static void other_sources_are_not_looked_at(void)
{
    StubCore *c = make(3);

    CHECK_IS(STUB_HEARD_FOREIGN, stub_hear(c, now, 7, PORT, "live", 4, 4));
    CHECK_IS(STUB_HEARD_FOREIGN, stub_hear(c, now, DOM0, 5101, "live", 4, 4));
    CHECK_IS(STUB_HEARD_FOREIGN, stub_hear(c, now, 7, PORT, NULL, 0, 0));
    CHECK(!stub_open(c));
    hear(c, "live");
    CHECK_IS(STUB_HEARD_FOREIGN, stub_hear(c, now, 7, PORT, "dead", 4, 4));
    CHECK_IS(STUB_HEARD_FOREIGN, stub_hear(c, now, 7, PORT, "x", 1, 20000));
    CHECK_TEXT("<", told(c));
    CHECK(stub_open(c));
    CHECK_IS(5, stub_counts(c)->foreign);
    stub_free(c);
}

static void a_cut_datagram_ends_the_session(void)
{
    StubCore *c = make(3);

    hear(c, "live");
    CHECK_TEXT("<", told(c));
    say(c, "for nobody");
    CHECK_IS(STUB_HEARD_CUT, stub_hear(c, now, DOM0, PORT, "{}", 2, 3));
    CHECK_TEXT(">", told(c));
    CHECK_TEXT("", sent(c));
    CHECK_IS(STUB_END_CUT, stub_end(c));
    stub_free(c);
}

/* ---- order, bounds */

static void order_is_kept_across_sessions(void)
{
    StubCore *c = make(3);

    hear(c, "live");
    hear(c, "one");
    hear(c, "dead");
    hear(c, "live");
    hear(c, "tw");
    hear(c, "o");
    CHECK_TEXT("<one><two", told(c));
    stub_free(c);
}

static void a_session_without_bytes_is_not_told(void)
{
    StubCore *c = make(3);

    for (int i = 0; i < 100; i++) {
        hear(c, "live");
        hear(c, "dead");
    }
    hear(c, "live");
    CHECK_TEXT("<", told(c));
    CHECK_IS(100, stub_counts(c)->skipped);
    stub_free(c);
}

static void many_sessions_take_no_room(void)
{
    StubCore *c = make(3);

    for (int i = 0; i < 1000; i++) {
        hear(c, "live");
        hear(c, "x");
        hear(c, "dead");
    }
    hear(c, "live");
    hear(c, "last");
    told(c);
    CHECK(strlen(story) < 40);
    CHECK(strcmp(story + strlen(story) - 5, "<last") == 0);
    stub_free(c);
}

static void room_is_bounded_and_comes_back(void)
{
    StubCore *c = make(3);
    static char block[4096];
    size_t heard = 0, took = 0, length;
    const uint8_t *data;

    memset(block, 'b', sizeof block);
    hear(c, "live");
    while (stub_room(c) > 0) {
        CHECK_IS(STUB_DATAGRAM, stub_room(c));
        CHECK_IS(STUB_HEARD_DATA, stub_hear(c, now, DOM0, PORT, block, sizeof block, sizeof block));
        heard += sizeof block;
    }
    CHECK(heard >= STUB_IN && heard <= STUB_IN + STUB_DATAGRAM);
    CHECK_IS(STUB_OPENED, stub_event(c, now, &data, &length));
    while (stub_event(c, now, &data, &length) == STUB_DATA) {
        CHECK_IS('b', *data);
        stub_took(c, 1);
        took++;
    }
    CHECK_IS(heard, took);
    CHECK(stub_room(c) > 0);
    stub_free(c);
}

static void a_hangup_drops_what_was_for_the_session(void)
{
    StubCore *c = make(3);

    hear(c, "live");
    CHECK_TEXT("<", told(c));
    hear(c, "never taken");
    hear(c, "live");
    hear(c, "next");
    stub_hangup(c, now);
    CHECK_TEXT("<next", told(c));
    stub_free(c);
}

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
    third_generation_is_closed_until_live();
    second_generation_is_open_at_first();
    first_generation_knows_no_words();
    only_the_exact_length_is_a_word();
    live_while_open_closes_and_opens();
    our_helper_opens_whatever_state_it_finds();
    our_helper_is_told_the_end_and_another_is_not();
    bytes_for_nobody_are_dropped_and_answered();
    other_sources_are_not_looked_at();
    a_cut_datagram_ends_the_session();
    order_is_kept_across_sessions();
    a_session_without_bytes_is_not_told();
    many_sessions_take_no_room();
    room_is_bounded_and_comes_back();
    a_hangup_drops_what_was_for_the_session();
    long_output_is_chopped();
    a_full_ring_is_tried_again_in_order();
    a_ring_that_stays_full_ends_the_session();
    what_does_not_fit();
    a_peer_that_is_gone_ends_the_session();
    other_failures_end_it_and_are_told();
    too_long_is_halved();
    the_greeting_waits_for_a_first_peer();
    the_caller_opens_and_closes();
    a_marker_is_the_next_client();
    options_have_ranges();
    return 0;
}
