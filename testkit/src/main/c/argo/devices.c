/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions of the C library in front of which this library stands. What is not for a device
 * goes through to the kernel.
 */
#define _GNU_SOURCE
#include "argo.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

/* All other names are this library's own. */
#define FRONT __attribute__((visibility("default")))

static long answer(long result)
{
    if (result >= 0)
        return result;
    errno = (int)-result;
    return -1;
}

/* ---- open */

static int device_open(const char *path, int flags)
{
    bool v4v = strncmp(path, "/dev/v4v_", 9) == 0;
    struct endpoint idle = { .v4v = v4v, .stream = strstr(path, "_stream") != NULL, .keeps = -1,
                             .side = -1, .ring_len = v4v ? V4V_DEFAULT_RING : ARGO_DEFAULT_RING };
    if (traps.denied)
        return -EACCES;
    int fd = device_new(&idle, idle_descriptor());
    /* O_NONBLOCK is lost, as on the real ones. */
    if (fd >= 0 && !(flags & O_CLOEXEC))
        fcntl(fd, F_SETFD, 0);
    return fd;
}

static bool is_device(const char *path)
{
    if (!host_given() || strncmp(path, "/dev/", 5) != 0)
        return false;
    const char *name = path + 5;
    if (strcmp(name, "argo_dgram") == 0 || strcmp(name, "argo_stream") == 0)
        return !traps.no_argo;
    return (strcmp(name, "v4v_dgram") == 0 || strcmp(name, "v4v_stream") == 0) && !traps.no_v4v;
}

static int open_at(int folder, const char *path, int flags, va_list rest)
{
    mode_t mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(rest, mode_t) : 0;
    if (path && is_device(path))
        return (int)answer(device_open(path, flags));
    return (int)syscall(SYS_openat, folder, path, flags, mode);
}

#define OPEN(name) \
    FRONT int name(const char *path, int flags, ...) \
    { \
        va_list rest; \
        va_start(rest, flags); \
        int fd = open_at(AT_FDCWD, path, flags, rest); \
        va_end(rest); \
        return fd; \
    }
#define OPENAT(name) \
    FRONT int name(int folder, const char *path, int flags, ...) \
    { \
        va_list rest; \
        va_start(rest, flags); \
        int fd = open_at(folder, path, flags, rest); \
        va_end(rest); \
        return fd; \
    }
OPEN(open)
OPEN(open64)
OPEN(__open_2)
OPEN(__open64_2)
OPENAT(openat)
OPENAT(openat64)

/* ---- requests */

static bool has_peer(const struct endpoint *ep)
{
    return ep->state == CONNECTING || ep->state == CONNECTED || ep->state == ACCEPTED;
}

static struct place place_of(const struct endpoint *ep, const void *addr)
{
    struct argo_addr place = { 0 };
    memcpy(&place, addr, ep->v4v ? sizeof(struct v4v_addr) : sizeof place);
    return (struct place){ place.port, place.domain };
}

static void put_place(const struct endpoint *ep, void *addr, struct place place)
{
    struct argo_addr put = { place.port, place.domain, 0 };
    memcpy(addr, &put, ep->v4v ? sizeof(struct v4v_addr) : sizeof put);
}

static int bind_request(struct endpoint *ep, const void *arg)
{
    struct argo_ring_id id;
    memcpy(&id, arg, sizeof id);
    if (ep->v4v) {
        struct v4v_ring_id other;
        memcpy(&other, arg, sizeof other);
        id = (struct argo_ring_id){ other.domain, other.partner, other.port };
    }
    return device_bind(ep, id);
}

static int getsockname_request(struct endpoint *ep, void *arg)
{
    uint16_t any = ep->v4v ? V4V_ANY : ARGO_ANY;
    uint32_t port = ep->state == IDLE ? 0 : ep->port;
    uint16_t partner = ep->state == IDLE ? any : ep->partner;
    if (ep->v4v)
        *(struct v4v_ring_id *)arg = (struct v4v_ring_id){ port, any, partner };
    else
        *(struct argo_ring_id *)arg = (struct argo_ring_id){ any, partner, port };
    return 0;
}

/* Every nth call of a kind. */
static bool nth(unsigned long n, atomic_ulong *calls)
{
    return n != 0 && ++*calls % n == 0;
}

