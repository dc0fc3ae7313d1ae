/* SPDX-License-Identifier: Apache-2.0
 *
 * selftest --list      the names of the tests
 * selftest [NAME]      runs one, or all; the devices' library is in LD_PRELOAD, or linked in
 */
#define _GNU_SOURCE
#include "selftest.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
char bytes[1 << 20];
static char v4v_node;

int main(int argc, char **argv);

void check(bool holds, const char *what, const char *file, int line)
{
    if (!holds) {
        fprintf(stderr, "%s:%d: not so: %s (errno %d)\n", file, line, what, errno);
        exit(1);
    }
}

long result_of(long result)
{
    return result == -1 ? -errno : result;
}

long expect(long expected, long is, const char *what, const char *file, int line)
{
    if (is != expected) {
        fprintf(stderr, "%s:%d: %s is %ld (%s), not %ld\n", file, line, what, is,
                is < 0 ? strerror((int)-is) : "", expected);
        exit(1);
    }
    return is;
}

int device(const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/dev/%s", name);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0);
    v4v_node = strncmp(name, "v4v", 3) == 0;
    return fd;
}

int bind_to(int fd, uint32_t port, uint16_t partner)
{
    struct argo_ring_id id = { ARGO_ANY, partner, port };
    struct v4v_ring_id v4v_id = { port, V4V_ANY, partner };
    return ioctl(fd, DEV_BIND, v4v_node ? (void *)&v4v_id : (void *)&id);
}

int bound(uint32_t ring, uint32_t port, uint16_t partner)
{
    int fd = device("argo_dgram");
    EXPECT(0, ioctl(fd, DEV_SETRINGSIZE, &ring));
    EXPECT(0, bind_to(fd, port, partner));
    return fd;
}

long send_to(int fd, const void *buf, size_t len, int flags, uint16_t domain, uint32_t port)
{
    struct argo_addr to = { port, domain, 0 };
    struct argo_dev dev = { (void *)buf, len, flags, &to };
    return result_of(ioctl(fd, DEV_SEND, &dev));
}

long recv_from(int fd, void *buf, size_t len, int flags, struct argo_addr *from)
{
    struct argo_dev dev = { buf, len, flags, from };
    return result_of(ioctl(fd, DEV_RECV, &dev));
}

int ready(int fd)
{
    struct pollfd one = { fd, POLLIN | POLLOUT, 0 };
    CHECK(poll(&one, 1, 0) >= 0);
    return one.revents;
}

bool becomes(int fd, int events)
{
    for (int i = 0; i < 20000 && (ready(fd) & events) != events; i++)
        usleep(1000);
    return (ready(fd) & events) == events;
}

/* Waits until a thread is in a system call, of which nothing but the devices takes it out. */
void await_in(_Atomic pid_t *thread, long number)
{
    char at[64];
    long is = -1;
    for (int i = 0; i < 20000 && is != number; i++) {
        usleep(1000);
        snprintf(at, sizeof at, "/proc/self/task/%d/syscall", *thread);
        FILE *file = *thread ? fopen(at, "re") : NULL;
        if (!file || fscanf(file, "%ld", &is) != 1)
            is = -1;
        if (file)
            fclose(file);
    }
    CHECK(is == number);
}

int fill(int fd, size_t len, uint16_t domain, uint32_t port)
{
    int count = 0;
    long sent;
    while ((sent = send_to(fd, bytes, len, 0x40, domain, port)) == (long)len)
        count++;
    EXPECT(-EAGAIN, sent);
    return count;
}

/* ---- domains */

static void host_file(char *at, const char *name)
{
    snprintf(at, 4096, "%s/%s", getenv("ARGO_HOST"), name);
}

void make_file(const char *name, const char *content)
{
    char at[4096];
    host_file(at, name);
    FILE *file = fopen(at, "we");
    CHECK(file);
    fputs(content, file);
    fclose(file);
}

void make_domain(int domain)
{
    char name[64];
    snprintf(name, sizeof name, "domain-%d", domain);
    make_file(name, "");
}

