/* SPDX-License-Identifier: Apache-2.0
 *
 * The datagram devices: who waits, other domains, the switches, V4V.
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

/* ---- who waits */

static _Atomic pid_t waiting;

static void *receiver(void *fd)
{
    char one[16] = { 0 };
    waiting = gettid();
    return (void *)recv_from((int)(intptr_t)fd, one, sizeof one, 0, NULL);
}

static pthread_t in_recv(int fd)
{
    pthread_t thread;
    waiting = 0;
    CHECK(pthread_create(&thread, NULL, receiver, (void *)(intptr_t)fd) == 0);
    await_in(&waiting, SYS_recvfrom);
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
    EXPECT(5, send_to(a, "hello", 5, DONTWAIT, 0, 1));
    EXPECT(6, send_to(a, "hello2", 6, DONTWAIT, 0, 1));
    CHECK(joined(first) + joined(second) == 11);
}

static void close_does_not_wake_who_waits_in_recv(void)
{
    int a = bound(RING, 1, 0), b = bound(RING, 2, 0);
    pthread_t stuck = in_recv(a);
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
    atomic_bool done;
};

static void *sender(void *arg)
{
    struct sending *sending = arg;
    waiting = gettid();
    sending->sent = send_to(sending->fd, bytes, sending->len, 0, 0, 2);
    sending->done = true;
    return NULL;
}

static void in_send(struct sending *sending)
{
    waiting = 0;
    CHECK(pthread_create(&sending->thread, NULL, sender, sending) == 0);
    await_in(&waiting, SYS_futex);
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

static void flood(void)
{
    touch_bytes();
    int fd = bound(RING, 15100, 0);
    say("bound");
    for (uint32_t number = 0;; number++) {
        memcpy(bytes, &number, sizeof number);
        while (send_to(fd, bytes, 4 + number % 3000, DONTWAIT, 0, 5100) < 0)
            usleep(100);
    }
}

static void killed_at_any_moment(void)
{
    make_domain(5);
    for (int round = 0; round < 30; round++) {
        int a = bound(RING, 5100, 5);
        struct peer peer = start(5, flood);
        uint32_t number, next = 0;
        hear(&peer, "bound");
        for (int i = 0; i < round * 5; i++) {
            CHECK(becomes(a, POLLIN));
            long got = recv_from(a, into, sizeof into, DONTWAIT, NULL);
            memcpy(&number, into, sizeof number);
            /* It may have been seen ready before the message counts. */
            CHECK(got == -EAGAIN || (number == next && got == 4 + next % 3000));
            next += got != -EAGAIN;
        }
        end(&peer, SIGKILL);
        while (recv_from(a, into, sizeof into, DONTWAIT, NULL) >= 0)
            CHECK(memcmp(into, &next, sizeof next) == 0 && next++ < 1000000);
        EXPECT(-ECONNREFUSED, send_to(a, "x", 1, DONTWAIT, 5, 15100));
        CHECK(ready(a) == POLLOUT);
        close(a);
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
const struct test peer_tests[] = {
    TEST(one_datagram_frees_one_reader),
    TEST(close_does_not_wake_who_waits_in_recv),
    TEST(a_blocking_send_waits_for_enough_room),
    TEST(a_blocking_send_sleeps_on_when_the_ring_is_gone),
    TEST(between_domains),
    TEST(killed_process_loses_its_rings),
    TEST(killed_at_any_moment),
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
