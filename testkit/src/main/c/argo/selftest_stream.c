/* SPDX-License-Identifier: Apache-2.0
 *
 * The stream devices: each test is a behaviour, or a trap, of the real ones.
 */
#define _GNU_SOURCE
#include "selftest.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RING = 16304, PORT = 7, DONTWAIT = 0x40, NOSIGNAL = 0x4000, WAITALL = 0x100 };

static char into[1 << 20];

static void touch_bytes(void)
{
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7 + i / 251);
}

static int stream(uint32_t port, uint16_t partner)
{
    int fd = device("argo_stream");
    uint32_t ring = RING;
    EXPECT(0, ioctl(fd, DEV_SETRINGSIZE, &ring));
    EXPECT(0, bind_to(fd, port, partner));
    return fd;
}

static int listener(uint16_t partner)
{
    int fd = stream(PORT, partner);
    EXPECT(0, ioctl(fd, DEV_LISTEN, 0));
    EXPECT(0, fcntl(fd, F_SETFL, O_NONBLOCK));
    return fd;
}

static long connect_to(int fd, uint16_t domain)
{
    struct argo_addr to = { PORT, domain, 0 };
    return result_of(ioctl(fd, ARGO_CONNECT, &to));
}

static int connecting(uint16_t domain)
{
    int fd = stream(0, domain);
    EXPECT(0, fcntl(fd, F_SETFL, O_NONBLOCK));
    EXPECT(-EINPROGRESS, connect_to(fd, domain));
    return fd;
}

static int accepted(int on)
{
    struct argo_addr from;
    CHECK(becomes(on, POLLIN));
    int fd = ioctl(on, ARGO_ACCEPT, &from);
    CHECK(fd >= 0);
    return fd;
}

static long send_on(int fd, const void *buf, size_t len, int flags)
{
    struct argo_dev dev = { (void *)buf, len, flags, NULL };
    return result_of(ioctl(fd, DEV_SEND, &dev));
}

static int connect_error(int fd)
{
    int error = 1;
    EXPECT(0, ioctl(fd, DEV_GETCONNECTERR, &error));
    return error;
}

static void connect_accept_talk_close(void)
{
    struct argo_addr from;
    struct argo_ring_id id;
    touch_bytes();
    int on = listener(0);
    CHECK(ready(on) == 0);
    EXPECT(-EAGAIN, ioctl(on, ARGO_ACCEPT, &from));
    int a = connecting(0);
    CHECK(ready(a) == 0);
    int b = accepted(on);
    CHECK(becomes(a, POLLOUT) && connect_error(a) == 0);
    EXPECT(FD_CLOEXEC, fcntl(b, F_GETFD));
    EXPECT(0, fcntl(b, F_GETFL) & O_NONBLOCK);
    EXPECT(0, ioctl(b, DEV_GETSOCKNAME, &id));
    CHECK(id.port == PORT);
    EXPECT(0, ioctl(a, DEV_GETSOCKNAME, &id));
    EXPECT(0, ioctl(b, ARGO_GETPEERNAME, &from));
    CHECK(from.port == id.port && from.domain == 0);
    EXPECT(0, connect_to(a, 0));
    CHECK(ready(a) == POLLOUT && ready(b) == POLLOUT);
    EXPECT(5, write(a, "hello", 5));
    CHECK(ready(b) == (POLLIN | POLLOUT));
    EXPECT(2, read(b, into, 2));
    EXPECT(3, read(b, into + 2, 100));
    CHECK(memcmp(into, "hello", 5) == 0 && ready(b) == POLLOUT);
    EXPECT(1000, write(b, bytes, 1000));
    EXPECT(1000, write(b, bytes + 1000, 1000));
    EXPECT(2000, recv_from(a, into, 2000, WAITALL, NULL));
    CHECK(memcmp(into, bytes, 2000) == 0);
    EXPECT(-EAGAIN, read(a, into, 1));
    close(a);
    CHECK(ready(b) == (POLLIN | POLLOUT));
    EXPECT(0, read(b, into, 10));
    EXPECT(0, read(b, into, 10));
    EXPECT(-EPIPE, send_on(b, "x", 1, NOSIGNAL));
}

static void what_was_not_read_is_lost_at_the_end(void)
{
    int on = listener(0), a = connecting(0), b = accepted(on);
    CHECK(becomes(a, POLLOUT));
    touch_bytes();
    EXPECT(100, write(b, bytes, 100));
    CHECK(ready(a) & POLLIN);
    close(b);
    CHECK(ready(a) == (POLLIN | POLLOUT));
    EXPECT(0, read(a, into, 10));
}

