/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backend.c - the stand-in for QEMU: enough QMP to be at the far end of a byte
 * relay and of a relay that understands QMP. One thread, for any number of connections.
 *
 * Every complete JSON object gets exactly one line in answer, with the id as it
 * came. Objects are found by structure, not by line: a relay that re-emits them
 * may leave out the newline and all white space, and order the members as it likes.
 */
#include "bench.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define REQUEST_MAX 65536
#define BACKLOG 4096
#define EVENTS 64

struct connection {
    int fd;
    size_t held;
    char buffer[REQUEST_MAX];
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * The end of the JSON value at p: just after the bracket that closes it, or, for
 * a string, number or word, at the delimiter that follows. NULL: not all here yet.
 */
static const char *value_end(const char *p, const char *end)
{
    int depth = 0;
    bool in_string = false;
    for (; p < end; p++) {
        if (in_string) {
            if (*p == '\\')
                p++;
            else if (*p == '"')
                in_string = false;
        } else if (*p == '"') {
            in_string = true;
        } else if (*p == '{' || *p == '[') {
            depth++;
        } else if (*p == '}' || *p == ']') {
            if (depth == 0)
                return p;
            if (--depth == 0)
                return p + 1;
        } else if (depth == 0 && (*p == ',' || *p == ':')) {
            return p;
        }
    }
    return NULL;
}

static struct text trimmed(const char *start, const char *end)
{
    while (start < end && is_space(*start))
        start++;
    while (end > start && is_space(end[-1]))
        end--;
    return (struct text){start, (size_t)(end - start)};
}

/* The verbatim value of a top-level member of a complete object; length 0: it has none. */
static struct text member(struct text object, const char *quoted_name)
{
    const char *p = object.start + 1;
    const char *end = object.start + object.length;
    for (;;) {
        const char *colon = value_end(p, end);
        if (!colon || *colon != ':')
            return (struct text){NULL, 0};
        const char *value = colon + 1;
        while (value < end && is_space(*value))
            value++; /* a bracket must come first, for value_end to stop after its mate */
        const char *stop = value_end(value, end);
        if (!stop)
            return (struct text){NULL, 0};
        if (text_is(trimmed(p, colon), quoted_name))
            return trimmed(value, stop);
        while (stop < end && is_space(*stop))
            stop++;
        p = stop + 1; /* past the comma; past the end after the last member */
        if (p >= end)
            return (struct text){NULL, 0};
    }
}

static bool send_all(int fd, struct iovec *part, int parts)
{
    while (parts > 0) {
        ssize_t sent = writev(fd, part, parts);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return false;
        while (parts > 0 && (size_t)sent >= part->iov_len) {
            sent -= (ssize_t)part->iov_len;
            part++;
            parts--;
        }
        if (parts > 0) {
            part->iov_base = (char *)part->iov_base + sent;
            part->iov_len -= (size_t)sent;
        }
    }
    return true;
}

static struct iovec piece(struct text text)
{
    return (struct iovec){(void *)text.start, text.length};
}

static bool answer(int fd, struct text request)
{
    struct text command = member(request, "\"execute\"");
    if (command.length == 0)
        command = member(request, "\"exec-oob\"");
    struct text id = member(request, "\"id\"");
    struct iovec parts[4];
    int count = 0;
    parts[count++] = piece(answer_head(command));
    if (id.length > 0) {
        parts[count++] = piece(id_label);
        parts[count++] = piece(id);
    }
    parts[count++] = piece(line_end);
    return send_all(fd, parts, count);
}

/* Answers what is complete in the buffer; returns how much is used up, or -1 when the peer is gone. */
static ssize_t answer_complete(int fd, const char *buffer, size_t length)
{
    const char *p = buffer;
    const char *end = buffer + length;
    for (;;) {
        while (p < end && *p != '{')
            p++;
        const char *stop = p < end ? value_end(p, end) : NULL;
        if (!stop)
            return p - buffer;
        if (!answer(fd, (struct text){p, (size_t)(stop - p)}))
            return -1;
        p = stop;
    }
}

/* One read and what it completes; false when the connection is over. */
static bool serve(struct connection *connection)
{
    ssize_t got = read(connection->fd, connection->buffer + connection->held, REQUEST_MAX - connection->held);
    if (got < 0 && errno == EINTR)
        return true;
    if (got <= 0) /* also when an object does not fit the buffer: then there is no room to read into */
        return false;
    connection->held += (size_t)got;
    ssize_t used = answer_complete(connection->fd, connection->buffer, connection->held);
    if (used < 0)
        return false;
    connection->held -= (size_t)used;
    memmove(connection->buffer, connection->buffer + used, connection->held);
    return true;
}

static void watch(int epoll, int fd, void *what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        die("backend: cannot watch a socket: %s", strerror(errno));
}

static void accept_one(int epoll, int listener, const char *path)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
        return;
    if (fd < 0)
        die("backend: accept on %s: %s", path, strerror(errno));
    struct connection *connection = malloc(sizeof *connection); /* its pages are touched when they are used */
    if (!connection)
        die("backend: out of memory");
    connection->fd = fd;
    connection->held = 0;
    struct iovec hello = piece(greeting);
    send_all(fd, &hello, 1); /* should it fail, the next read says so too */
    watch(epoll, fd, connection);
}

static int listen_on(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        die("backend: %s: too long for a UNIX socket (at most %zu bytes); set TMPDIR to a shorter path", path,
            sizeof address.sun_path - 1);
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, BACKLOG) < 0)
        die("backend: cannot listen on %s: %s", path, strerror(errno));
    return fd;
}

/*
 * Serves until it is killed; it has no deadline of its own, but does not outlive
 * its parent. A write may block: then the only client that awaits something long
 * has yet to read it.
 */
_Noreturn void backend_serve(const char *path)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int listener = listen_on(path);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    watch(epoll, listener, NULL);
    for (;;) {
        struct epoll_event ready[EVENTS];
        int count = epoll_wait(epoll, ready, EVENTS, -1);
        if (count < 0 && errno != EINTR)
            die("backend: cannot wait: %s", strerror(errno));
        for (int n = 0; n < count; n++) {
            struct connection *connection = ready[n].data.ptr;
            if (!connection) {
                accept_one(epoll, listener, path);
            } else if (!serve(connection)) {
                close(connection->fd);
                free(connection);
            }
        }
    }
}
