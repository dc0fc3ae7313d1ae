/* SPDX-License-Identifier: Apache-2.0
 *
 * The datagram devices: each test is a behaviour, or a trap, of the real ones.
 */
#define _GNU_SOURCE
#include "selftest.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RING = 16304, DONTWAIT = 0x40, PEEK = 2, TRUNC = 0x20 };

/* Room for what is received; the pages of a buffer that is sent must be there. */
static char into[1 << 20];

static void touch_bytes(void)
{
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7 + i / 251);
}

static void datagrams_come_whole_in_order_and_with_their_source(void)
{
    touch_bytes();
    int a = bound(RING, 5100, 0), b = bound(RING, 15100, 0);
    struct argo_addr from;
    EXPECT(4000, send_to(a, bytes, 4000, DONTWAIT, 0, 15100));
    EXPECT(7, send_to(a, bytes, 7, DONTWAIT, 0, 15100));
    EXPECT(4000, recv_from(b, into, sizeof into, DONTWAIT, &from));
    CHECK(memcmp(bytes, into, 4000) == 0);
    CHECK(from.port == 5100 && from.domain == 0 && from.pad == 0);
    EXPECT(7, recv_from(b, into, sizeof into, DONTWAIT, NULL));
    EXPECT(-EAGAIN, recv_from(b, into, sizeof into, DONTWAIT, NULL));
    /* Round the ring's end, at every offset. */
    for (int i = 0; i < 3000; i++) {
        size_t len = (size_t)(i * 37 % 16272) + 1;
        EXPECT((long)len, send_to(b, bytes + i, len, DONTWAIT, 0, 5100));
        EXPECT((long)len, recv_from(a, into, sizeof into, DONTWAIT, NULL));
        CHECK(memcmp(bytes + i, into, len) == 0);
    }
}

static void to_itself(void)
{
    int a = bound(RING, 5100, 0);
    EXPECT(3, send_to(a, "abc", 3, DONTWAIT, 0, 5100));
    EXPECT(3, recv_from(a, into, 10, DONTWAIT, NULL));
}

static void capacity_is_counted_as_xen_does(void)
{
    static const int counts[][2] = { { 16272, 1 }, { 8000, 2 }, { 4000, 4 }, { 1000, 15 }, { 16, 509 } };
    touch_bytes();
    int a = bound(65456, 5100, 0);
    for (int i = 0; i < 5; i++) {
        int b = bound(RING, 15100, 0);
        EXPECT(counts[i][1], fill(a, (size_t)counts[i][0], 0, 15100));
        close(b);
    }
}

static void the_largest_datagram(void)
{
    touch_bytes();
    int a = bound(262080, 1, 0), b = bound(RING, 2, 0), small = bound(4032, 3, 0);
    EXPECT(16272, send_to(a, bytes, 16272, DONTWAIT, 0, 2));
    EXPECT(-EMSGSIZE, send_to(a, bytes, 16273, DONTWAIT, 0, 2));
    EXPECT(-EMSGSIZE, send_to(b, bytes, 16273, DONTWAIT, 0, 2));
    EXPECT(-EMSGSIZE, send_to(b, bytes, 16289, DONTWAIT, 0, 1));
    EXPECT(262048, send_to(a, bytes, 262048, DONTWAIT, 0, 1));
    EXPECT(-EMSGSIZE, send_to(a, bytes, 262049, DONTWAIT, 0, 1));
    EXPECT(-EMSGSIZE, send_to(small, bytes, 4017, DONTWAIT, 0, 2));
    EXPECT(16272, recv_from(b, into, sizeof into, DONTWAIT, NULL));
    EXPECT(4016, send_to(small, bytes, 4016, DONTWAIT, 0, 2));
}

static void ring_sizes(void)
{
    static const uint32_t bad[] = { 16384, 65536, 16336, 16777168, 33554416 };
    static const uint32_t good[] = { 48, 16304, 16320, 65456, 262080, 1048496, 16777152 };
    static const uint32_t refused[] = { 32, 47, 100 };
    for (int i = 0; i < 5; i++) {
        int fd = device("argo_dgram");
        uint32_t size = bad[i];
        EXPECT(0, ioctl(fd, DEV_SETRINGSIZE, &size));
        EXPECT(-EINVAL, bind_to(fd, 1, 0));
        size = RING;
        EXPECT(0, ioctl(fd, DEV_SETRINGSIZE, &size)); /* and once more on the same one */
        EXPECT(0, bind_to(fd, 1, 0));
        EXPECT(-EINVAL, ioctl(fd, DEV_SETRINGSIZE, &size));
        close(fd);
    }
    for (int i = 0; i < 7; i++)
        close(bound(good[i], 1, 0));
    int fd = device("argo_dgram");
    for (int i = 0; i < 3; i++) {
        uint32_t size = refused[i];
        EXPECT(-EINVAL, ioctl(fd, DEV_SETRINGSIZE, &size));
    }
}