static long send_request(struct endpoint *ep, int fd, const struct argo_dev *dev)
{
    static atomic_ulong calls, interrupted;
    struct place to = { 0 };
    if (dev->addr)
        to = place_of(ep, dev->addr);
    if (nth(traps.eintr, &interrupted))
        return -EINTR;
    if (nth(traps.efault, &calls))
        return -EFAULT;
    return (ep->stream ? stream_send : dgram_send)(ep, fd, dev->buf, dev->len, dev->flags,
                                                   dev->addr ? &to : NULL);
}

static long recv_request(struct endpoint *ep, int fd, const struct argo_dev *dev)
{
    static atomic_ulong interrupted, received;
    struct place from = { 0 };
    if (nth(traps.eintr, &interrupted))
        return -EINTR;
    if (received < traps.deaf) {
        received++;
        return -EFAULT;
    }
    long got = (ep->stream ? stream_recv : dgram_recv)(ep, fd, dev->buf, dev->len, dev->flags,
                                                       &from);
    if (got >= 0 && dev->addr)
        put_place(ep, dev->addr, from);
    return got;
}

static int connect_request(struct endpoint *ep, int fd, const void *arg)
{
    struct place to = { 0 };
    if (arg)
        to = place_of(ep, arg);
    const struct place *target = arg ? &to : NULL;
    return ep->stream ? stream_connect(ep, fd, target) : dgram_connect(ep, target);
}

static int accept_request(struct endpoint *ep, int fd, void *arg)
{
    struct place from;
    int child = ep->stream ? stream_accept(ep, fd, &from) : -ENOTTY;
    if (child >= 0)
        put_place(ep, arg, from);
    return child;
}

static int getpeername_request(struct endpoint *ep, void *arg)
{
    if (!has_peer(ep))
        return -ENOTCONN;
    put_place(ep, arg, ep->peer);
    return 0;
}

/* The requests that have another number for V4V, by what they are for Argo. */
static uint32_t argo_request(bool v4v, uint32_t request)
{
    static const uint32_t both[][2] = {
        { V4V_GETPEERNAME, ARGO_GETPEERNAME }, { V4V_CONNECT, ARGO_CONNECT },
        { V4V_ACCEPT, ARGO_ACCEPT }, { V4V_GETSOCKTYPE, ARGO_GETSOCKTYPE },
        { V4V_VIPTABLES_ADD, ARGO_VIPTABLES_ADD }, { V4V_VIPTABLES_DEL, ARGO_VIPTABLES_DEL },
        { V4V_VIPTABLES_LIST, ARGO_VIPTABLES_LIST },
    };
    size_t count = sizeof both / sizeof *both;
    if (!v4v)
        return request;
    for (size_t i = 0; i < count; i++)
        if (both[i][0] == request)
            return both[i][1];
    for (size_t i = 0; i < count; i++)
        if (both[i][1] == request)
            return 0;
    return request;
}

static long device_request(struct endpoint *ep, int fd, uint32_t number, void *arg)
{
    uint32_t request = argo_request(ep->v4v, number);
    if (!arg && request != ARGO_CONNECT && request != DEV_LISTEN)
        return -EFAULT;
    switch (request) {
    case DEV_SETRINGSIZE:
        return device_setringsize(ep, arg);
    case DEV_BIND:
        return bind_request(ep, arg);
    case DEV_GETSOCKNAME:
        return getsockname_request(ep, arg);
    case ARGO_GETPEERNAME:
        return getpeername_request(ep, arg);
    case ARGO_CONNECT:
        return connect_request(ep, fd, arg);
    case DEV_GETCONNECTERR:
        *(int *)arg = stream_error(ep);
        return 0;
    case DEV_LISTEN:
        return ep->stream ? stream_listen(ep) : -EINVAL;
    case ARGO_ACCEPT:
        return accept_request(ep, fd, arg);
    case DEV_SEND:
        return send_request(ep, fd, arg);
    case DEV_RECV:
        return recv_request(ep, fd, arg);
    case ARGO_GETSOCKTYPE:
        *(int *)arg = ep->stream ? TYPE_STREAM : TYPE_DGRAM;
        return 0;
    case ARGO_VIPTABLES_ADD:
    case ARGO_VIPTABLES_DEL:
    case ARGO_VIPTABLES_LIST:
        return -EOPNOTSUPP;
    default:
        return -ENOTTY;
    }
}

