/* SPDX-License-Identifier: Apache-2.0
 *
 * A libxenvchan for tests, on a machine without Xen. $QMPKIT_VCHAN names a UNIX socket, with %d for
 * the other domain's number, and a client's channel is a connection to that. $QMPKIT_VCHAN_RINGS
 * names two pipes instead, PATH.in and PATH.out, which a server makes and never lets go: as with
 * rings, what one client has left unread the next one finds, and no server notices a client that
 * leaves.
 *
 * It has the library's ways, as far as callers meet them: nothing blocks, at most 1,024 bytes are
 * under way in a ring, the descriptor tells once that something has happened, and wait() takes that
 * in and blocks for a moment if nothing had.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sockios.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { RING = 1024, PATIENCE_MS = 100 };

struct libxenvchan {
    int in, out, events;
    int waits; /* a server whose first client has not come yet */
    char rest[72]; /* the caller writes the flags, at 0x1c */
};

static void watch(struct libxenvchan *c, int descriptor, uint32_t what)
{
    struct epoll_event edge = { .events = what | EPOLLET };

    epoll_ctl(c->events, EPOLL_CTL_ADD, descriptor, &edge);
}

static int ring(const char *end, int make)
{
    char path[PATH_MAX];
    int made;

    snprintf(path, sizeof path, "%s.%s", getenv("QMPKIT_VCHAN_RINGS"), end);
    if (make) {
        mkfifo(path, 0600);
    }
    made = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (made >= 0) {
        fcntl(made, F_SETPIPE_SZ, 4096);
    }
    return made;
}

static struct libxenvchan *on_rings(int server)
{
    struct libxenvchan *made = calloc(1, sizeof *made);

    made->in = ring(server ? "in" : "out", server);
    made->out = ring(server ? "out" : "in", server);
    if (made->in < 0 || made->out < 0) {
        close(made->in);
        close(made->out);
        free(made);
        errno = ENOENT;
        return NULL;
    }
    made->waits = server;
    made->events = epoll_create1(EPOLL_CLOEXEC);
    watch(made, made->in, EPOLLIN);
    watch(made, made->out, EPOLLOUT);
    return made;
}

struct libxenvchan *libxenvchan_client_init(void *logger, int domain, const char *path)
{
    const char *name = getenv("QMPKIT_VCHAN");
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    struct libxenvchan *made;
    int room = RING;

    (void)logger, (void)path;
    if (getenv("QMPKIT_VCHAN_RINGS") != NULL) {
        return on_rings(0);
    }
    made = calloc(1, sizeof *made);
    snprintf(to.sun_path, sizeof to.sun_path, name, domain);
    made->in = made->out = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setsockopt(made->out, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if (connect(made->in, (void *)&to, sizeof to) != 0) {
        close(made->in);
        free(made);
        errno = ENOENT;
        return NULL;
    }
    made->events = epoll_create1(EPOLL_CLOEXEC);
    watch(made, made->in, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
    return made;
}

struct libxenvchan *libxenvchan_server_init(void *logger, int domain, const char *path, size_t left, size_t right)
{
    (void)logger, (void)domain, (void)left, (void)right;
    if (strcmp(path, "stuck") == 0) {
        pause(); /* as where xenstored does not answer */
    }
    if (getenv("QMPKIT_VCHAN_RINGS") != NULL) {
        return on_rings(1);
    }
    errno = ENOSYS;
    return NULL;
}

int libxenvchan_data_ready(struct libxenvchan *c)
{
    int n = 0;

    ioctl(c->in, FIONREAD, &n);
    return n > RING ? RING : n;
}

int libxenvchan_buffer_space(struct libxenvchan *c)
{
    int n = 0;

    if (ioctl(c->out, SIOCOUTQ, &n) != 0) {
        ioctl(c->out, FIONREAD, &n); /* a pipe */
    }
    return n == 0 ? RING : 0;
}

int libxenvchan_is_open(struct libxenvchan *c)
{
    char byte;

    if (c->waits) {
        c->waits = libxenvchan_data_ready(c) == 0;
        return c->waits ? 2 : 1;
    }
    return recv(c->in, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0; /* a pipe never ends here */
}

static int result(ssize_t n)
{
    return n < 0 && errno == EAGAIN ? 0 : (int)n;
}

int libxenvchan_read(struct libxenvchan *c, void *data, size_t size)
{
    ssize_t n = read(c->in, data, size > RING ? RING : size);

    return n == 0 ? -1 : result(n);
}

int libxenvchan_write(struct libxenvchan *c, const void *data, size_t size)
{
    if (c->in != c->out && libxenvchan_buffer_space(c) == 0) {
        return 0; /* a pipe has room for more than a ring */
    }
    return result(write(c->out, data, size > RING ? RING : size));
}

/*
 * An event of Xen's stays until it is taken in. One of a pipe or socket is over when it can't be
 * written to any more, which may have come about since the descriptor was looked at: so this does not
 * wait for ever.
 */
int libxenvchan_wait(struct libxenvchan *c)
{
    struct epoll_event event;

    return epoll_wait(c->events, &event, 1, PATIENCE_MS) < 0 ? -1 : 0;
}

int libxenvchan_fd_for_select(struct libxenvchan *c)
{
    return c->events;
}

void libxenvchan_close(struct libxenvchan *c)
{
    close(c->events);
    close(c->in);
    if (c->out != c->in) {
        close(c->out);
    }
    free(c);
}