static void overtaking(void)
{
    touch_bytes();
    int a = bound(RING, 1, 0), b = bound(RING, 2, 0);
    EXPECT(4, fill(a, 4000, 0, 2));
    EXPECT(16, send_to(a, bytes, 16, DONTWAIT, 0, 2));
    EXPECT(4000, recv_from(b, into, sizeof into, DONTWAIT, NULL));
    EXPECT(4000, send_to(a, bytes, 4000, DONTWAIT, 0, 2));
}

static void truncation_is_silent(void)
{
    touch_bytes();
    int a = bound(RING, 1, 0);
    EXPECT(8000, send_to(a, bytes, 8000, DONTWAIT, 0, 1));
    EXPECT(0, recv_from(a, into, 0, DONTWAIT | PEEK, NULL));
    EXPECT(8000, recv_from(a, into, 4096, DONTWAIT | PEEK | TRUNC, NULL));
    EXPECT(4096, recv_from(a, into, 4096, DONTWAIT, NULL));
    EXPECT(-EAGAIN, recv_from(a, into, 4096, DONTWAIT, NULL));
    EXPECT(8000, send_to(a, bytes, 8000, DONTWAIT, 0, 1));
    EXPECT(8000, recv_from(a, into, 4096, DONTWAIT | TRUNC, NULL));
}

static void zero_length(void)
{
    int a = bound(RING, 1, 0);
    EXPECT(0, send_to(a, NULL, 0, DONTWAIT, 0, 1));
    CHECK(ready(a) == (POLLIN | POLLOUT));
    EXPECT(0, recv_from(a, into, 10, DONTWAIT, NULL));
    CHECK(ready(a) == POLLOUT);
}

static void ready_to_write_always_to_read_when_there_is_something(void)
{
    touch_bytes();
    int a = device("argo_dgram"), b = bound(RING, 2, 0);
    CHECK(ready(a) == 0);
    EXPECT(0, bind_to(a, 1, 0));
    CHECK(ready(a) == POLLOUT);
    fill(a, 16, 0, 2);
    CHECK(ready(a) == POLLOUT);
    CHECK(ready(b) == (POLLIN | POLLOUT));
    for (int i = 0; i < 508; i++)
        EXPECT(16, recv_from(b, into, 16, DONTWAIT, NULL));
    CHECK(ready(b) == (POLLIN | POLLOUT));
    EXPECT(16, recv_from(b, into, 16, DONTWAIT, NULL));
    CHECK(ready(b) == POLLOUT);
}

static int waited(int epoll, int timeout)
{
    struct epoll_event event;
    int count = epoll_wait(epoll, &event, 1, timeout);
    return count == 1 ? (int)event.events : count;
}

static void epoll_before_bind_never_fires(void)
{
    int a = device("argo_dgram"), epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event in = { .events = EPOLLIN };
    EXPECT(0, epoll_ctl(epoll, EPOLL_CTL_ADD, a, &in));
    EXPECT(0, bind_to(a, 1, 0));
    EXPECT(1, send_to(a, "x", 1, DONTWAIT, 0, 1));
    CHECK(ready(a) == (POLLIN | POLLOUT));
    CHECK(waited(epoll, 20) == 0);
    EXPECT(-EEXIST, epoll_ctl(epoll, EPOLL_CTL_ADD, a, &in));
    EXPECT(0, epoll_ctl(epoll, EPOLL_CTL_MOD, a, &in));
    CHECK(waited(epoll, 20) == 0);
    EXPECT(0, epoll_ctl(epoll, EPOLL_CTL_DEL, a, NULL));
    EXPECT(0, epoll_ctl(epoll, EPOLL_CTL_ADD, a, &in));
    CHECK(waited(epoll, 20000) == EPOLLIN);
    int other = epoll_create1(EPOLL_CLOEXEC);
    EXPECT(0, epoll_ctl(other, EPOLL_CTL_ADD, a, &in));
    CHECK(waited(other, 20000) == EPOLLIN);
}

