/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * UNIX sockets by path.
 */
#define _GNU_SOURCE
#include "dropin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 128 };

static int name(struct sockaddr_un *at, const char *path)
{
    memset(at, 0, sizeof *at);
    at->sun_family = AF_UNIX;
    return snprintf(at->sun_path, sizeof at->sun_path, "%s", path) < (int)sizeof at->sun_path ? 0 : -1;
}

int dial(const char *path)
{
    struct sockaddr_un to;
    int s;

    if (name(&to, path) != 0 || (s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0) {
        return -1;
    }
    if (connect(s, (void *)&to, sizeof to) != 0) {
        close(s);
        return -1;
    }
    return s;
}

/* Whether nobody listens at a path any more; what is no socket is left alone. */
static int is_dead(const char *path)
{
    struct stat what;
    int s;

    if (lstat(path, &what) != 0 || !S_ISSOCK(what.st_mode)) {
        return 0;
    }
    s = dial(path);
    if (s >= 0) {
        close(s);
        return 0;
    }
    return errno == ECONNREFUSED;
}

int listen_at(const char *path)
{
    struct sockaddr_un at;
    char fresh[sizeof at.sun_path];
    mode_t before;
    int s;

    /* Made under another name, where it is private from the first moment, and listens before it is seen. */
    if (snprintf(fresh, sizeof fresh, "%s.%d", path, (int)getpid()) >= (int)sizeof fresh || name(&at, fresh) != 0 ||
        (s = socket(AF_UNIX, SOCK_STREAM, 0)) < 0) {
        return -1;
    }
    unlink(fresh);
    before = umask(0177);
    if (bind(s, (void *)&at, sizeof at) != 0) {
        umask(before);
        close(s);
        return -1;
    }
    umask(before);
    if (listen(s, BACKLOG) == 0) {
        if (is_dead(path)) {
            unlink(path);
        }
        if (link(fresh, path) == 0) {
            unlink(fresh);
            return s;
        }
    }
    unlink(fresh);
    close(s);
    return -1;
}
