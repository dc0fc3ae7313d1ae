/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of the emulated devices share. A test runs in a process of its own, in front of
 * which the devices are preloaded; so does each of its peers, in a domain of its own.
 */
#ifndef QMPKIT_ARGO_SELFTEST_H
#define QMPKIT_ARGO_SELFTEST_H

#include "abi.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

struct test {
    const char *name, *traps;
    void (*run)(void);
};
extern const struct test dgram_tests[], peer_tests[], stream_tests[];

#define CHECK(condition) check(condition, #condition, __FILE__, __LINE__)
/* The result of a call, or the negative error number where it is -1. */
#define RESULT(call) (errno = 0, result_of(call))
#define EXPECT(expected, call) expect(expected, RESULT(call), #call, __FILE__, __LINE__)

void check(bool holds, const char *what, const char *file, int line);
long expect(long expected, long is, const char *what, const char *file, int line);
long result_of(long result);

/* A device, and requests to it. */
int device(const char *name);
int bound(uint32_t ring, uint32_t port, uint16_t partner);
int bind_to(int fd, uint32_t port, uint16_t partner);
long send_to(int fd, const void *buf, size_t len, int flags, uint16_t domain, uint32_t port);
long recv_from(int fd, void *buf, size_t len, int flags, struct argo_addr *from);
/* What poll says at once. */
int ready(int fd);
bool becomes(int fd, int events);
void await_in(_Atomic pid_t *thread, long number);
/* How many datagrams of a size fit where nobody reads. */
int fill(int fd, size_t len, uint16_t domain, uint32_t port);
extern char bytes[1 << 20];

/* Domains are files. */
void make_domain(int domain);
void destroy_domain(int domain, const char *suffix);
void make_file(const char *name, const char *content);

/* Another process, in another domain: what it says is read, what it hears is written, by lines. */
struct peer {
    pid_t pid;
    int in, out;
};
struct peer start(int domain, void (*role)(void));
void tell(struct peer *peer, const char *word);
void hear(struct peer *peer, const char *word);
void say(const char *word);
void await(const char *word);
int end(struct peer *peer, int signal);

#endif