static void lumps(void)
{
    touch_bytes();
    int on = listener(0), a = connecting(0), b = accepted(on);
    CHECK(becomes(a, POLLOUT));
    EXPECT(16264, send_on(a, bytes, 16264, DONTWAIT));
    EXPECT(-EMSGSIZE, send_on(a, bytes, 16265, DONTWAIT));
    EXPECT(-EMSGSIZE, send_on(a, bytes, 40000, 0));
    EXPECT(16264, read(b, into, sizeof into));
    CHECK(memcmp(into, bytes, 16264) == 0);
    close(a);
    close(b);
    close(on);
    on = device("argo_stream"); /* with rings of the default size */
    EXPECT(0, bind_to(on, PORT, 0));
    EXPECT(0, ioctl(on, DEV_LISTEN, 0));
    a = device("argo_stream");
    EXPECT(0, fcntl(a, F_SETFL, O_NONBLOCK));
    EXPECT(-EINPROGRESS, connect_to(a, 0)); /* binds */
    b = accepted(on);
    CHECK(becomes(a, POLLOUT));
    EXPECT(32748, write(a, bytes, 32749));
    EXPECT(32748, read(b, into, sizeof into));
}

static void errors_of_streams(void)
{
    struct argo_addr from;
    signal(SIGPIPE, SIG_IGN);
    int fd = device("argo_stream");
    EXPECT(-EINVAL, read(fd, into, 1));
    EXPECT(-EINVAL, write(fd, "x", 1));
    EXPECT(-EINVAL, ioctl(fd, DEV_LISTEN, 0));
    EXPECT(-EFAULT, ioctl(fd, ARGO_CONNECT, NULL));
    EXPECT(0, bind_to(fd, 1, 0));
    CHECK(ready(fd) == 0);
    EXPECT(-ENOTCONN, write(fd, "x", 1));
    EXPECT(-EINVAL, ioctl(fd, ARGO_ACCEPT, &from));
    EXPECT(-ECONNREFUSED, connect_to(fd, 0)); /* nobody there: at once, and bound as before */
    EXPECT(-ESRCH, connect_to(fd, 9));
    int on = listener(0);
    EXPECT(0, fcntl(fd, F_SETFL, O_NONBLOCK));
    EXPECT(-EINPROGRESS, connect_to(fd, 0));
    EXPECT(-EINPROGRESS, connect_to(fd, 0));
    int b = accepted(on);
    CHECK(becomes(fd, POLLOUT));
    EXPECT(-EISCONN, send_to(fd, "x", 1, DONTWAIT, 0, PORT));
    EXPECT(-EINVAL, recv_from(fd, into, 1, 2, NULL));
    close(b);
    EXPECT(-EPIPE, write(fd, "x", 1));
}

static void a_listener_that_closes_refuses(void)
{
    int on = listener(0), a = connecting(0);
    CHECK(becomes(on, POLLIN));
    close(on);
    CHECK(becomes(a, POLLIN | POLLOUT));
    CHECK(ready(a) == (POLLIN | POLLOUT));
    CHECK(connect_error(a) == -ECONNREFUSED && connect_error(a) == 0);
    EXPECT(-EINVAL, connect_to(a, 0));
}

static void a_connect_is_withdrawn_by_close(void)
{
    struct argo_addr from;
    int on = listener(0), a = connecting(0);
    CHECK(becomes(on, POLLIN));
    close(a);
    EXPECT(-EAGAIN, ioctl(on, ARGO_ACCEPT, &from));
    CHECK(ready(on) == 0);
}

static void a_blocking_connect_gives_up_after_five_seconds(void)
{
    int on = listener(0), a = stream(0, 0);
    EXPECT(-ECONNREFUSED, connect_to(a, 0));
    CHECK(connect_error(a) == -ETIMEDOUT && connect_error(a) == 0);
    int b = accepted(on); /* as if nothing had been */
    EXPECT(5, write(b, "hello", 5));
    EXPECT(0, read(a, into, 5));
}

static void *connector(void *fd)
{
    return (void *)connect_to((int)(intptr_t)fd, 0);
}

static void a_blocking_connect(void)
{
    pthread_t thread;
    void *result;
    int on = listener(0), a = stream(0, 0);
    CHECK(pthread_create(&thread, NULL, connector, (void *)(intptr_t)a) == 0);
    int b = accepted(on);
    CHECK(pthread_join(thread, &result) == 0 && (long)result == 0);
    EXPECT(5, write(b, "hello", 5));
    EXPECT(5, read(a, into, 10));
}