void destroy_domain(int domain, const char *suffix)
{
    char name[64], at[4096];
    snprintf(name, sizeof name, "domain-%d%s", domain, suffix);
    host_file(at, name);
    CHECK(unlink(at) == 0);
}

/* ---- other processes */

struct peer start(int domain, void (*role)(void))
{
    struct peer peer;
    int in[2], out[2];
    char domid[32], offset[32], own[32];
    snprintf(domid, sizeof domid, "%d", domain);
    snprintf(own, sizeof own, "%s", getenv("ARGO_DOMID"));
    /* The same program has it in the same place. */
    snprintf(offset, sizeof offset, "%ld", (long)((intptr_t)role - (intptr_t)main));
    CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    setenv("ARGO_DOMID", domid, 1);
    char *args[] = { "selftest", "--role", offset, NULL };
    CHECK(posix_spawn(&peer.pid, "/proc/self/exe", &actions, NULL, args, environ) == 0);
    setenv("ARGO_DOMID", own, 1);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    peer.in = in[1];
    peer.out = out[0];
    return peer;
}

static void say_to(int fd, const char *word)
{
    CHECK(write(fd, word, strlen(word)) > 0 && write(fd, "\n", 1) == 1);
}

static void await_on(int fd, const char *word)
{
    char line[64] = "";
    for (size_t len = 0; len < sizeof line - 1 && read(fd, line + len, 1) == 1; len++)
        if (line[len] == '\n') {
            line[len] = 0;
            break;
        }
    if (strcmp(line, word) != 0)
        fprintf(stderr, "awaited %s, not '%s'\n", word, line);
    CHECK(strcmp(line, word) == 0);
}

void tell(struct peer *peer, const char *word)
{
    say_to(peer->in, word);
}

void hear(struct peer *peer, const char *word)
{
    await_on(peer->out, word);
}

void say(const char *word)
{
    say_to(1, word);
}

void await(const char *word)
{
    await_on(0, word);
}

/* What became of it, as wait(2) says. */
int end(struct peer *peer, int number)
{
    int status;
    if (number)
        kill(peer->pid, number);
    close(peer->in);
    CHECK(waitpid(peer->pid, &status, 0) == peer->pid);
    close(peer->out);
    return status;
}

/* ---- running */

static int run(const struct test *test)
{
    char host[] = "/tmp/argo-host-XXXXXX", command[64];
    int status;
    pid_t child;
    CHECK(mkdtemp(host));
    setenv("ARGO_HOST", host, 1);
    setenv("ARGO_DOMID", "0", 1);
    setenv("ARGO_TRAPS", test->traps, 1);
    char *args[] = { "selftest", "--run", (char *)test->name, NULL };
    CHECK(posix_spawn(&child, "/proc/self/exe", NULL, NULL, args, environ) == 0);
    unsetenv("ARGO_HOST");
    CHECK(waitpid(child, &status, 0) == child);
    snprintf(command, sizeof command, "rm -rf %s", host);
    CHECK(system(command) == 0);
    printf("%s %s\n", status == 0 ? "ok" : "FAILED", test->name);
    fflush(stdout);
    return status != 0;
}

int main(int argc, char **argv)
{
    const struct test *all[] = { dgram_tests, peer_tests, stream_tests };
    const char *name = argc > 2 ? argv[2] : argc > 1 ? argv[1] : NULL;
    int failed = 0, found = 0;
    alarm(60);
    if (argc > 2 && strcmp(argv[1], "--role") == 0) {
        CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
        ((void (*)(void))((intptr_t)main + atol(argv[2])))();
        return 0;
    }
    for (int i = 0; i < 3; i++)
        for (const struct test *test = all[i]; test->name; test++) {
            if (name && strcmp(name, "--list") == 0) {
                puts(test->name);
                found++;
            } else if (!name || strcmp(name, test->name) == 0) {
                found++;
                if (argc > 2)
                    test->run();
                else
                    failed += run(test);
            }
        }
    return failed != 0 || found == 0;
}
