/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One value written in xenstore, by the protocol of Xen's docs/misc/xenstore.txt and xs_wire.h.
 */
#define _GNU_SOURCE
#include "dropin.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { XS_WRITE = 11, XS_WATCH_EVENT = 15, XS_ERROR = 16, PAYLOAD = 4096, PATIENCE_MS = 5000 };

struct message {
    uint32_t type, request, transaction, length;
};

static int get(int store, void *to, size_t length)
{
    for (size_t have = 0; have < length;) {
        struct pollfd p = { store, POLLIN, 0 };
        ssize_t n;

        if (poll(&p, 1, PATIENCE_MS) <= 0) {
            errno = ETIMEDOUT;
            return -1;
        }
        n = read(store, (char *)to + have, length - have);
        if (n == 0) {
            errno = ECONNRESET;
        }
        if (n <= 0) {
            return -1;
        }
        have += n;
    }
    return 0;
}

static int reach(void)
{
    static const char *const sockets[] = { "/run/xenstored/socket", "/var/run/xenstored/socket" };
    const char *told = getenv("XENSTORED_PATH");
    int store = told != NULL ? dial(told) : -1;

    for (size_t i = 0; store < 0 && told == NULL && i < sizeof sockets / sizeof *sockets; i++) {
        store = dial(sockets[i]);
    }
    return store < 0 && told == NULL ? open("/dev/xen/xenbus", O_RDWR | O_CLOEXEC) : store;
}

int xenstore_write(const char *path, const char *value)
{
    struct message head = { .type = XS_WRITE, .length = strlen(path) + 1 + strlen(value) };
    struct iovec parts[] = {
        { &head, sizeof head }, { (void *)path, strlen(path) + 1 }, { (void *)value, strlen(value) },
    };
    char said[PAYLOAD + 1];
    int store = reach();

    if (store < 0) {
        complain("cannot write \"%s\" to %s: no xenstored answers (%s); does it run?", value, path, strerror(errno));
        return -1;
    }
    if (head.length > PAYLOAD || writev(store, parts, 3) != (ssize_t)(sizeof head + head.length)) {
        complain("cannot write \"%s\" to %s: %s", value, path, strerror(errno));
        close(store);
        return -1;
    }
    do {
        if (get(store, &head, sizeof head) != 0 || head.length > PAYLOAD || get(store, said, head.length) != 0) {
            complain("cannot write \"%s\" to %s: xenstored did not answer: %s", value, path, strerror(errno));
            close(store);
            return -1;
        }
    } while (head.type == XS_WATCH_EVENT);
    close(store);
    said[head.length] = '\0';
    if (head.type == XS_ERROR) {
        complain("cannot write \"%s\" to %s: xenstored says %s", value, path, said);
        return -1;
    }
    return 0;
}
