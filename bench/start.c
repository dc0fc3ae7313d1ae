/* SPDX-License-Identifier: Apache-2.0 */
/*
 * start.c - how long the helper takes to start, beside a JVM that prints a line
 * and ends. They take turns. Time runs from before the process is made: for the
 * helper to the moment a client is connected, and to the one where the client has
 * the greeting; for the other to its end.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 64
#define UNMEASURED 2 /* starts before that: files come into the page cache */

extern char **environ;

/* Words with {listen} in them get the path in its place. */
static pid_t spawn(char **words, const char *path, const char *log)
{
    static char changed[WORDS_MAX][512];
    char *filled[WORDS_MAX + 1];
    int count = 0;
    for (; words[count]; count++) {
        if (count == WORDS_MAX)
            die("start: more than %d words in a command", WORDS_MAX);
        const char *place = path ? strstr(words[count], "{listen}") : NULL;
        filled[count] = words[count];
        if (!place)
            continue;
        snprintf(changed[count], sizeof *changed, "%.*s%s%s", (int)(place - words[count]), words[count], path,
                 place + strlen("{listen}"));
        filled[count] = changed[count];
    }
    filled[count] = NULL;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    pid_t pid;
    int error = posix_spawnp(&pid, filled[0], &actions, NULL, filled, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error)
        die("start: cannot run %s: %s", filled[0], strerror(error));
    return pid;
}

static int status_of(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            die("start: cannot wait for process %d: %s", (int)pid, strerror(errno));
    return status;
}

static double milliseconds_since(double start_us)
{
    return (now_us() - start_us) / 1e3;
}

/* Tries until it is connected; -1 when the process has ended or time is up. */
static int connect_at_once(pid_t pid, const char *path, double start_us)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        die("start: %s: too long for a UNIX socket; set TMPDIR to a shorter path", path);
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    while (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        if (milliseconds_since(start_us) > 1e3 * DEADLINE_S || waitpid(pid, NULL, WNOHANG) == pid) {
            close(fd);
            return -1;
        }
        nanosleep(&(struct timespec){.tv_nsec = 100 * 1000}, NULL);
    }
    return fd;
}

static void start_helper(const char *directory, char **words, int number, double *connected, double *greeted)
{
    char path[512], log[512], byte;
    snprintf(path, sizeof path, "%s/%d.sock", directory, number);
    snprintf(log, sizeof log, "%s/start.log", directory);
    double start = now_us();
    pid_t pid = spawn(words, path, log);
    int fd = connect_at_once(pid, path, start);
    if (fd < 0)
        die("start: %s: no client got to its socket within %d s, or it has ended", words[0], DEADLINE_S);
    *connected = milliseconds_since(start);
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    bool spoke = poll(&ready, 1, DEADLINE_S * 1000) == 1 && read(fd, &byte, 1) == 1;
    *greeted = milliseconds_since(start);
    close(fd);
    kill(pid, SIGKILL); /* the launcher execs: it is the JVM itself */
    status_of(pid);
    unlink(path);
    if (!spoke)
        die("start: %s: no greeting within %d s", words[0], DEADLINE_S);
}

static double run_hello(char **words)
{
    double start = now_us();
    int status = status_of(spawn(words, NULL, "/dev/null"));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        die("start: %s failed (wait status %d)", words[0], status);
    return milliseconds_since(start);
}

struct starts start_measure(const char *directory, char **helper, char **hello, int rounds)
{
    struct starts starts;
    for (enum start n = CONNECTED; n < STARTS; n++)
        starts.ms[n] = allocate((size_t)rounds, sizeof(double));
    for (int round = -UNMEASURED; round < rounds; round++) {
        int at = round < 0 ? 0 : round; /* overwritten by the first that counts */
        start_helper(directory, helper, round + UNMEASURED, &starts.ms[CONNECTED][at], &starts.ms[GREETED][at]);
        starts.ms[HELLO][at] = run_hello(hello);
    }
    return starts;
}

void start_end(struct starts *starts)
{
    for (enum start n = CONNECTED; n < STARTS; n++)
        free(starts->ms[n]);
}