static void epoll_edges(void)
{
    int a = bound(RING, 1, 0), epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event in = { .events = EPOLLIN | EPOLLET };
    EXPECT(0, epoll_ctl(epoll, EPOLL_CTL_ADD, a, &in));
    send_to(a, "x", 1, DONTWAIT, 0, 1);
    send_to(a, "y", 1, DONTWAIT, 0, 1);
    CHECK(waited(epoll, 20000) == EPOLLIN);
    CHECK(waited(epoll, 0) == 0);
    EXPECT(1, recv_from(a, into, 1, DONTWAIT, NULL));
    CHECK(waited(epoll, 0) == 0);
    send_to(a, "z", 1, DONTWAIT, 0, 1);
    CHECK(waited(epoll, 20000) == EPOLLIN);
}

static void no_wakeup_when_a_full_ring_drains(void)
{
    touch_bytes();
    int a = bound(RING, 1, 0), b = bound(RING, 2, 0), epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event out = { .events = EPOLLOUT | EPOLLET };
    fill(a, 16272, 0, 2);
    EXPECT(0, epoll_ctl(epoll, EPOLL_CTL_ADD, a, &out));
    CHECK(waited(epoll, 20000) == EPOLLOUT);
    EXPECT(16272, recv_from(b, into, sizeof into, DONTWAIT, NULL));
    CHECK(waited(epoll, 50) == 0);
}