static int waited(int epoll, int timeout)
{
    struct epoll_event event;
    int count = epoll_wait(epoll, &event, 1, timeout);
    return count == 1 ? (int)event.events : count;
}

static void epoll_while_connecting_hears_of_the_connect_only(void)
{
    int on = listener(0), a = connecting(0), epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event both = { .events = EPOLLIN | EPOLLOUT }, in = { .events = EPOLLIN };
    EXPECT(0, epoll_ctl(epoll, EPOLL_CTL_ADD, a, &both));
    CHECK(waited(epoll, 0) == 0);
    int b = accepted(on);
    CHECK(waited(epoll, 20000) == EPOLLOUT);
    CHECK(becomes(a, POLLOUT));
    EXPECT(0, epoll_ctl(epoll, EPOLL_CTL_MOD, a, &in));
    EXPECT(5, write(b, "hello", 5));
    CHECK(becomes(a, POLLIN));
    CHECK(waited(epoll, 20) == 0);
    EXPECT(0, epoll_ctl(epoll, EPOLL_CTL_DEL, a, NULL));
    EXPECT(0, epoll_ctl(epoll, EPOLL_CTL_ADD, a, &in));
    CHECK(waited(epoll, 20000) == EPOLLIN);
}

static void children_share_the_listeners_ring(void)
{
    touch_bytes();
    int on = listener(0), a = connecting(0), b = accepted(on), c = connecting(0), d = accepted(on);
    CHECK(becomes(a, POLLOUT) && becomes(c, POLLOUT));
    int sent = 0;
    while (send_on(a, bytes, 4000, DONTWAIT) == 4000)
        sent++;
    CHECK(sent == 3 + 4); /* three are taken out for the reader */
    EXPECT(5, write(c, "hello", 5)); /* there is room for that, but behind the others */
    CHECK(ready(d) == POLLOUT);
    for (int i = 0; i < 4; i++)
        EXPECT(4000, read(b, into, 4000));
    CHECK(ready(d) == (POLLIN | POLLOUT));
    EXPECT(5, read(d, into, 10));
    close(on); /* children live on, and the port is theirs */
    EXPECT(-EADDRINUSE, bind_to(device("argo_stream"), PORT, 0));
    EXPECT(5, write(c, "again", 5));
    EXPECT(5, read(d, into, 10));
    close(b);
    close(d);
    EXPECT(0, bind_to(device("argo_stream"), PORT, 0));
}

struct call {
    int fd;
    long result;
    _Atomic pid_t thread;
    atomic_bool done;
};

static void *in_send(void *arg)
{
    struct call *call = arg;
    call->thread = gettid();
    while ((call->result = send_on(call->fd, bytes, 16000, NOSIGNAL)) > 0)
        ;
    call->done = true;
    return NULL;
}

static void *in_recv(void *arg)
{
    struct call *call = arg;
    call->thread = gettid();
    call->result = recv_from(call->fd, into, 10, 0, NULL);
    call->done = true;
    return NULL;
}

static void who_sleeps_when_the_other_end_closes(void)
{
    pthread_t sender, receiver;
    touch_bytes();
    int on = listener(0), a = connecting(0), b = accepted(on), c = connecting(0), d = accepted(on);
    CHECK(becomes(a, POLLOUT) && becomes(c, POLLOUT));
    close(on);
    struct call send = { .fd = b }, receive = { .fd = d };
    pthread_create(&sender, NULL, in_send, &send);
    pthread_create(&receiver, NULL, in_recv, &receive);
    await_in(&receive.thread, SYS_recvfrom);
    await_in(&send.thread, SYS_futex);
    CHECK(!send.done && !receive.done);
    close(a);
    close(c);
    pthread_join(sender, NULL);
    pthread_join(receiver, NULL);
    EXPECT(-EAGAIN, send.result);
    EXPECT(-EPIPE, send_on(b, "x", 1, NOSIGNAL));
    EXPECT(-EPIPE, receive.result);
    EXPECT(0, read(d, into, 1));
}

static void dgram_port_swallows_a_syn(void)
{
    int a = bound(RING, PORT, 0), b = stream(0, 0);
    fcntl(b, F_SETFL, O_NONBLOCK);
    EXPECT(-EINPROGRESS, connect_to(b, 0));
    CHECK(ready(a) == (POLLIN | POLLOUT));
    EXPECT(-EAGAIN, recv_from(a, into, 10, DONTWAIT, NULL));
    CHECK(ready(a) == POLLOUT && ready(b) == 0);
}

static void server(void)
{
    int on = listener(0);
    say("listens");
    int fd = accepted(on);
    say("accepted");
    for (long len; (len = read(fd, into, sizeof into)) > 0;)
        EXPECT(len, write(fd, into, (size_t)len));
}

