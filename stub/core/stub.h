/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU's end of a channel to another domain: what the bytes mean, and in which order. No I/O, no
 * clock, no threads, nothing global; libc's memory functions only. The bridge (qmp-stub) and a
 * chardev inside QEMU are both written around it. This header, and bytes.c, core.c and out.c.
 *
 * Three parties: the *peer* is the program in the other domain; the *front end* is what takes and
 * makes the bytes here, QEMU's monitor or console; the *caller* moves bytes between the two and
 * this. A *session* is the time of one client of the peer: it opens, bytes go both ways, it closes.
 *
 *     peer ──► stub_hear(), stub_feed() ──► stub_event(), stub_took() ──► front end
 *     peer ◄── stub_out(),  stub_sent() ◄── stub_write()             ◄── front end
 *
 * What the caller does, whenever something may have changed:
 *
 *   1. while stub_room(): receive, without blocking, and give it to stub_hear() or stub_feed();
 *   2. while stub_event() has something: do it; of STUB_DATA as much as the front end takes now,
 *      which may be one byte (QEMU's monitors take no more), and say how much by stub_took();
 *   3. while stub_out() has something: send it, without blocking, and give the result to stub_sent();
 *   4. wait for the peer, the front end, or stub_timeout().
 *
 * Times are milliseconds of any clock that does not go back. Nothing here blocks or grows without a
 * bound. One thread at a time per core; it may be called again from within what an event causes.
 */
#ifndef QMPKIT_STUB_H
#define QMPKIT_STUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Of OpenXT's protocol, and bounds. */
enum {
    STUB_HELPER_PORT = 5100,   /* of OpenXT's helper in dom0 */
    STUB_QEMU_PORT = 15100,    /* of its QEMU */
    STUB_DATAGRAM = 16384,     /* what a receive buffer must have; no ring of the protocol has more */
    STUB_CHUNK = 4096,         /* bytes sent at once, unless it is said otherwise */
    STUB_CHUNK_MIN = 16,
    STUB_CHUNK_MAX = 16272,    /* what fits a ring of OpenXT's size */
    STUB_CHUNK_HALVED = 64,    /* a peer that can't take so little is lost */
    STUB_IN = 64 * 1024,       /* kept for a front end that does not take it */
    STUB_OUT = 1024 * 1024,    /* kept for a peer that does not read */
    STUB_RETRY_FIRST = 1,      /* ms after a full ring refused, doubled each time, to … */
    STUB_RETRY_LAST = 50,
    STUB_STUCK = 30 * 1000,    /* ms without progress in a full ring, and the session ends */
    STUB_UNTAKEN = 1000,       /* ms that bytes of who has left wait for a front end that takes none */
    STUB_AGAIN = 1000,         /* ms closed, at least, where a session opens by itself */
};

typedef struct StubCore StubCore;

/* How a session opens and closes. */
typedef enum StubKind {
    /* By datagrams of OpenXT's protocol, generation 1 to 3. */
    STUB_DATAGRAMS,
    /* The caller knows: stub_came() and stub_left(). For rings and streams. */
    STUB_BYTES,
} StubKind;

/* What becomes of output that finds STUB_OUT bytes waiting already. */
typedef enum StubFull {
    /* stub_write() takes what fits, and the front end keeps the rest, as QEMU's monitors do. It need
       not wait for long: after STUB_STUCK without progress the session ends. */
    STUB_FULL_WAIT,
    /* What does not fit is dropped, and counted: for a console, whose guest may not be held up. */
    STUB_FULL_DROP,
    /* The session ends: for who can neither keep output, nor do with half of it. */
    STUB_FULL_END,
} StubFull;

typedef struct StubOptions {
    StubKind kind;
    /* Of datagrams. 1: open from the start, no words. 2: open from the start, `dead` closes and
       `live` opens. 3: closed until `live`. */
    int generation;
    /* Of datagrams: the only source that is listened to. */
    uint32_t domain, port;
    /* Of bytes: a client sends the byte 0x01 first, so that the next one is known by it. */
    bool marker;
    /* The longest that stub_out() gives; 0 for STUB_CHUNK. */
    size_t chunk;
    /* Bytes kept for the front end, for the peer; 0 for STUB_IN, STUB_OUT. */
    size_t in, out;
    StubFull full;
} StubOptions;

/* What stub_hear() made of a datagram. */
typedef enum StubHeard {
    STUB_HEARD_DATA,
    STUB_HEARD_LIVE,    /* a session opens; one that was open closes before */
    STUB_HEARD_DEAD,    /* the session closes */
    STUB_HEARD_NOTHING, /* empty, or `dead` of a client that is not there */
    STUB_HEARD_STRAY,   /* bytes while no session is open: dropped */
    STUB_HEARD_FOREIGN, /* from another domain or port: not looked at, dropped */
    STUB_HEARD_CUT,     /* longer than the buffer: the session ends, since bytes are lost */
} StubHeard;

/* What the front end is to be told. */
typedef enum StubEvent {
    STUB_NOTHING,
    STUB_OPENED, /* a client is there: CHR_EVENT_OPENED; written output is kept from before this on */
    STUB_DATA,   /* bytes of the client */
    STUB_CLOSED, /* the client has left: CHR_EVENT_CLOSED */
} StubEvent;

/* Why the last session ended. */
typedef enum StubEnd {
    STUB_END_NONE,
    STUB_END_LEFT,     /* the client said so, or stub_left() */
    STUB_END_REPLACED, /* another client came */
    STUB_END_HANGUP,   /* the front end ended it */
    STUB_END_FULL,     /* STUB_OUT bytes wait, and more came */
    STUB_END_STUCK,    /* the ring was full for STUB_STUCK */
    STUB_END_GONE,     /* nobody is there to send to */
    STUB_END_REFUSED,  /* a send failed otherwise; stub_error() has the errno */
    STUB_END_CUT,      /* a datagram was too long for the buffer */
    STUB_END_UNTAKEN,  /* STUB_IN bytes wait, and the front end has taken none for STUB_STUCK */
} StubEnd;

/* Since stub_new(); they only grow. */
typedef struct StubCounts {
    uint64_t sessions;     /* opened */
    uint64_t heard, sent;  /* bytes of clients; bytes taken by the peer's ring */
    uint64_t foreign;      /* datagrams of other sources */
    uint64_t stray;        /* datagrams while no session was open */
    uint64_t cut;          /* datagrams longer than the buffer */
    uint64_t unheard;      /* bytes of output that nobody was there for, or whose client had left */
    uint64_t untaken;      /* bytes of clients that the front end did not take in time */
    uint64_t dropped;      /* bytes of output dropped by STUB_FULL_DROP */
    uint64_t full;         /* sends that a full ring refused */
    uint64_t skipped;      /* sessions that the front end never saw: others replaced them at once */
    uint64_t ended_full, ended_stuck, ended_gone; /* sessions that ended so */
} StubCounts;

/* A core; NULL where there is no memory, or an option is out of its range. */
StubCore *stub_new(const StubOptions *options);
void stub_free(StubCore *core);

/* ---- from the peer */

/*
 * How many bytes may be given now; for datagrams 0 or STUB_DATAGRAM. At 0 the caller receives
 * nothing: the ring fills, and stops who sends.
 */
size_t stub_room(const StubCore *core);

/*
 * Takes a datagram, and looks at its source before all else. `length` is what came, `whole` what it
 * had before the buffer cut it (as MSG_TRUNC tells; else the same).
 */
StubHeard stub_hear(StubCore *core, uint64_t now, uint32_t domain, uint32_t port, const void *data,
                    size_t length, size_t whole);

/* Takes bytes of a ring or stream, at most stub_room(). */
void stub_feed(StubCore *core, uint64_t now, const void *data, size_t length);

/* A client of a ring or stream is there; it has left. With a marker more may come in between. */
void stub_came(StubCore *core, uint64_t now);
void stub_left(StubCore *core, uint64_t now);

/* ---- to the front end */

/*
 * What is next, in the order in which it came. STUB_OPENED and STUB_CLOSED are told once, strictly
 * in turn. STUB_DATA is told again, until stub_took() has said that all of it was taken; the bytes
 * stay where they are until the next call of stub_took(), stub_hear() or stub_feed().
 *
 * A front end that takes nothing does not keep the next client out: behind bytes of which none was
 * taken for STUB_UNTAKEN, STUB_CLOSED is told without them. With STUB_IN bytes waiting, and none taken for
 * STUB_STUCK, the session ends so as well. Both only if this is asked when stub_timeout() says.
 */
StubEvent stub_event(StubCore *core, uint64_t now, const uint8_t **data, size_t *length);
void stub_took(StubCore *core, size_t length);

/*
 * The front end has ended the session, which therefore is told no STUB_CLOSED. What the client said
 * and was not taken is dropped; what was written is sent yet.
 */
void stub_hangup(StubCore *core, uint64_t now);

/* ---- from the front end */

/*
 * Output, of any length. Returns how much was taken: all, kept or dropped and counted, unless
 * STUB_FULL_WAIT. Output while no session is open, or whose client has left, is dropped and counted.
 */
size_t stub_write(StubCore *core, uint64_t now, const void *data, size_t length);

/* How much stub_write() would keep; SIZE_MAX where it would be dropped. For STUB_FULL_WAIT. */
size_t stub_writable(const StubCore *core);

/* ---- to the peer */

/*
 * What is to be sent now: at most `chunk` bytes, and never a datagram that begins with a word. It
 * may be empty (a length of 0), which of datagrams tells our helper that the session is over. The
 * bytes stay where they are until the next call of stub_sent() or stub_write().
 */
bool stub_out(const StubCore *core, uint64_t now, const uint8_t **data, size_t *length);

/*
 * What came of sending it: bytes taken (0 of a ring: it is full), or -errno. To be called right after
 * stub_out(). What a full ring refused is offered again, later, before anything else. EMSGSIZE makes
 * chunks shorter.
 */
void stub_sent(StubCore *core, uint64_t now, ssize_t result);

/* The peer's ring may have room again: what it refused is offered at once. Where that can be known. */
void stub_ready(StubCore *core);

/* Milliseconds until stub_out() or stub_event() may have something by time alone; -1 for never. */
int stub_timeout(const StubCore *core, uint64_t now);

/* ---- how it is */

/* Whether a client is there, as far as the peer has said. */
bool stub_open(const StubCore *core);

/* Whether nothing is left to be sent; after a session, that a ring or stream may be closed. */
bool stub_flushed(const StubCore *core);

/* Why the last session ended, with the errno if a send was refused; in words, for a log. */
StubEnd stub_end(const StubCore *core);
int stub_error(const StubCore *core);
const char *stub_end_text(StubEnd end);

const StubCounts *stub_counts(const StubCore *core);

#endif
