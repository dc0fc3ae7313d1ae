/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backend.c - the stand-in for QEMU: enough QMP to be at the far end of a byte
 * relay and of a relay that understands QMP. One thread per connection. The
 * replies are made once, so that its own cost is small and always the same.
 *
 * Every complete JSON object gets exactly one line in answer, with the id as it
 * came. Objects are found by structure, not by line: a relay that re-emits them
 * may leave out the newline and all white space, and order the members as it likes.
 */
#include "bench.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define REQUEST_MAX 65536
#define BACKLOG 4096
#define STACK_BYTES (128 * 1024)

struct text {
    const char *start;
    size_t length;
};

static const char greeting[] =
    "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, "
    "\"package\": \"bench\"}, \"capabilities\": [\"oob\"]}}\r\n";
static const char id_label[] = ", \"id\": ";
static const char line_end[] = "}\r\n";

static char ping_reply[PING_REPLY];
static char big_reply[BIG_REPLY];

#define TEXT(literal) {literal, sizeof literal - 1}

/* The last entry is the answer to every command that is not known. */
static struct {
    const char *command; /* as it stands in the request, quotes included */
    struct text head;    /* the reply up to its id */
} answers[] = {
    {"\"ping\"", {ping_reply, 0}},
    {"\"big\"", {big_reply, 0}},
    {"\"qmp_capabilities\"", TEXT("{\"return\": {}")},
    {NULL, TEXT("{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"bench: unknown command\"}")},
};

/* How many bytes of a reply of the given size come before its id. */
static size_t head_length(size_t reply)
{
    return reply - strlen(id_label) - strlen("123456") - strlen(line_end);
}

static void fill(char *reply, size_t at, size_t end, const char *close)
{
    memset(reply + at, 'x', end - at);
    memcpy(reply + end - strlen(close), close, strlen(close));
}

static void make_ping(void)
{
    size_t end = head_length(sizeof ping_reply);
    int at = sprintf(ping_reply, "{\"return\": {\"status\": \"running\", \"pad\": \"");
    fill(ping_reply, (size_t)at, end, "\"}");
    answers[0].head.length = end;
}

/*
 * A list of small objects, as query-qmp-schema gives it: one long string would
 * flatter a relay that has to look at the structure.
 */
static void make_big(void)
{
    static const char entry[] =
        "{\"name\": \"%05d\", \"members\": [{\"name\": \"id\", \"type\": \"str\"}, "
        "{\"name\": \"size\", \"default\": null, \"type\": \"int\"}], \"meta-type\": \"object\"}, ";
    size_t end = head_length(sizeof big_reply);
    size_t at = (size_t)sprintf(big_reply, "{\"return\": [");
    for (int n = 0; at + 2 * sizeof entry < end; n++)
        at += (size_t)sprintf(big_reply + at, entry, n);
    big_reply[at++] = '"';
    fill(big_reply, at, end, "\"]");
    answers[1].head.length = end;
}

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

static bool same(struct text a, const char *b)
{
    return a.length == strlen(b) && memcmp(a.start, b, a.length) == 0;
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
        if (same(trimmed(p, colon), quoted_name))
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

static struct iovec piece(const char *start, size_t length)
{
    return (struct iovec){(void *)start, length};
}

static bool answer(int fd, struct text request)
{
    struct text command = member(request, "\"execute\"");
    if (command.length == 0)
        command = member(request, "\"exec-oob\"");
    struct text id = member(request, "\"id\"");
    int n = 0;
    while (answers[n].command && !same(command, answers[n].command))
        n++;
    struct iovec parts[4];
    int count = 0;
    parts[count++] = piece(answers[n].head.start, answers[n].head.length);
    if (id.length > 0) {
        parts[count++] = piece(id_label, strlen(id_label));
        parts[count++] = piece(id.start, id.length);
    }
    parts[count++] = piece(line_end, strlen(line_end));
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

static void *connection(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char *buffer = allocate(REQUEST_MAX, 1);
    size_t held = 0;
    struct iovec hello = piece(greeting, strlen(greeting));
    bool open = send_all(fd, &hello, 1);
    while (open) {
        ssize_t got = read(fd, buffer + held, REQUEST_MAX - held);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) /* also when an object does not fit the buffer: then there is no room to read into */
            break;
        held += (size_t)got;
        ssize_t used = answer_complete(fd, buffer, held);
        open = used >= 0;
        if (open && used > 0) {
            held -= (size_t)used;
            memmove(buffer, buffer + used, held);
        }
    }
    close(fd);
    free(buffer);
    return NULL;
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

/* Serves until it is killed; it has no deadline of its own, but does not outlive its parent. */
_Noreturn void backend_serve(const char *path)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    make_ping();
    make_big();
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK_BYTES);
    pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
    int listener = listen_on(path);
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0)
            die("backend: accept on %s: %s", path, strerror(errno));
        pthread_t thread;
        int error = pthread_create(&thread, &small, connection, (void *)(intptr_t)fd);
        if (error)
            die("backend: cannot start a thread: %s", strerror(error));
    }
}