/* Does not accept. */
static void unwilling(void)
{
    listener(0);
    say("listens");
    pause();
}

static void between_domains_and_processes(void)
{
    touch_bytes();
    struct peer peer = start(5, server);
    hear(&peer, "listens");
    int a = connecting(5);
    hear(&peer, "accepted");
    CHECK(becomes(a, POLLOUT));
    fcntl(a, F_SETFL, 0);
    for (size_t len = 1; len < 16264; len += 173) {
        EXPECT((long)len, write(a, bytes, len));
        EXPECT((long)len, recv_from(a, into, len, WAITALL, NULL));
        CHECK(memcmp(bytes, into, len) == 0);
    }
    close(a);
    CHECK(end(&peer, 0) == 0);
}

static void a_killed_process_resets_its_streams(void)
{
    struct peer peer = start(5, server);
    hear(&peer, "listens");
    int a = connecting(5);
    hear(&peer, "accepted");
    CHECK(becomes(a, POLLOUT));
    CHECK(ready(a) == POLLOUT);
    end(&peer, SIGKILL);
    CHECK(becomes(a, POLLIN | POLLOUT));
    EXPECT(0, read(a, into, 10));
    peer = start(6, unwilling);
    hear(&peer, "listens");
    a = connecting(6);
    end(&peer, SIGKILL);
    CHECK(becomes(a, POLLIN | POLLOUT));
    CHECK(connect_error(a) == -ECONNREFUSED);
}

static void a_destroyed_domain_tells_nothing(void)
{
    struct peer peer = start(5, server);
    hear(&peer, "listens");
    int a = connecting(5);
    hear(&peer, "accepted");
    CHECK(becomes(a, POLLOUT));
    destroy_domain(5, "");
    end(&peer, SIGKILL);
    usleep(100000);
    CHECK(ready(a) == POLLOUT);
    EXPECT(-EAGAIN, read(a, into, 10));
    EXPECT(-ESRCH, write(a, "x", 1));
}

static void v4v_streams(void)
{
    struct v4v_addr to = { PORT, 0 }, from;
    touch_bytes();
    int on = device("v4v_stream"), a = device("v4v_stream");
    EXPECT(0, bind_to(on, PORT, 0));
    EXPECT(-ENOTCONN, ioctl(a, V4V_CONNECT, &(struct v4v_addr){ 99, 0 }));
    EXPECT(0, ioctl(on, DEV_LISTEN, 0));
    EXPECT(0, fcntl(a, F_SETFL, O_NONBLOCK));
    EXPECT(-EINPROGRESS, ioctl(a, V4V_CONNECT, &to));
    CHECK(becomes(on, POLLIN));
    EXPECT(-ENOTTY, ioctl(on, ARGO_ACCEPT, &from));
    int b = ioctl(on, V4V_ACCEPT, &from);
    CHECK(b >= 0 && becomes(a, POLLOUT));
    EXPECT(32752, write(a, bytes, 40000));
    EXPECT(32752, read(b, into, sizeof into));
}

static void nothing_of_streams_is_left_open(void)
{
    int before = 0;
    for (int i = 0; i < 20; i++) {
        int on = listener(0), a = connecting(0), b = accepted(on);
        CHECK(becomes(a, POLLOUT));
        close(a);
        close(on);
        close(b);
        on = listener(0);
        a = connecting(0);
        close(on);
        CHECK(becomes(a, POLLIN | POLLOUT));
        close(a);
        int now = dup(0); /* the driver may have some at this moment */
        close(now);
        if (i == 0)
            before = now;
        CHECK(now <= before + 3);
    }
}

#define TEST(name) { #name, "", name }
const struct test stream_tests[] = {
    TEST(connect_accept_talk_close),
    TEST(what_was_not_read_is_lost_at_the_end),
    TEST(lumps),
    TEST(errors_of_streams),
    TEST(a_listener_that_closes_refuses),
    TEST(a_connect_is_withdrawn_by_close),
    TEST(a_blocking_connect),
    TEST(a_blocking_connect_gives_up_after_five_seconds),
    TEST(epoll_while_connecting_hears_of_the_connect_only),
    TEST(children_share_the_listeners_ring),
    TEST(who_sleeps_when_the_other_end_closes),
    TEST(dgram_port_swallows_a_syn),
    TEST(between_domains_and_processes),
    TEST(a_killed_process_resets_its_streams),
    TEST(a_destroyed_domain_tells_nothing),
    TEST(v4v_streams),
    TEST(nothing_of_streams_is_left_open),
    { 0 },
};
