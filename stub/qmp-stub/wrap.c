/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The process that was started becomes QEMU, so that its number, signals, limits, standard streams
 * and exit status are QEMU's. Before that it makes the *bridge*, which moves the bytes, and that one
 * the *guard*, which only waits. Both end when QEMU does, and QEMU is ended when either of them is
 * gone. They have a session of their own, QEMU is not their parent, and no descriptor of theirs is
 * QEMU's but the sockets on which it listens.
 */
#define _GNU_SOURCE
#include "wrap.h"

#include "bridge.h"
#include "line.h"
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FAILED = 1, CANNOT_RUN = 126, NOT_FOUND = 127, BACKLOG = 1, READY_WITHIN = 10000 /* ms */ };

/* A socket on which QEMU listens, and a descriptor of its file, by which the bridge connects. */
typedef struct Socket {
    int listening, file;
} Socket;

/* What the companions know of QEMU. */
typedef struct Qemu {
    int process;
    bool daemonizes;
    ino_t socket;
    pid_t bridge;
    int guard;
} Qemu;

/* ---- sockets */

/*
 * A UNIX socket whose file is gone when this returns: nobody else finds it, and nothing is left
 * behind. One connects by what /proc has of its descriptor.
 */
static bool make_socket(Socket *made, Reason *why)
{
    static const char *const folders[] = { "/run", "/tmp", "/dev/shm", "." };
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    char folder[64];
    bool good = false;

    for (size_t i = 0; i < sizeof folders / sizeof *folders && !good; i++) {
        snprintf(folder, sizeof folder, "%s/qmp-stub-XXXXXX", folders[i]);
        good = mkdtemp(folder) != NULL;
    }
    if (!good) {
        return refuse(why, "no folder for a socket can be made in /run, /tmp or /dev/shm: %s", strerror(errno));
    }
    snprintf(at.sun_path, sizeof at.sun_path, "%s/qemu", folder);
    *made = (Socket) { .listening = socket(AF_UNIX, SOCK_STREAM, 0), .file = -1 };
    good = made->listening >= 0 && bind(made->listening, (void *)&at, sizeof at) == 0 &&
           listen(made->listening, BACKLOG) == 0 && (made->file = open(at.sun_path, O_PATH | O_CLOEXEC)) >= 0;
    if (!good) {
        refuse(why, "no socket can be made in %s: %s", folder, strerror(errno));
    }
    unlink(at.sun_path);
    rmdir(folder);
    return good;
}

static bool make_vsock(Socket *made, const Address *a, Reason *why)
{
    struct sockaddr_vm at = { .svm_family = AF_VSOCK, .svm_cid = a->domain, .svm_port = a->port };

    *made = (Socket) { .listening = socket(AF_VSOCK, SOCK_STREAM, 0), .file = -1 };
    if (made->listening < 0) {
        return refuse(why, "no sockets of vsock here (%s): load the module vsock and a transport, as vmw_vsock_virtio_transport",
                      strerror(errno));
    }
    if (bind(made->listening, (void *)&at, sizeof at) < 0 || listen(made->listening, BACKLOG) < 0) {
        return refuse(why, "%s", strerror(errno));
    }
    return true;
}

/* ---- companions */

static bool has_ended(Qemu *q)
{
    if (!process_has_ended(q->process)) {
        return false;
    }
    if (q->daemonizes) {
        pid_t daemon = process_with_socket(q->socket, getpid(), q->bridge);
        int process = daemon > 0 ? process_open(daemon) : -1;
        if (process >= 0) {
            /* In its place: who waits for that descriptor waits for the other process. */
            dup3(process, q->process, O_CLOEXEC);
            close(process);
            q->daemonizes = false;
            /* Whoever waits for the end of this text would wait as long as QEMU runs. */
            int null = open("/dev/null", O_RDWR | O_CLOEXEC);
            dup2(null, STDERR_FILENO);
            close(null);
            return false;
        }
    }
    return true;
}

static _Noreturn void guard(Qemu *q, int bridge)
{
    prctl(PR_SET_NAME, "qmp-stub-guard");
    signal(SIGUSR1, SIG_IGN); /* meant for the bridge */
    while (!has_ended(q) && !process_has_ended(bridge)) {
        process_wait(q->process, bridge, -1);
    }
    if (!process_has_ended(q->process)) {
        tell("the bridge has ended, so QEMU is ended");
        process_end(q->process);
    }
    _exit(0);
}

static bool bridge_is_over(void *context)
{
    Qemu *q = context;

    return has_ended(q) || process_has_ended(q->guard);
}

/* Makes the guard, which waits for the caller. */
static bool make_guard(Qemu *q, Reason *why)
{
    int self = process_open(getpid());
    pid_t pid;

    q->bridge = getpid();
    pid = self < 0 ? -1 : fork();
    if (pid == 0) {
        int keep[] = { q->process, self };
        close_all_but(keep, 2);
        guard(q, self);
    }
    q->guard = pid > 0 ? process_open(pid) : -1;
    close(self);
    return q->guard >= 0 || refuse(why, "no process can be made: %s", strerror(errno));
}