static void nonblock_at_open_is_lost(void)
{
    int fd = open("/dev/argo_dgram", O_RDWR | O_NONBLOCK);
    EXPECT(O_RDWR, fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
    EXPECT(0, fcntl(fd, F_GETFD));
    EXPECT(0, fcntl(fd, F_SETFL, O_NONBLOCK));
    EXPECT(0, bind_to(fd, 1, 0));
    EXPECT(O_NONBLOCK, fcntl(fd, F_GETFL) & O_NONBLOCK);
    EXPECT(0, fcntl(fd, F_GETFD));
    EXPECT(-EAGAIN, read(fd, into, 10));
    int other = open("/dev/argo_dgram", O_RDWR | O_CLOEXEC);
    EXPECT(0, bind_to(other, 2, 0));
    EXPECT(FD_CLOEXEC, fcntl(other, F_GETFD));
}

static void errors_of_bind(void)
{
    struct argo_ring_id id = { 0, 0, 1 };
    int a = bound(RING, 1, 0), fd = device("argo_dgram");
    EXPECT(-EINVAL, ioctl(fd, DEV_BIND, &id));
    EXPECT(-EFAULT, ioctl(fd, DEV_BIND, NULL));
    EXPECT(-ESRCH, bind_to(fd, 1, 5));
    EXPECT(-EADDRINUSE, bind_to(fd, 1, 0));
    EXPECT(-EPERM, bind_to(fd, 2, ARGO_ANY));
    make_domain(5);
    make_file("domain-6.dying", "");
    EXPECT(-ECONNREFUSED, bind_to(fd, 1, 6));
    EXPECT(0, bind_to(fd, 1, 5)); /* another partner, and the same descriptor */
    close(a);
    int b = bound(RING, 1, 0);
    EXPECT(0, bind_to(device("argo_dgram"), 0, 0));
    CHECK(b >= 0);
}

static void a_129th_ring(void)
{
    int last = 0;
    for (uint32_t i = 1; i <= 128; i++)
        last = bound(48, i, 0);
    int fd = device("argo_dgram");
    EXPECT(-ENOSPC, bind_to(fd, 129, 0));
    close(last);
    EXPECT(0, bind_to(fd, 129, 0));
}

static void names(void)
{
    struct argo_ring_id id;
    struct argo_addr to = { 7, 5, 0 }, peer;
    int type, a = device("argo_dgram");
    EXPECT(0, ioctl(a, DEV_GETSOCKNAME, &id));
    CHECK(id.domain == ARGO_ANY && id.partner == ARGO_ANY && id.port == 0);
    EXPECT(0, ioctl(a, ARGO_GETSOCKTYPE, &type));
    CHECK(type == TYPE_DGRAM);
    make_domain(5);
    EXPECT(0, ioctl(a, ARGO_CONNECT, &to)); /* binds */
    EXPECT(0, ioctl(a, DEV_GETSOCKNAME, &id));
    CHECK(id.domain == ARGO_ANY && id.partner == 5 && id.port >= 0x80000000);
    EXPECT(0, ioctl(a, ARGO_GETPEERNAME, &peer));
    CHECK(peer.port == 7 && peer.domain == 5);
    EXPECT(0, ioctl(a, ARGO_CONNECT, NULL));
    EXPECT(-ENOTCONN, ioctl(a, ARGO_GETPEERNAME, &peer));
    EXPECT(-ENOTTY, ioctl(a, V4V_CONNECT, &to));
    EXPECT(-ENOTTY, ioctl(a, _IOW('W', 99, int), &to));
    EXPECT(-ENOTTY, ioctl(a, ARGO_ACCEPT, &to));
    EXPECT(-EINVAL, ioctl(a, DEV_LISTEN, 0));
    EXPECT(-EOPNOTSUPP, ioctl(a, ARGO_VIPTABLES_LIST, &to));
}

static void errors_of_send(void)
{
    struct argo_addr to = { 2, 0, 0 };
    int a = device("argo_dgram");
    EXPECT(-EINVAL, send_to(a, "x", 1, DONTWAIT, 0, 2));
    EXPECT(0, bind_to(a, 1, 0));
    EXPECT(-ENOTCONN, write(a, "x", 1));
    EXPECT(-ECONNREFUSED, send_to(a, "x", 1, 0, 0, 2));
    EXPECT(-ESRCH, send_to(a, "x", 1, 0, 9, 2));
    make_domain(9);
    EXPECT(-ECONNREFUSED, send_to(a, "x", 1, 0, 9, 2));
    int b = bound(RING, 2, 9);
    EXPECT(-ECONNREFUSED, send_to(a, "x", 1, 0, 0, 2)); /* it is for another partner */
    close(b);
    b = bound(RING, 2, 0);
    EXPECT(0, ioctl(a, ARGO_CONNECT, &to));
    EXPECT(-EISCONN, send_to(a, "x", 1, DONTWAIT, 0, 2));
    EXPECT(1, write(a, "x", 1));
    EXPECT(1, read(b, into, 10));
}

static void connected_drops_foreign_sources(void)
{
    struct argo_addr to = { 2, 0, 0 };
    int a = bound(RING, 1, 0), b = bound(RING, 2, 0), other = bound(RING, 3, 0);
    EXPECT(0, ioctl(a, ARGO_CONNECT, &to));
    EXPECT(1, send_to(other, "x", 1, DONTWAIT, 0, 1));
    CHECK(ready(a) == (POLLIN | POLLOUT)); /* which is not true */
    EXPECT(-EAGAIN, recv_from(a, into, 10, DONTWAIT, NULL));
    CHECK(ready(a) == POLLOUT);
    EXPECT(2, send_to(b, "yz", 2, DONTWAIT, 0, 1));
    EXPECT(2, read(a, into, 10));
    EXPECT(0, ioctl(a, ARGO_CONNECT, NULL));
    EXPECT(1, send_to(other, "x", 1, DONTWAIT, 0, 1));
    EXPECT(1, recv_from(a, into, 10, DONTWAIT, NULL));
}

static void binding_twice_leaves_a_black_hole(void)
{
    struct argo_ring_id id;
    int a = bound(RING, 1, 0), b = bound(RING, 2, 0), epoll = epoll_create1(EPOLL_CLOEXEC);
    EXPECT(-EINVAL, bind_to(a, 3, 0));
    EXPECT(0, ioctl(a, DEV_GETSOCKNAME, &id));
    CHECK(id.port == 0 && id.partner == ARGO_ANY);
    CHECK(ready(a) == 0);
    EXPECT(-EINVAL, send_to(a, "x", 1, DONTWAIT, 0, 2));
    close(a);
    EXPECT(-EADDRINUSE, bind_to(device("argo_dgram"), 1, 0));
    CHECK(fill(b, 16, 0, 1) == 509);
    close(epoll);
}

static void use_before_bind(void)
{
    read(device("argo_dgram"), into, 10);
}

static void recv_before_bind_aborts(void)
{
    struct peer peer = start(0, use_before_bind);
    int status = end(&peer, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    close(bound(RING, 1, 0)); /* and only that process */
}

static void buffers_of_send_must_be_resident(void)
{
    touch_bytes();
    int a = bound(65456, 1, 0);
    char *fresh = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    madvise(fresh, 65536, MADV_NOHUGEPAGE);
    EXPECT(-EFAULT, send_to(a, fresh, 100, DONTWAIT, 0, 1));
    EXPECT(-EFAULT, send_to(a, NULL, 100, DONTWAIT, 0, 1));
    fresh[0] = 1;
    EXPECT(100, send_to(a, fresh, 100, DONTWAIT, 0, 1));
    EXPECT(-EFAULT, send_to(a, fresh, 20000, DONTWAIT, 0, 1));
    for (int i = 0; i < 65536; i += 4096)
        CHECK(*(volatile char *)(fresh + i) == (i == 0)); /* read is enough */
    EXPECT(20000, send_to(a, fresh, 20000, DONTWAIT, 0, 1));
    madvise(fresh, 65536, MADV_DONTNEED);
    EXPECT(-EFAULT, send_to(a, fresh, 100, DONTWAIT, 0, 1));
    EXPECT(0, mlock(fresh, 4096));
    EXPECT(100, send_to(a, fresh, 100, DONTWAIT, 0, 1));
    EXPECT(0, mprotect(fresh, 4096, PROT_NONE));
    EXPECT(-EFAULT, send_to(a, fresh, 100, DONTWAIT, 0, 1));
    EXPECT(100, recv_from(a, into, sizeof into, DONTWAIT, NULL));
    EXPECT(20000, recv_from(a, into, sizeof into, DONTWAIT, NULL));
    EXPECT(100, recv_from(a, into, sizeof into, DONTWAIT, NULL));
    EXPECT(-EAGAIN, recv_from(a, into, sizeof into, DONTWAIT, NULL));
}

static void an_unwritable_buffer_wipes_the_ring(void)
{
    touch_bytes();
    int a = bound(RING, 1, 0);
    char *fixed = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    fill(a, 4000, 0, 1);
    EXPECT(-EAGAIN, recv_from(a, fixed, 4096, DONTWAIT, NULL));
    CHECK(ready(a) == POLLOUT);
    EXPECT(2, fill(a, 8000, 0, 1));
    EXPECT(4096, recv_from(a, NULL, 4096, DONTWAIT, NULL)); /* swallowed */
    EXPECT(8000, recv_from(a, into, sizeof into, DONTWAIT, NULL));
    EXPECT(-EAGAIN, recv_from(a, into, sizeof into, DONTWAIT, NULL));
}

/* ---- who waits */

static void *receiver(void *fd)
{
    char one[16] = { 0 };
    return (void *)recv_from((int)(intptr_t)fd, one, sizeof one, 0, NULL);
}

static pthread_t in_recv(int fd)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, receiver, (void *)(intptr_t)fd) == 0);
    return thread;
}