FRONT int ioctl(int fd, unsigned long request, ...)
{
    va_list rest;
    va_start(rest, request);
    void *arg = va_arg(rest, void *);
    va_end(rest);
    struct endpoint *ep = endpoint_at(fd);
    if (!ep)
        return (int)syscall(SYS_ioctl, fd, request, arg);
    host_lock();
    long result = device_request(ep, fd, (uint32_t)request, arg);
    host_unlock();
    endpoint_put(ep);
    return (int)answer(result);
}

FRONT ssize_t read(int fd, void *buf, size_t len)
{
    struct endpoint *ep = endpoint_at(fd);
    if (!ep)
        return syscall(SYS_read, fd, buf, len);
    host_lock();
    long result = recv_request(ep, fd, &(struct argo_dev){ .buf = buf, .len = len });
    host_unlock();
    endpoint_put(ep);
    return answer(result);
}

FRONT ssize_t write(int fd, const void *buf, size_t len)
{
    struct endpoint *ep = endpoint_at(fd);
    if (!ep)
        return syscall(SYS_write, fd, buf, len);
    host_lock();
    long result = send_request(ep, fd, &(struct argo_dev){ .buf = (void *)buf, .len = len });
    host_unlock();
    endpoint_put(ep);
    return answer(result);
}

/* ---- descriptors that come and go */

FRONT int close(int fd)
{
    struct endpoint *gone = is_own(fd) ? endpoint_set(fd, NULL) : NULL;
    int result = (int)syscall(SYS_close, fd);
    int error = errno;
    if (gone)
        endpoint_put(gone);
    errno = error;
    return result;
}

static int duplicated(int fd, int as)
{
    struct endpoint *ep = is_own(fd) ? endpoint_at(fd) : NULL;
    if (as >= 0 && as != fd && (ep || is_own(as))) {
        int error = errno;
        struct endpoint *gone = endpoint_set(as, ep);
        if (gone)
            endpoint_put(gone);
        errno = error;
    }
    if (ep)
        endpoint_put(ep);
    return as;
}

FRONT int dup(int fd)
{
    return duplicated(fd, (int)syscall(SYS_dup, fd));
}

FRONT int dup2(int fd, int as)
{
    if (fd == as)
        return fcntl(fd, F_GETFD) < 0 ? -1 : as;
    return duplicated(fd, (int)syscall(SYS_dup3, fd, as, 0));
}

FRONT int dup3(int fd, int as, int flags)
{
    return duplicated(fd, (int)syscall(SYS_dup3, fd, as, flags));
}

static int early_ctl(struct endpoint *ep, int epoll, int operation, int fd,
                     struct epoll_event *event)
{
    bool stale = ep->early >= 0 && ep->early_epoll == epoll && ep->early_replaced != ep->replaced;
    int cloexec = fcntl(fd, F_GETFD) & FD_CLOEXEC ? O_CLOEXEC : 0;
    int now = stale ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
    if (stale)
        syscall(SYS_dup3, ep->early, fd, cloexec); /* it is registered by both */
    int result = sys(syscall(SYS_epoll_ctl, epoll, operation, fd, event));
    if (stale) {
        syscall(SYS_dup3, now, fd, cloexec);
        syscall(SYS_close, now);
    }
    if (stale && result == 0 && operation == EPOLL_CTL_DEL) {
        syscall(SYS_close, ep->early);
        ep->early = -1;
    }
    bool settled = ep->stream ? ep->state >= CONNECTED : ep->state != IDLE;
    if (result == 0 && operation == EPOLL_CTL_ADD && !settled && ep->early < 0) {
        ep->early = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        ep->early_epoll = epoll;
        ep->early_replaced = ep->replaced;
    }
    return result;
}

/*
 * A device that is given to epoll before its final state stays registered on what it was then: that
 * description is kept, so that the kernel keeps the registration. To tell the kernel a change of
 * it, the descriptor is that description again for a moment.
 */
FRONT int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    struct endpoint *ep = endpoint_at(fd);
    if (!ep)
        return (int)syscall(SYS_epoll_ctl, epoll, operation, fd, event);
    host_lock();
    int result = early_ctl(ep, epoll, operation, fd, event);
    host_unlock();
    endpoint_put(ep);
    return (int)answer(result);
}