static void silence(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
}

/* What the bridge says when QEMU may start; else it says why not. */
#define READY "ready"

/* The bridge's process. */
static _Noreturn void bridge(Qemu *q, const Line *line, const Socket *sockets, bool verbose, int ready)
{
    int keep[CHANNELS + 2] = { q->process, ready };
    Bridge *b = bridge_new(verbose);
    Reason why = { "no memory" };
    bool good = b != NULL;
    size_t kept = 2;

    silence();
    for (int i = 0; i < line->count; i++) {
        if (sockets[i].file >= 0) {
            keep[kept++] = sockets[i].file;
        }
    }
    close_all_but(keep, kept);
    /* The guard first, which must have no part in what the peers map. */
    good = good && make_guard(q, &why);
    for (int i = 0; good && i < line->count; i++) {
        char path[40];
        if (sockets[i].file >= 0) {
            snprintf(path, sizeof path, "/proc/self/fd/%d", sockets[i].file);
            if (!bridge_add(b, &line->channels[i].address, path, &why)) {
                Reason reason = why;
                char name[100];
                address_name(&line->channels[i].address, name, sizeof name);
                good = refuse(&why, "cannot listen on %.60s: %.110s", name, reason.text);
                process_kill(q->guard);
            }
        }
    }
    if (write(ready, good ? READY : why.text, good ? strlen(READY) : strlen(why.text)) < 0 || !good) {
        _exit(FAILED);
    }
    close(ready);
    bridge_watch(b, q->process);
    bridge_watch(b, q->guard);
    bridge_over(b, bridge_is_over, q);
    bridge_run(b);
    if (!process_has_ended(q->process)) {
        tell("the bridge ends, so QEMU is ended");
        process_end(q->process);
    }
    _exit(0);
}

/* Makes the companions, and waits until they are ready. */
static bool accompany(const Line *line, const Socket *sockets, bool verbose, Reason *why)
{
    Qemu q = { .process = process_open(getpid()), .daemonizes = line->daemonizes };
    int ready[2];
    struct stat socket;
    ssize_t n;
    pid_t pid;

    if (q.process < 0 || pipe2(ready, O_CLOEXEC) < 0) {
        return refuse(why, "no process can be watched: %s; Linux 5.3 can", strerror(errno));
    }
    for (int i = 0; i < line->count; i++) {
        if (sockets[i].file >= 0 && fstat(sockets[i].listening, &socket) == 0) {
            q.socket = socket.st_ino;
        }
    }
    /* Twice, so that the bridge is no child of QEMU. */
    pid = fork();
    if (pid == 0) {
        setsid(); /* and a group, by which both companions can be killed */
        pid = fork();
        if (pid == 0) {
            bridge(&q, line, sockets, verbose, ready[1]);
        }
        _exit(pid < 0 ? FAILED : 0);
    }
    close(ready[1]);
    if (pid > 0) {
        int status;
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
    }
    if (pid < 0) {
        return refuse(why, "no process can be made: %s", strerror(errno));
    }
    if (!process_says(ready[0], READY_WITHIN)) {
        kill(-pid, SIGKILL);
        return refuse(why, "the bridge was not ready after %d s", READY_WITHIN / 1000);
    }
    while ((n = read(ready[0], why->text, sizeof why->text - 1)) < 0 && errno == EINTR) {
    }
    close(ready[0]);
    close(q.process);
    if (n <= 0) {
        return refuse(why, "the bridge has ended before it was ready");
    }
    why->text[n] = '\0';
    return strcmp(why->text, READY) == 0;
}

static int become(char **words)
{
    execvp(words[0], words);
    tell("cannot run %s: %s", words[0], strerror(errno));
    return errno == ENOENT ? NOT_FOUND : CANNOT_RUN;
}

int wrap(bool verbose, int argc, char **argv)
{
    Line line;
    Reason why;
    Socket sockets[CHANNELS];
    int descriptors[CHANNELS];
    bool good, bridged = false;
    char **words;

    if (!line_read(&line, argc, argv, &why)) {
        tell("%s", why.text);
        return FAILED;
    }
    for (int i = 0; i < line.count && !line.probe; i++) {
        const Address *a = &line.channels[i].address;
        if (a->scheme == VSOCK) {
            good = make_vsock(&sockets[i], a, &why);
        } else {
            good = make_socket(&sockets[i], &why);
            bridged = true;
        }
        if (!good) {
            char name[100];
            address_name(a, name, sizeof name);
            tell("cannot listen on %s: %s", name, why.text);
            return FAILED;
        }
        descriptors[i] = sockets[i].listening;
    }
    words = line_write(&line, descriptors);
    if (words == NULL || (bridged && !accompany(&line, sockets, verbose, &why))) {
        tell("%s", words == NULL ? "no memory" : why.text);
        return FAILED;
    }
    return become(words);
}
