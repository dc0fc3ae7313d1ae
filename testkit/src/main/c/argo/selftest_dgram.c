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
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
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
    static const int counts[][2] = { { 16272, 1 }, { 8000, 2 }, { 4000, 4 }, { 1000, 15 },
                                     { 16, 509 } };
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

#define TEST(name) { #name, "", name }
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
    { 0 },
};
