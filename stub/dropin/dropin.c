/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What libxl starts for a stub domain, made small: it asks the helper of this host (qmp helper --all)
 * to serve the monitor, writes "running" and waits for its signal; so that many domains cost one
 * JVM. Where no helper answers, it makes the socket itself, writes "running", and becomes the Java
 * program of the same name, which inherits the socket: nobody who connects meanwhile is refused.
 *
 * Arguments are those of Xen's vchan-socket-proxy. All but "share the vchan of a domain on a socket's
 * path" is left to the Java program, and so is every complaint about them.
 *
 *   QMPKIT_CONTROL  the helper's control socket in the place of /run/qmpkit/helper.sock
 *   XENSTORED_PATH  xenstored's, as for Xen's own programs
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dropin.h"

enum { ANSWER_MS = 2000, LAST_BREATH_MS = 5000, PAUSE_MS = 20, LINE = 4096 };

static const char *name = "vchan-socket-proxy";

void complain(const char *format, ...)
{
    va_list more;

    fprintf(stderr, "%s: ", name);
    va_start(more, format);
    vfprintf(stderr, format, more);
    va_end(more);
    fputc('\n', stderr);
}

/* Becomes the Java program, which bin/qmp beside this one starts. */
static _Noreturn void become(char **argv)
{
    char place[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", place, sizeof place - sizeof "qmp");
    char *slash;

    if (length > 0) {
        place[length] = '\0';
        slash = strrchr(place, '/');
        strcpy(slash + 1, "qmp");
        setenv("QMPKIT_CALLED", name, 1);
        execv(place, argv);
    }
    complain("cannot start %s: %s; it belongs beside this program", length > 0 ? place : "qmp", strerror(errno));
    exit(127);
}

/* Text in a JSON string. Ends with 0 if it is too long, or no text that can be told without escapes. */
static int quote(char *to, size_t room, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c < ' ' || *c == '"' || *c == '\\' || *c > '~') {
            return 0;
        }
    }
    return snprintf(to, room, "%s", text) < (int)room;
}

/* Reads up to the end of a line, or of what is said; its length, 0 if none comes in time. */
static size_t answer(int helper, char *line, size_t room, int patience)
{
    size_t have = 0;

    while (have < room - 1) {
        struct pollfd p = { helper, POLLIN, 0 };
        ssize_t n;

        if (poll(&p, 1, patience) <= 0 || (n = read(helper, line + have, room - 1 - have)) <= 0) {
            return 0;
        }
        have += n;
        line[have] = '\0';
        if (strchr(line, '\n') != NULL) {
            *strchr(line, '\n') = '\0';
            return have;
        }
    }
    return 0;
}

/* The connection on which the helper has said that it serves the domain, or -1. */
static int hand_over(const char *domid, const char *path, const char *socket_path)
{
    const char *control = getenv("QMPKIT_CONTROL");
    char line[LINE], vchan[PATH_MAX], place[PATH_MAX];
    int helper = dial(control != NULL ? control : "/run/qmpkit/helper.sock");
    int length;

    if (helper < 0) {
        return -1;
    }
    if (quote(vchan, sizeof vchan, path) && quote(place, sizeof place, socket_path)) {
        length = snprintf(line, sizeof line, "{\"serve\": {\"domid\": %s, \"path\": \"%s\", \"socket\": \"%s\"}}\n",
                          domid, vchan, place);
        if (length < (int)sizeof line && send(helper, line, length, MSG_NOSIGNAL) == length) {
            if (answer(helper, line, sizeof line, ANSWER_MS) > 0 && strncmp(line, "{\"return\"", 9) == 0) {
                return helper;
            }
            complain("the helper of this host does not serve domain %s, so this program does: %.200s", domid, line);
        }
    }
    close(helper);
    return -1;
}

/* Whether the helper still serves the domain when it is over: 0 told to end, 1 it does not. */
static int wait_for_end(int helper, int signals)
{
    struct pollfd both[] = { { helper, POLLIN, 0 }, { signals, POLLIN, 0 } };
    char line[LINE];

    for (;;) {
        if (poll(both, 2, -1) < 0 && errno != EINTR) {
            return 1;
        }
        if (both[1].revents != 0) {
            return 0;
        }
        if (both[0].revents != 0) {
            /* {"ended": …} before the end: the domain is gone; else the helper is. */
            return answer(helper, line, sizeof line, 0) > 0 && strncmp(line, "{\"ended\"", 8) == 0 ? 0 : 1;
        }
    }
}

static int is_number(const char *word)
{
    return *word != '\0' && strlen(word) < 6 && word[strspn(word, "0123456789")] == '\0';
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "mode", required_argument, NULL, 'm' },
        { "state-path", required_argument, NULL, 's' },
        { "reconnect-marker", required_argument, NULL, 'r' },
        { "verbose", no_argument, NULL, 'v' },
        { NULL, 0, NULL, 0 },
    };
    const char *state = NULL, *domid, *path, *place;
    int option, plain = 1, told = 0, helper, signals, listening;
    sigset_t ends, before;
    char number[16];

    opterr = 0;
    while ((option = getopt_long(argc, argv, "m:s:r:v", options, NULL)) != -1) {
        if (option == 's') {
            state = optarg;
        } else if (option != 'v' && (option != 'm' || strcmp(optarg, "client") != 0)) {
            plain = 0;
        }
    }
    if (!plain || argc - optind != 3 || !is_number(argv[optind]) || strchr(argv[optind + 2], '/') == NULL) {
        become(argv);
    }
    domid = argv[optind];
    path = argv[optind + 1];
    place = argv[optind + 2];

    sigemptyset(&ends);
    sigaddset(&ends, SIGHUP);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, &before);
    signals = signalfd(-1, &ends, SFD_CLOEXEC);
    helper = signals < 0 ? -1 : hand_over(domid, path, place);
    if (helper >= 0) {
        if (state != NULL && xenstore_write(state, "running") != 0) {
            return 1;
        }
        if (wait_for_end(helper, signals) == 0) {
            return 0;
        }
        complain("the helper of this host has ended; this program serves domain %s from here on", domid);
        close(helper);
        told = 1;
    }
    /* What can't be made here, the Java program can't make either, and says so better. */
    listening = listen_at(place);
    for (int tries = 0; listening < 0 && told && tries < LAST_BREATH_MS / PAUSE_MS; tries++) {
        usleep(PAUSE_MS * 1000); /* a helper that was killed may listen for a moment yet */
        listening = listen_at(place);
    }
    if (listening >= 0 && state != NULL && !told) {
        if (xenstore_write(state, "running") != 0) {
            unlink(place);
            return 1;
        }
        told = 1;
    }
    if (listening >= 0 || told) {
        /* For the Java program: the descriptor, if there is one; and that "running" is written. */
        snprintf(number, sizeof number, listening >= 0 ? "%d" : "", listening);
        setenv("QMPKIT_LISTENS", number, 1);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    become(argv);
}
