/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A core with a peer and a front end that are tests.
 */
#ifndef QMPKIT_RIG_H
#define QMPKIT_RIG_H

#include "check.h"
#include "stub.h"

enum { DOM0 = 0, PORT = STUB_HELPER_PORT };

/* The time; tests put it forward. */
extern uint64_t now;

StubCore *make(int generation);
StubCore *make_bytes(bool marker);

/* A datagram comes from the right source. */
StubHeard hear(StubCore *core, const char *text);

/*
 * What the front end is told: "<" and ">" for a session, and its bytes, of which it takes one at once,
 * or `most`. The text is overwritten by the next call of these or of sent().
 */
const char *told(StubCore *core);
const char *told_by(StubCore *core, size_t most);

/* What goes to the peer while its ring takes all: datagrams, with "|" behind each. */
const char *sent(StubCore *core);

/* What is to be sent next is refused with an errno. */
void refuse(StubCore *core, int error);

/* The front end writes a text, all of which is taken. */
void say(StubCore *core, const char *text);

#endif
