/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the parts of the core share.
 */
#ifndef QMPKIT_INSIDE_H
#define QMPKIT_INSIDE_H

#include "bytes.h"
#include "stub.h"

enum { MARKS = 16 };

/* A session begins or ends, for the front end, at a place among the bytes. */
typedef struct Mark {
    uint64_t at; /* as `taken` counts */
    uint64_t session;
    bool opens;
} Mark;

struct StubCore {
    StubOptions o;
    StubCounts counts;

    /* As the peer has it. */
    uint64_t session;
    bool open;
    bool expecting; /* open without a word, and nobody has been heard yet */
    bool fresh;     /* no byte has come in this session */
    bool resynced;  /* the helper is one of ours, and reads an empty datagram as an end */
    bool opens_later;
    uint64_t opens_at;
    StubEnd end;
    int error;

    /* As the front end has been told. */
    uint64_t front; /* the session */
    bool told;      /* that it is open */
    Bytes in;
    uint64_t taken; /* bytes, ever */
    Mark marks[MARKS];
    int marked;
    bool idle; /* it takes nothing, and holds up what comes behind */
    uint64_t idle_since;

    /* For the peer. */
    Bytes out;
    size_t chunk; /* may have been halved */
    bool goodbye; /* an empty datagram is due */
    bool refused; /* the last send was, by a full ring */
    int delay;
    uint64_t retry_at, refused_since;
};

bool opens_alone(const StubCore *core);
void open_session(StubCore *core);
void end_session(StubCore *core, uint64_t now, StubEnd why);
void reset_out(StubCore *core);

/* How long the front end may take nothing from when it was seen to; UINT64_MAX for ever. */
uint64_t patience(const StubCore *core);

#endif
