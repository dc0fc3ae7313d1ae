/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The core: sessions, and what the front end is told.
 */
#include "rig.h"

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
    const char *all;

    for (int i = 0; i < 1000; i++) {
        hear(c, "live");
        hear(c, "x");
        hear(c, "dead");
    }
    hear(c, "live");
    hear(c, "last");
    all = told(c);
    CHECK(strlen(all) < 40);
    CHECK_TEXT("<last", all + strlen(all) - strlen("<last"));
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

/* ---- a front end that takes nothing */

static void what_nobody_takes_does_not_keep_the_next_one_out(void)
{
    StubCore *c = make(3);
    const uint8_t *data;
    size_t length;

    hear(c, "live");
    CHECK_TEXT("<", told(c));
    hear(c, "never taken");
    CHECK_IS(STUB_DATA, stub_event(c, now, &data, &length));
    now += 10 * STUB_STUCK; /* while it is there it may wait */
    CHECK_IS(STUB_DATA, stub_event(c, now, &data, &length));
    CHECK_IS(-1, stub_timeout(c, now));
    hear(c, "dead");
    hear(c, "live");
    hear(c, "next");
    CHECK_IS(STUB_DATA, stub_event(c, now, &data, &length));
    CHECK_IS(STUB_UNTAKEN, stub_timeout(c, now));
    now += STUB_UNTAKEN - 1;
    CHECK_IS(STUB_DATA, stub_event(c, now, &data, &length));
    CHECK_IS(strlen("never taken"), length);
    stub_took(c, strlen("never ")); /* it goes on, and has time again */
    now++;
    CHECK_IS(STUB_DATA, stub_event(c, now, &data, &length));
    CHECK_IS(STUB_UNTAKEN, stub_timeout(c, now));
    now += STUB_UNTAKEN;
    CHECK_IS(0, stub_timeout(c, now));
    CHECK_TEXT("><next", told(c));
    CHECK_IS(strlen("taken"), stub_counts(c)->untaken);
    CHECK_IS(-1, stub_timeout(c, now));
    stub_free(c);
}

static void who_fills_all_room_that_nobody_empties_is_ended(void)
{
    static char block[4096];

    for (int kind = STUB_DATAGRAMS; kind <= STUB_BYTES; kind++) {
        StubCore *c = kind == STUB_BYTES ? make_bytes(false) : make(3);
        const uint8_t *data;
        size_t length;

        if (kind == STUB_BYTES) {
            stub_came(c, now);
        } else {
            hear(c, "dead\n");
            hear(c, "live");
        }
        CHECK_TEXT("<", told(c));
        while (stub_room(c) > 0) {
            if (kind == STUB_BYTES) {
                stub_feed(c, now, block, sizeof block);
            } else {
                stub_hear(c, now, DOM0, PORT, block, sizeof block, sizeof block);
            }
        }
        CHECK_IS(STUB_DATA, stub_event(c, now, &data, &length));
        CHECK_IS(STUB_STUCK, stub_timeout(c, now));
        now += STUB_STUCK - 1;
        CHECK_IS(STUB_DATA, stub_event(c, now, &data, &length));
        CHECK(stub_open(c));
        now++;
        CHECK_TEXT(">", told(c));
        CHECK_IS(STUB_END_UNTAKEN, stub_end(c));
        CHECK(stub_room(c) > 0);
        CHECK_TEXT(kind == STUB_BYTES ? "" : "|", sent(c)); /* our helper is told */
        stub_free(c);
    }
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
    what_nobody_takes_does_not_keep_the_next_one_out();
    who_fills_all_room_that_nobody_empties_is_ended();
    return 0;
}