static long joined(pthread_t thread)
{
    void *result;
    CHECK(pthread_join(thread, &result) == 0);
    return (long)result;
}

static void one_datagram_frees_one_reader(void)
{
    int a = bound(RING, 1, 0);
    pthread_t first = in_recv(a), second = in_recv(a);
    usleep(20000);
    EXPECT(5, send_to(a, "hello", 5, DONTWAIT, 0, 1));
    EXPECT(6, send_to(a, "hello2", 6, DONTWAIT, 0, 1));
    CHECK(joined(first) + joined(second) == 11);
}

static void close_does_not_wake_who_waits_in_recv(void)
{
    int a = bound(RING, 1, 0), b = bound(RING, 2, 0);
    pthread_t stuck = in_recv(a);
    usleep(50000);
    close(a);
    EXPECT(-EADDRINUSE, bind_to(device("argo_dgram"), 1, 0));
    EXPECT(5, send_to(b, "hello", 5, DONTWAIT, 0, 1));
    CHECK(joined(stuck) == 5);
    EXPECT(-ECONNREFUSED, send_to(b, "hello", 5, DONTWAIT, 0, 1));
}

struct sending {
    int fd;
    size_t len;
    pthread_t thread;
    long sent;
    volatile bool done;
};

static void *sender(void *arg)
{
    struct sending *sending = arg;
    sending->sent = send_to(sending->fd, bytes, sending->len, 0, 0, 2);
    sending->done = true;
    return NULL;
}

static void in_send(struct sending *sending)
{
    CHECK(pthread_create(&sending->thread, NULL, sender, sending) == 0);
    usleep(30000);
    CHECK(!sending->done);
}

static void nothing(int number)
{
    (void)number;
}

static void a_blocking_send_waits_for_enough_room(void)
{
    touch_bytes();
    int a = bound(RING, 1, 0), b = bound(RING, 2, 0);
    EXPECT(4, fill(a, 4000, 0, 2));
    struct sending sending = { .fd = a, .len = 8000 };
    in_send(&sending);
    EXPECT(4000, recv_from(b, into, sizeof into, DONTWAIT, NULL));
    usleep(20000);
    CHECK(!sending.done);
    EXPECT(4000, recv_from(b, into, sizeof into, DONTWAIT, NULL));
    pthread_join(sending.thread, NULL);
    CHECK(sending.sent == 8000);
}

