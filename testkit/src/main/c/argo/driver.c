/* SPDX-License-Identifier: Apache-2.0
 *
 * A thread of each process that has streams. It does what cannot wait for the program's next call:
 * it completes a connect that does not block, and tells who is connected to a killed process.
 */
#define _GNU_SOURCE
#include "argo.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PEERS = 256 };

static uint64_t driver;
static pid_t driver_of;
static int bell = -1;
static pid_t peers[PEERS];
static int peer_count;

static void visit(struct endpoint *ep)
{
    stream_service(ep);
    struct side *side = ep->side >= 0 ? side_at(ep->side) : NULL;
    pid_t peer = side && side->serial == ep->side_serial ? side->other_pid : 0;
    for (int i = 0; i < peer_count; i++)
        if (peers[i] == peer)
            return;
    if (peer != 0 && peer != getpid() && peer_count < PEERS)
        peers[peer_count++] = peer;
}

static void sleep_until_called(void)
{
    struct pollfd fds[PEERS + 1] = { { bell, POLLIN, 0 } };
    char rung[1];
    int timeout = -1, count = peer_count;
    for (int i = 0; i < count; i++) {
        fds[i + 1] = (struct pollfd){ (int)syscall(SYS_pidfd_open, peers[i], 0), POLLIN, 0 };
        if (fds[i + 1].fd < 0)
            timeout = 0; /* dead already */
    }
    poll(fds, (nfds_t)count + 1, timeout);
    for (int i = 0; i < count; i++)
        if (fds[i + 1].fd >= 0)
            syscall(SYS_close, fds[i + 1].fd);
    while (recv(bell, rung, sizeof rung, MSG_DONTWAIT) >= 0)
        ;
}

static void *run(void *unused)
{
    (void)unused;
    for (;;) {
        peer_count = 0;
        driver_visit(visit);
        sleep_until_called();
    }
    return NULL;
}

/* Starts it if there is none yet; returns what it is woken by. Under host_lock(). */
uint64_t driver_start(void)
{
    sigset_t all, before;
    pthread_t thread;
    if (driver_of == getpid())
        return driver;
    driver = new_serial();
    bell = bell_make(driver);
    driver_of = getpid();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&thread, NULL, run, NULL) == 0)
        pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return driver;
}

void driver_wake(uint64_t which)
{
    bell_ring(which);
}
