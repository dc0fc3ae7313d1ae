/* SPDX-License-Identifier: Apache-2.0
 *
 * Which descriptors are devices, and of which endpoint.
 *
 * A descriptor is a timer that is never set (never ready for anything) until BIND or what follows
 * puts a socket in its place, which poll and epoll then see as they see any other.
 */
#define _GNU_SOURCE
#include "argo.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { DESCRIPTORS = 1 << 16 };

static struct endpoint *_Atomic table[DESCRIPTORS];
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;

/* A system call's result, or -errno. */
int sys(long result)
{
    return result < 0 ? -errno : (int)result;
}

/* Whether it is this process' device, and not seen by a child that shares its memory. */
bool is_own(int fd)
{
    struct endpoint *ep = fd >= 0 && fd < DESCRIPTORS ? table[fd] : NULL;
    return ep && ep->pid == getpid();
}

bool is_at(int fd, const struct endpoint *ep)
{
    return table[fd] == ep;
}

struct endpoint *endpoint_at(int fd)
{
    if (fd < 0 || fd >= DESCRIPTORS || !table[fd])
        return NULL;
    pthread_mutex_lock(&table_lock);
    struct endpoint *ep = table[fd];
    if (ep)
        ep->refs++;
    pthread_mutex_unlock(&table_lock);
    return ep;
}

void endpoint_put(struct endpoint *ep)
{
    pthread_mutex_lock(&table_lock);
    bool last = --ep->refs == 0;
    pthread_mutex_unlock(&table_lock);
    if (!last)
        return;
    if (ep->stream || ep->state != IDLE) {
        host_lock(); /* the driver is not at it any more */
        if (ep->stream)
            stream_close(ep);
        if (ep->state != IDLE)
            ring_check(ep->slot, ep->serial);
        host_unlock();
    }
    if (ep->early >= 0)
        syscall(SYS_close, ep->early);
    free(ep);
}

/* Says which endpoint is at a descriptor from now on, and returns the one before. */
struct endpoint *endpoint_set(int fd, struct endpoint *ep)
{
    if (fd >= DESCRIPTORS)
        return NULL;
    pthread_mutex_lock(&table_lock);
    struct endpoint *before = table[fd];
    table[fd] = ep;
    if (ep)
        ep->refs++;
    pthread_mutex_unlock(&table_lock);
    return before;
}

bool nonblocking(int fd)
{
    return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
}

/* Something that is never ready. */
int idle_descriptor(void)
{
    return sys(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
}

/* Has all descriptors of an endpoint be another one from now on, which is closed. */
int replace(struct endpoint *ep, int with)
{
    int result = 0;
    pthread_mutex_lock(&table_lock); /* against close */
    for (int fd = 0; fd < DESCRIPTORS && result >= 0; fd++)
        if (table[fd] == ep) {
            int cloexec = fcntl(fd, F_GETFD) & FD_CLOEXEC ? O_CLOEXEC : 0;
            if (nonblocking(fd))
                fcntl(with, F_SETFL, O_RDWR | O_NONBLOCK);
            result = sys(syscall(SYS_dup3, with, fd, cloexec));
        }
    pthread_mutex_unlock(&table_lock);
    syscall(SYS_close, with);
    ep->replaced++;
    return result < 0 ? result : 0;
}

/* An endpoint of its own at a descriptor; if there can be none, that is closed. */
int device_new(const struct endpoint *like, int fd)
{
    struct endpoint *ep = fd < DESCRIPTORS ? malloc(sizeof *ep) : NULL;
    if (fd >= 0 && !ep) {
        syscall(SYS_close, fd);
        return -ENFILE;
    }
    if (fd < 0)
        return fd;
    *ep = *like;
    ep->refs = 0;
    ep->pid = getpid();
    ep->early = ep->hold = ep->side_bell = -1;
    endpoint_set(fd, ep);
    return fd;
}

/* Shows all streams of this process. */
void driver_visit(void (*visit)(struct endpoint *ep))
{
    host_lock(); /* who is gone from the table is freed after it */
    for (int fd = 0; fd < DESCRIPTORS; fd++) {
        struct endpoint *ep = table[fd];
        if (ep && ep->stream)
            visit(ep);
    }
    host_unlock();
}