static void a_blocking_send_sleeps_on_when_the_ring_is_gone(void)
{
    struct sigaction action = { .sa_handler = nothing };
    touch_bytes();
    sigaction(SIGUSR1, &action, NULL);
    int a = bound(RING, 1, 0), b = bound(RING, 2, 0);
    EXPECT(4, fill(a, 4000, 0, 2));
    struct sending sending = { .fd = a, .len = 4000 };
    in_send(&sending);
    close(b);
    b = bound(RING, 2, 0);
    EXPECT(5, send_to(a, "hello", 5, DONTWAIT, 0, 2));
    EXPECT(5, recv_from(b, into, sizeof into, DONTWAIT, NULL));
    usleep(30000);
    CHECK(!sending.done);
    pthread_kill(sending.thread, SIGUSR1); /* then it looks again, and finds the new one */
    pthread_join(sending.thread, NULL);
    CHECK(sending.sent == 4000);
    EXPECT(3, fill(a, 4000, 0, 2));
    struct sending second = { .fd = a, .len = 4000 };
    in_send(&second);
    pthread_kill(second.thread, SIGUSR1);
    pthread_join(second.thread, NULL);
    CHECK(second.sent == -EINTR);
}

/* ---- other domains */

static void echo(void)
{
    struct argo_addr from;
    touch_bytes();
    int fd = bound(RING, 15100, 0);
    say("bound");
    for (;;) {
        long len = recv_from(fd, into, sizeof into, 0, &from);
        CHECK(len >= 0);
        EXPECT(len, send_to(fd, into, (size_t)len, 0, from.domain, from.port));
        if (len == 3 && memcmp(into, "end", 3) == 0)
            return;
    }
}

static void between_domains(void)
{
    struct argo_addr from;
    struct peer peer = start(5, echo);
    touch_bytes();
    hear(&peer, "bound");
    int a = bound(RING, 5100, 5);
    for (size_t len = 1; len < 16272; len += 97) {
        EXPECT((long)len, send_to(a, bytes, len, DONTWAIT, 5, 15100));
        CHECK(becomes(a, POLLIN));
        EXPECT((long)len, recv_from(a, into, sizeof into, DONTWAIT, &from));
        CHECK(memcmp(bytes, into, len) == 0 && from.domain == 5 && from.port == 15100);
    }
    EXPECT(3, send_to(a, "end", 3, DONTWAIT, 5, 15100));
    CHECK(becomes(a, POLLIN));
    CHECK(end(&peer, 0) == 0);
    EXPECT(3, recv_from(a, into, sizeof into, DONTWAIT, NULL));
    EXPECT(-ECONNREFUSED, send_to(a, "x", 1, DONTWAIT, 5, 15100));
}

static void killed_process_loses_its_rings(void)
{
    touch_bytes();
    int a = bound(RING, 5100, 0);
    make_domain(5);
    close(a);
    a = bound(RING, 5100, 5);
    for (int i = 0; i < 2; i++) {
        struct peer peer = start(5, echo);
        hear(&peer, "bound");
        EXPECT(4, send_to(a, "live", 4, DONTWAIT, 5, 15100)); /* the second time with no action */
        CHECK(becomes(a, POLLIN));
        EXPECT(4, recv_from(a, into, sizeof into, DONTWAIT, NULL));
        end(&peer, SIGKILL);
        EXPECT(-ECONNREFUSED, send_to(a, "live", 4, DONTWAIT, 5, 15100));
    }
}

static void deaf(void)
{
    int fd = bound(RING, 15100, 0);
    EXPECT(4, send_to(fd, "last", 4, DONTWAIT, 0, 5100));
    say("bound");
    await("end");
    close(fd);
}

static void a_domain_is_destroyed_in_stages(void)
{
    touch_bytes();
    make_domain(5);
    int a = bound(RING, 5100, 5), again = device("argo_dgram");
    struct peer peer = start(5, deaf);
    hear(&peer, "bound");
    fill(a, 4000, 5, 15100);
    make_file("domain-5.dying", "");
    EXPECT(-ECONNREFUSED, send_to(a, "x", 1, DONTWAIT, 5, 15100));
    destroy_domain(5, "");
    EXPECT(-ECONNREFUSED, send_to(a, "x", 1, DONTWAIT, 5, 15100));
    end(&peer, SIGKILL);
    destroy_domain(5, ".dying");
    EXPECT(-ESRCH, send_to(a, "x", 1, DONTWAIT, 5, 15100));
    CHECK(ready(a) == (POLLIN | POLLOUT)); /* what was received is ours */
    EXPECT(4, recv_from(a, into, 10, DONTWAIT, NULL));
    EXPECT(-EADDRINUSE, bind_to(again, 5100, 5));
    EXPECT(-ESRCH, bind_to(again, 5101, 5));
}

