/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * qmp-stub: QEMU's end of a channel to another domain.
 */
#define _GNU_SOURCE
#include "bridge.h"
#include "help.h"
#include "wrap.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GOOD = 0, FAILED = 1, USAGE = 2 };

static int wrong(const char *what, const char *word)
{
    tell("%s%s; 'qmp-stub --help' tells more", what, word);
    return USAGE;
}

/* The path of a target, "unix:/path", or a path alone; NULL if it is none. */
static const char *socket_path(const char *target)
{
    if (strncmp(target, "unix:", 5) == 0) {
        target += 5;
    }
    return strchr(target, '/') != NULL ? target : NULL;
}

/* Serves ADDR SOCKET, and more such pairs. */
static int serve(bool verbose, int count, char **words)
{
    Bridge *b = bridge_new(verbose);

    if (count == 0 || count % 2 != 0) {
        return wrong("bridge needs ADDRESS SOCKET, as in qmp-stub bridge argo:0 unix:/tmp/qemu.qmp", "");
    }
    for (int i = 0; i < count; i += 2) {
        const char *path = socket_path(words[i + 1]);
        Address address;
        Reason why;

        if (!address_parse(&address, words[i], &why)) {
            return wrong(why.text, "");
        }
        if (path == NULL) {
            return wrong("not a socket's path: ", words[i + 1]);
        }
        if (b == NULL || !bridge_add(b, &address, path, &why)) {
            tell("cannot listen on %s: %s", words[i], b == NULL ? "no memory" : why.text);
            return FAILED;
        }
        if (verbose) {
            tell("%s: serves %s", words[i], path);
        }
    }
    bridge_run(b);
    return GOOD;
}

/* The arguments of Xen's program in a stub domain: [OPTION…] DOMID PATH SOCKET. */
static int as_proxy(int argc, char **argv)
{
    static const struct option options[] = {
        { "mode", required_argument, NULL, 'm' },
        { "reconnect-marker", required_argument, NULL, 'r' },
        { "state-path", required_argument, NULL, 's' },
        { "verbose", no_argument, NULL, 'v' },
        { NULL, 0, NULL, 0 },
    };
    bool verbose = false, server = false, marker = false;
    char address[200], *words[] = { address, NULL };
    int option;

    opterr = 0;
    while ((option = getopt_long(argc, argv, "m:r:s:v", options, NULL)) != -1) {
        switch (option) {
        case 'm':
            server = strcmp(optarg, "server") == 0;
            break;
        case 'r':
            marker = strcmp(optarg, "1") == 0;
            if (!marker) {
                return wrong("the reconnect marker can only be 1, not ", optarg);
            }
            break;
        case 'v':
            verbose = true;
            break;
        case 's':
            return wrong("--state-path is of the client in dom0, which qmp has", "");
        default:
            return wrong("unknown option ", argv[optind - 1]);
        }
    }
    if (!server) {
        return wrong("this is the server only: --mode=server; the client in dom0 is qmp's", "");
    }
    if (argc - optind != 3) {
        return wrong("expected DOMID XENSTORE-PATH SOCKET", "");
    }
    snprintf(address, sizeof address, "vchan:%s:%s%s", argv[optind], argv[optind + 1],
             marker ? ",reconnect-marker=on" : "");
    words[1] = argv[optind + 2];
    return serve(verbose, 2, words);
}

/* Whoever starts us with a standard stream closed would find a descriptor of ours in its place. */
static void fill_standard_streams(void)
{
    int null;

    do {
        null = open("/dev/null", O_RDWR);
    } while (null >= 0 && null <= STDERR_FILENO);
    close(null);
}

int main(int argc, char **argv)
{
    const char *name = strrchr(argv[0], '/') != NULL ? strrchr(argv[0], '/') + 1 : argv[0];
    bool verbose = false;
    int at = 1;

    fill_standard_streams();
    if (strcmp(name, "vchan-socket-proxy") == 0) {
        return as_proxy(argc, argv);
    }
    for (; at < argc && argv[at][0] == '-'; at++) {
        if (strcmp(argv[at], "-v") == 0 || strcmp(argv[at], "--verbose") == 0) {
            verbose = true;
        } else if (strcmp(argv[at], "-h") == 0 || strcmp(argv[at], "--help") == 0) {
            fputs(help, stdout);
            return GOOD;
        } else if (strcmp(argv[at], "--version") == 0) {
            puts("qmp-stub " QMP_STUB_VERSION);
            return GOOD;
        } else {
            return wrong("unknown option ", argv[at]);
        }
    }
    if (at == argc) {
        return wrong("nothing to do: give QEMU and its arguments, or 'bridge'", "");
    }
    if (strcmp(argv[at], "bridge") == 0) {
        at++;
        if (at < argc && strcmp(argv[at], "-v") == 0) {
            verbose = true;
            at++;
        }
        if (at < argc && (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0)) {
            fputs(help, stdout);
            return GOOD;
        }
        return serve(verbose, argc - at, argv + at);
    }
    if (strcmp(argv[at], "vchan-socket-proxy") == 0) {
        return as_proxy(argc - at, argv + at);
    }
    return wrap(verbose, argc - at, argv + at);
}
