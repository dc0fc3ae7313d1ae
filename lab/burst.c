/* SPDX-License-Identifier: Apache-2.0
 *
 * burst SOCKET MODE COUNT: QMP sessions as libxl has them, one right after the other, each with
 * greeting, negotiation and one command. Is the greeting first, and are the ids ours?
 *   full COUNT   each session reads everything and closes
 *   drop COUNT   before each such session, one that closes at once
 *   half COUNT   before each such session, one that asks for 200 KB and closes without reading
 *   gone 1       connects and closes, nothing else
 *   hold COUNT   reads the greeting and stays for COUNT seconds
 *   talk COUNT   one session of COUNT commands and the schema; prints the median round trip
 * Ends with 0 if every session was as it should be.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000, SHOWN = 160 };

static const char *path;
static char buffer[1 << 20];
static size_t have, before; /* bytes in it, and how many of them are the line that was read last */
static char said[256];

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int dial(void)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    have = before = 0;
    if (connect(s, (void *)&to, sizeof to) != 0) {
        snprintf(said, sizeof said, "connect: %s", strerror(errno));
        close(s);
        return -1;
    }
    return s;
}

/* The next line, its length; 0 if there is none, and said tells why. */
static size_t line(int s)
{
    double end = now_ms() + PATIENCE_MS;

    memmove(buffer, buffer + before, have -= before);
    before = 0;
    for (;;) {
        char *newline = memchr(buffer, '\n', have);
        struct pollfd p = { s, POLLIN, 0 };
        ssize_t n;

        if (newline != NULL) {
            before = newline - buffer + 1;
            snprintf(said, sizeof said, "%.*s", (int)(before > SHOWN ? SHOWN : before - 1), buffer);
            return before;
        }
        if (have == sizeof buffer || end - now_ms() <= 0 || poll(&p, 1, (int)(end - now_ms())) <= 0) {
            snprintf(said, sizeof said, "no line, %zu bytes: %.*s", have, have > SHOWN ? SHOWN : (int)have, buffer);
            return 0;
        }
        n = read(s, buffer + have, sizeof buffer - have);
        if (n <= 0) {
            snprintf(said, sizeof said, "closed, %zu bytes: %.*s", have, have > SHOWN ? SHOWN : (int)have, buffer);
            return 0;
        }
        have += n;
    }
}

/* Sends a command and reads its answer, past events; the length of that, 0 if it is not as it should be. */
static size_t ask(int s, const char *command, int id)
{
    char question[256], want[32];
    int length = snprintf(question, sizeof question, "{\"execute\":\"%s\",\"id\":%d}\r\n", command, id);
    size_t answer;

    snprintf(want, sizeof want, "\"id\": %d}", id);
    if (send(s, question, length, MSG_NOSIGNAL) != length) {
        snprintf(said, sizeof said, "send: %s", strerror(errno));
        return 0;
    }
    do {
        answer = line(s);
    } while (answer != 0 && memmem(buffer, answer > 400 ? 400 : answer, "\"event\":", 8) != NULL);
    return answer != 0 && memmem(buffer, answer, want, strlen(want)) != NULL
            && memmem(buffer, answer > 400 ? 400 : answer, "\"error\":", 8) == NULL ? answer : 0;
}

static int greeted(int s, int id)
{
    return line(s) != 0 && strncmp(buffer, "{\"QMP\":", 7) == 0 && ask(s, "qmp_capabilities", id) != 0;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static int talk(int count)
{
    double *times = calloc(count + 1, sizeof *times), began;
    int s = dial(), id = 1;
    size_t schema;

    if (s < 0 || !greeted(s, id)) {
        printf("burst talk: no greeting: %s\n", said);
        return 1;
    }
    for (int i = 0; i < count; i++) {
        began = now_ms();
        if (ask(s, "query-status", ++id) == 0) {
            printf("burst talk: command %d: %s\n", i, said);
            return 1;
        }
        times[i] = now_ms() - began;
    }
    began = now_ms();
    schema = ask(s, "query-qmp-schema", ++id);
    if (schema < 100000) {
        printf("burst talk: the schema: %s\n", said);
        return 1;
    }
    began = now_ms() - began;
    qsort(times, count, sizeof *times, by_size);
    printf("burst talk: %d commands, median %.2f ms; schema %zu bytes in %.0f ms\n", count, times[count / 2],
           schema, began);
    close(s);
    return 0;
}

int main(int argc, char **argv)
{
    static const char unread[] = "{\"execute\":\"qmp_capabilities\",\"id\":1}\r\n{\"execute\":\"query-qmp-schema\",\"id\":2}\r\n";
    int count, bad = 0, id = 1000, s;
    double sum = 0;
    const char *mode;

    if (argc != 4) {
        fprintf(stderr, "usage: burst SOCKET full|drop|half|gone|hold|talk COUNT\n");
        return 2;
    }
    path = argv[1];
    mode = argv[2];
    count = atoi(argv[3]);
    if (strcmp(mode, "talk") == 0) {
        return talk(count);
    }
    if (strcmp(mode, "gone") == 0 || strcmp(mode, "hold") == 0) {
        s = dial();
        if (s >= 0 && *mode == 'h' && line(s) != 0) {
            sleep(count);
        }
        close(s);
        return s < 0;
    }
    for (int i = 0; i < count; i++) {
        double began;
        int good;

        if (strcmp(mode, "full") != 0 && (s = dial()) >= 0) {
            if (*mode == 'h') {
                (void)!send(s, unread, sizeof unread - 1, MSG_NOSIGNAL);
            }
            close(s);
        }
        began = now_ms();
        s = dial();
        good = s >= 0 && greeted(s, id++) && ask(s, "query-status", id++) != 0;
        close(s);
        sum += now_ms() - began;
        if (!good) {
            printf("burst %s: session %d: %s\n", mode, i, said);
            bad++;
        }
    }
    printf("burst %s: %d of %d sessions good, mean %.0f ms\n", mode, count - bad, count, sum / count);
    return bad != 0;
}