static void to_dom0(void)
{
    int fd = bound(RING, 15100, 0);
    say("bound");
    await("send");
    long sent = send_to(fd, "hello", 5, DONTWAIT, 0, 5100);
    say(sent == 5 ? "sent" : sent == -ECONNREFUSED ? "refused" : "else");
    await("end");
}

static void a_ring_does_not_live_again_with_its_domains_number(void)
{
    make_domain(5);
    int a = bound(RING, 5100, 5);
    destroy_domain(5, "");
    struct peer peer = start(5, to_dom0);
    hear(&peer, "bound");
    EXPECT(1, send_to(a, "x", 1, DONTWAIT, 5, 15100)); /* a sender needs no live ring */
    tell(&peer, "send");
    hear(&peer, "refused");
    tell(&peer, "end");
    CHECK(end(&peer, 0) == 0);
}

static void a_wildcard_takes_from_all_after_the_exact_one(void)
{
    struct argo_addr from;
    int any = bound(RING, 5100, ARGO_ANY), a = bound(RING, 1, 0);
    EXPECT(1, send_to(a, "x", 1, DONTWAIT, 0, 5100));
    EXPECT(1, recv_from(any, into, 10, DONTWAIT, NULL));
    for (int domain = 5; domain < 7; domain++) {
        struct peer peer = start(domain, to_dom0);
        hear(&peer, "bound");
        tell(&peer, "send");
        hear(&peer, "sent");
        EXPECT(5, recv_from(any, into, 10, DONTWAIT, &from));
        CHECK(from.domain == domain);
        tell(&peer, "end");
        end(&peer, 0);
        destroy_domain(domain, "");
    }
    int exact = bound(RING, 5100, 0);
    EXPECT(2, send_to(a, "xy", 2, DONTWAIT, 0, 5100));
    EXPECT(2, recv_from(exact, into, 10, DONTWAIT, NULL));
    EXPECT(-EAGAIN, recv_from(any, into, 10, DONTWAIT, NULL));
}

/* ---- switches */

static void absent(void)
{
    EXPECT(-ENOSYS, bind_to(device("argo_dgram"), 1, 0));
}

static void off(void)
{
    EXPECT(-EOPNOTSUPP, bind_to(device("argo_dgram"), 1, 0));
}

static void denied(void)
{
    EXPECT(-EACCES, open("/dev/argo_dgram", O_RDWR));
}

static void no_devices(void)
{
    EXPECT(-ENOENT, open("/dev/argo_dgram", O_RDWR));
    EXPECT(-ENOENT, openat(AT_FDCWD, "/dev/v4v_dgram", O_RDWR));
}

static void firewall(void)
{
    int a = bound(RING, 5100, 0), b = bound(RING, 2, 0);
    EXPECT(-EPERM, send_to(a, "x", 1, DONTWAIT, 0, 2));
    make_file("firewall", "7:1 0:2\n0:5100 *:2\n");
    EXPECT(1, send_to(a, "x", 1, DONTWAIT, 0, 2));
    EXPECT(-EPERM, send_to(b, "x", 1, DONTWAIT, 0, 5100));
    make_file("firewall", "*:* *:*\n");
    EXPECT(1, send_to(b, "x", 1, DONTWAIT, 0, 5100));
}

static void faults(void)
{
    int a = bound(RING, 1, 0);
    EXPECT(1, send_to(a, "x", 1, DONTWAIT, 0, 1));
    EXPECT(-EFAULT, send_to(a, "x", 1, DONTWAIT, 0, 1));
    EXPECT(-EINTR, send_to(a, "x", 1, DONTWAIT, 0, 1));
    EXPECT(1, send_to(a, "x", 1, DONTWAIT, 0, 1));
    EXPECT(1, recv_from(a, into, 10, DONTWAIT, NULL));
    EXPECT(1, recv_from(a, into, 10, DONTWAIT, NULL));
    EXPECT(-EINTR, recv_from(a, into, 10, DONTWAIT, NULL));
}

static void few_rings(void)
{
    bound(RING, 1, 0);
    bound(RING, 2, 0);
    EXPECT(-ENOSPC, bind_to(device("argo_dgram"), 3, 0));
}

