/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.c - one QMP client connection with one request in flight. Blocking
 * reads and writes, each with a deadline; what comes back is checked, so that a
 * target that answers wrongly cannot look fast.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define FIRST_ID 100000 /* always six digits: requests and replies keep their size */
#define LAST_ID 999999

#define TEXT_OF(number) #number
#define SECONDS(number) TEXT_OF(number)

/* One for all clients: there is one thread, and only one of them waits at a time. */
static char reply[REPLY_MAX];

double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int new_socket(const char *name)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval limit = {.tv_sec = DEADLINE_S};
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0
        || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0)
        die("%s: cannot make a socket: %s", name, strerror(errno));
    return fd;
}

/* A socket's file is there a moment before its owner listens, so a refusal is tried again. */
static int connect_to(const char *name, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        die("%s: %s: too long for a UNIX socket (at most %zu bytes); set TMPDIR to a shorter path", name, path,
            sizeof address.sun_path - 1);
    strcpy(address.sun_path, path);
    double deadline = now_us() + DEADLINE_S * 1e6;
    for (;;) {
        int fd = new_socket(name);
        if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
            return fd;
        int error = errno;
        close(fd);
        if ((error != ECONNREFUSED && error != ENOENT && error != EAGAIN) || now_us() > deadline)
            die("%s: cannot connect to %s: %s", name, path, strerror(error));
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
    }
}

/* Ends the run with what went wrong and the beginning of what had come by then. */
_Noreturn static void gave_up(const struct client *client, const char *awaited, const char *why, size_t length)
{
    int shown = length > 200 ? 200 : (int)length;
    die("%s: awaiting %s: %s; had %zu bytes%s%.*s", client->name, awaited, why, length, shown ? ": " : "", shown, reply);
}

/* Reads up to the end of the line; with one request in flight nothing can follow it. */
static size_t read_line(const struct client *client, const char *awaited)
{
    size_t length = 0;
    while (length < 2 || reply[length - 2] != '\r' || reply[length - 1] != '\n') {
        if (length == sizeof reply)
            gave_up(client, awaited, "no end of line", length);
        ssize_t got = read(client->fd, reply + length, sizeof reply - length);
        if (got > 0)
            length += (size_t)got;
        else if (got == 0)
            gave_up(client, awaited, "the connection was closed", length);
        else if (errno == EAGAIN)
            gave_up(client, awaited, "no byte within " SECONDS(DEADLINE_S) " s", length);
        else if (errno != EINTR)
            gave_up(client, awaited, strerror(errno), length);
    }
    return length;
}

static void send_text(const struct client *client, const char *request, size_t length)
{
    ssize_t sent;
    do
        sent = write(client->fd, request, length);
    while (sent < 0 && errno == EINTR);
    if (sent != (ssize_t)length)
        die("%s: cannot send a request: %s", client->name, sent < 0 ? strerror(errno) : "cut short");
}

void client_send(struct client *client, const char *command)
{
    char request[128];
    client->next_id = client->next_id == LAST_ID ? FIRST_ID : client->next_id + 1;
    int length = snprintf(request, sizeof request, "{\"execute\": \"%s\", \"arguments\": {\"n\": 1}, \"id\": %u}\r\n",
                          command, client->next_id);
    send_text(client, request, (size_t)length);
}

/*
 * Whether a line is the return of what was sent last. expected: the bytes that
 * the backend sends; a relay may put white space elsewhere, or leave it out, hence
 * the leeway.
 */
bool client_check(const struct client *client, const char *line, size_t length, size_t expected)
{
    char id[16];
    int id_length = snprintf(id, sizeof id, "%u", client->next_id);
    return length >= expected - expected / 5 && length >= 32 && strncmp(line, "{\"return\"", 9) == 0
           && memmem(line + length - 24, 24, id, (size_t)id_length);
}

/* Sends one command and waits for its reply; microseconds from before the write to after the read. */
double client_round_trip(struct client *client, const char *command, size_t expected)
{
    double start = now_us();
    client_send(client, command);
    size_t got = read_line(client, command);
    double took = now_us() - start;
    if (!client_check(client, reply, got, expected))
        gave_up(client, command, "not a return of the right size with our id at its end", got);
    return took;
}

/* The whole reply to a command without an id, whatever it is; it holds until the next read. */
size_t client_fetch(struct client *client, const char *command, const char **line)
{
    char request[128];
    int length = snprintf(request, sizeof request, "{\"execute\": \"%s\"}\r\n", command);
    send_text(client, request, (size_t)length);
    *line = reply;
    return read_line(client, command);
}

void client_connect(struct client *client, const char *name, const char *path)
{
    *client = (struct client){.name = name, .next_id = FIRST_ID};
    client->fd = connect_to(name, path);
}

/* Connects and negotiates; ready for round trips. */
void client_open(struct client *client, const char *name, const char *path)
{
    const char *line;
    client_connect(client, name, path);
    size_t length = read_line(client, "the greeting");
    if (strncmp(reply, "{\"QMP\"", 6) != 0)
        gave_up(client, "the greeting", "this is none", length);
    length = client_fetch(client, "qmp_capabilities", &line);
    if (strncmp(line, "{\"return\"", 9) != 0)
        gave_up(client, "the reply to qmp_capabilities", "this is no return", length);
}

void client_close(struct client *client)
{
    close(client->fd);
    client->fd = -1;
}

/* The socket of a connection, from 1 on: the same for all, or one each where path is a directory. */
void lane_path(char *text, size_t size, const char *path, int number)
{
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        snprintf(text, size, "%s/%d.sock", path, number);
    else
        snprintf(text, size, "%s", path);
}
