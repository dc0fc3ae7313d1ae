/* SPDX-License-Identifier: Apache-2.0
 *
 * A libxenvchan for tests, on a machine without Xen: a client's channel is a connection to the UNIX
 * socket that $QMPKIT_VCHAN names, with %d for the other domain's number. It has the library's ways, as far as callers meet them: nothing
 * blocks, at most 1,024 bytes are under way in a ring, the descriptor tells once that something has
 * happened, and wait() takes that in and would block if nothing had.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sockios.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { RING = 1024 };

struct libxenvchan {
    int socket, events;
    char rest[80]; /* the caller writes the flags, at 0x1c */
};

struct libxenvchan *libxenvchan_client_init(void *logger, int domain, const char *path)
{
    const char *name = getenv("QMPKIT_VCHAN");
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    struct epoll_event edge = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };
    struct libxenvchan *made = calloc(1, sizeof *made);
    int room = RING;

    (void)logger, (void)path;
    snprintf(to.sun_path, sizeof to.sun_path, name, domain);
    made->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setsockopt(made->socket, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if (connect(made->socket, (void *)&to, sizeof to) != 0) {
        close(made->socket);
        free(made);
        errno = ENOENT;
        return NULL;
    }
    made->events = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(made->events, EPOLL_CTL_ADD, made->socket, &edge);
    return made;
}

struct libxenvchan *libxenvchan_server_init(void *logger, int domain, const char *path, size_t left, size_t right)
{
    (void)logger, (void)domain, (void)path, (void)left, (void)right;
    errno = ENOSYS;
    return NULL;
}

int libxenvchan_data_ready(struct libxenvchan *c)
{
    int n = 0;

    ioctl(c->socket, FIONREAD, &n);
    return n > RING ? RING : n;
}

int libxenvchan_buffer_space(struct libxenvchan *c)
{
    int n = 0;

    ioctl(c->socket, SIOCOUTQ, &n);
    return n == 0 ? RING : 0;
}

int libxenvchan_is_open(struct libxenvchan *c)
{
    char byte;

    return recv(c->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
}

static int result(ssize_t n)
{
    return n < 0 && errno == EAGAIN ? 0 : (int)n;
}

int libxenvchan_read(struct libxenvchan *c, void *data, size_t size)
{
    ssize_t n = recv(c->socket, data, size > RING ? RING : size, MSG_DONTWAIT);

    return n == 0 ? -1 : result(n);
}

int libxenvchan_write(struct libxenvchan *c, const void *data, size_t size)
{
    return result(send(c->socket, data, size > RING ? RING : size, MSG_DONTWAIT | MSG_NOSIGNAL));
}

int libxenvchan_wait(struct libxenvchan *c)
{
    struct epoll_event event;

    return epoll_wait(c->events, &event, 1, -1) == 1 ? 0 : -1;
}

int libxenvchan_fd_for_select(struct libxenvchan *c)
{
    return c->events;
}

void libxenvchan_close(struct libxenvchan *c)
{
    close(c->events);
    close(c->socket);
    free(c);
}