static void v4v(void)
{
    struct v4v_addr to = { 2, 0 }, peer;
    struct v4v_ring_id id;
    uint32_t ring = 16320;
    touch_bytes();
    int argo = bound(RING, 2, 0), a = device("v4v_dgram"), b = device("v4v_dgram"), type;
    EXPECT(0, ioctl(a, DEV_SETRINGSIZE, &ring));
    EXPECT(0, ioctl(b, DEV_SETRINGSIZE, &ring));
    EXPECT(0, bind_to(a, 1, V4V_ANY));
    EXPECT(-ENOTCONN, send_to(a, "x", 1, DONTWAIT, 0, 2)); /* the other one is Argo's */
    EXPECT(-ENOTCONN, send_to(a, "x", 1, DONTWAIT, 9, 2));
    EXPECT(0, bind_to(b, 2, 0));
    EXPECT(0, ioctl(b, DEV_GETSOCKNAME, &id));
    CHECK(id.domain == V4V_ANY && id.partner == 0 && id.port == 2);
    EXPECT(16288, send_to(a, bytes, 16288, DONTWAIT, 0, 2));
    EXPECT(16288, recv_from(b, into, sizeof into, DONTWAIT, NULL));
    EXPECT(-EINVAL, send_to(a, bytes, 16289, DONTWAIT, 0, 2));
    EXPECT(-ENOBUFS, send_to(a, bytes, 16305, DONTWAIT, 0, 2));
    EXPECT(-ENOTTY, ioctl(a, ARGO_CONNECT, &to));
    EXPECT(0, ioctl(a, V4V_CONNECT, &to));
    EXPECT(0, ioctl(a, V4V_GETPEERNAME, &peer));
    CHECK(peer.port == 2 && peer.domain == 0);
    EXPECT(0, ioctl(a, V4V_GETSOCKTYPE, &type));
    EXPECT(5, write(a, "hello", 5));
    EXPECT(5, read(b, into, 10));
    EXPECT(-EAGAIN, recv_from(argo, into, 10, DONTWAIT, NULL));
    ring = 32;
    EXPECT(0, ioctl(device("v4v_dgram"), DEV_SETRINGSIZE, &ring));
}

static void nothing_is_left_open(void)
{
    int before = dup(0);
    for (int i = 0; i < 50; i++) {
        int fd = bound(RING, 1, 0), epoll = epoll_create1(EPOLL_CLOEXEC);
        struct epoll_event in = { .events = EPOLLIN };
        send_to(fd, "x", 1, DONTWAIT, 0, 1);
        close(fd);
        fd = device("argo_dgram");
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &in);
        close(fd);
        close(epoll);
    }
    CHECK(dup(0) == before + 1);
}

#define TEST(name) { #name, "", name }
#define WITH(traps, name) { #name, traps, name }
const struct test dgram_tests[] = {
    TEST(datagrams_come_whole_in_order_and_with_their_source),
    TEST(to_itself),
    TEST(capacity_is_counted_as_xen_does),
    TEST(the_largest_datagram),
    TEST(ring_sizes),
    TEST(overtaking),
    TEST(truncation_is_silent),
    TEST(zero_length),
    TEST(ready_to_write_always_to_read_when_there_is_something),
    TEST(epoll_before_bind_never_fires),
    TEST(epoll_edges),
    TEST(no_wakeup_when_a_full_ring_drains),
    TEST(nonblock_at_open_is_lost),
    TEST(errors_of_bind),
    TEST(a_129th_ring),
    TEST(names),
    TEST(errors_of_send),
    TEST(connected_drops_foreign_sources),
    TEST(binding_twice_leaves_a_black_hole),
    TEST(recv_before_bind_aborts),
    TEST(buffers_of_send_must_be_resident),
    TEST(an_unwritable_buffer_wipes_the_ring),
    TEST(one_datagram_frees_one_reader),
    TEST(close_does_not_wake_who_waits_in_recv),
    TEST(a_blocking_send_waits_for_enough_room),
    TEST(a_blocking_send_sleeps_on_when_the_ring_is_gone),
    TEST(between_domains),
    TEST(killed_process_loses_its_rings),
    TEST(a_domain_is_destroyed_in_stages),
    TEST(a_ring_does_not_live_again_with_its_domains_number),
    WITH("mac-permissive", a_wildcard_takes_from_all_after_the_exact_one),
    WITH("absent", absent),
    WITH("off", off),
    WITH("denied", denied),
    WITH("no-argo,no-v4v", no_devices),
    WITH("firewall", firewall),
    WITH("efault=2,eintr=3", faults),
    WITH("rings=2", few_rings),
    TEST(v4v),
    TEST(nothing_is_left_open),
    { 0 },
};
