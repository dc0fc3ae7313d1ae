/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is said on stderr.
 */
#define _GNU_SOURCE
#include "bridge.h"
#include "wire.h"

#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINES = 50 /* at once, and one more each second */ };

void tell(const char *format, ...)
{
    struct pollfd out = { STDERR_FILENO, POLLOUT, 0 };
    char line[512] = "qmp-stub: ";
    size_t length = strlen(line);
    va_list more;

    va_start(more, format);
    vsnprintf(line + length, sizeof line - length - 1, format, more);
    va_end(more);
    strcat(line, "\n");
    /* A pipe that nobody empties stops nothing: there is room for a line in it, or the line is lost. */
    if (poll(&out, 1, 0) != 1 || !(out.revents & POLLOUT) || write(STDERR_FILENO, line, strlen(line)) < 0) {
        return; /* nobody reads it */
    }
}

/* What the other domain causes is not said without end. */
static bool may_tell(uint64_t now)
{
    static uint64_t left = LINES, since;

    if (now / 1000 > since) {
        left = left + (now / 1000 - since) < LINES ? left + (now / 1000 - since) : LINES;
        since = now / 1000;
    }
    if (left == 0) {
        return false;
    }
    left--;
    return true;
}

void log_counts(const Wire *w)
{
    const StubCounts *n = stub_counts(w->core);

    tell("%s: %" PRIu64 " sessions, %" PRIu64 " bytes heard, %" PRIu64 " sent; dropped: %" PRIu64
         " datagrams of others, %" PRIu64 " for nobody, %" PRIu64 " bytes for nobody, %" PRIu64
         " of a full console, %" PRIu64 " that QEMU did not take; a full ring: %" PRIu64 " times; ended so: %" PRIu64 " stuck, %" PRIu64 " full, %" PRIu64
         " gone",
         w->name, n->sessions, n->heard, n->sent, n->foreign, n->stray, n->unheard, n->dropped, n->untaken, n->full,
         n->ended_stuck, n->ended_full, n->ended_gone);
}

void log_news(Wire *w, bool verbose, uint64_t now)
{
    const StubCounts *n = stub_counts(w->core);
    StubEnd end = stub_end(w->core);

    if (n->foreign > 0 && w->foreign == 0) {
        w->foreign = n->foreign;
        tell("%s: datagrams of other domains or ports come, and are dropped", w->name);
    }
    if (w->open && (!stub_open(w->core) || n->sessions != w->sessions)) {
        w->open = false;
        if ((verbose || end > STUB_END_HANGUP) && may_tell(now)) {
            bool refused = end == STUB_END_REFUSED;
            tell("%s: session %" PRIu64 " has ended: %s%s%s", w->name, w->sessions, stub_end_text(end),
                 refused ? ": " : "", refused ? strerror(stub_error(w->core)) : "");
        }
    }
    if (n->sessions != w->sessions) {
        w->sessions = n->sessions;
        w->open = stub_open(w->core);
        if (verbose && may_tell(now)) {
            tell("%s: session %" PRIu64, w->name, n->sessions);
        }
    }
}
