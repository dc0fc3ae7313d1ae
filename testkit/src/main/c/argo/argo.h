/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of the emulated devices. Functions with an int result return -errno where they fail,
 * unless they stand in front of a function of the C library.
 */
#ifndef QMPKIT_ARGO_H
#define QMPKIT_ARGO_H

#include "abi.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* One ring of a host. Its bytes are in the host's file, at a place of its own. */
struct ring {
    uint64_t serial; /* never used twice; 0: this place is free */
    uint64_t owner_born, partner_born;
    uint32_t port, len;
    uint32_t rx, tx; /* equal: empty */
    _Atomic uint32_t drained; /* counts; who waits for room waits on it */
    uint16_t owner, partner;
    bool v4v, stream, leaked;
};

/* Who a message is from or for. */
struct place {
    uint32_t port;
    uint16_t domain;
};

enum kind { DGRAM, STREAM };

/* The header of a message in a ring, 16 bytes as in both real ones. */
struct message {
    uint32_t len, port;
    uint16_t domain, kind;
    uint32_t id; /* of a stream's connection */
};

struct traps {
    bool absent, off, mac_permissive, firewall, denied, no_argo, no_v4v;
    unsigned long efault, eintr, rings;
};

enum state { IDLE, BOUND, LISTENING, CONNECTING, CONNECTED, ACCEPTED, DISCONNECTED };

/* One open of a device. What is in it changes under host_lock(). */
struct endpoint {
    int refs; /* under the table's lock */
    pid_t pid;
    bool v4v, stream;
    enum state state;
    uint32_t ring_len;
    int slot; /* of its ring, while state is not IDLE */
    uint64_t serial;
    uint32_t port;
    uint16_t partner;
    struct place peer;
    int early; /* the description that this epoll was given before BIND; -1: none */
    int early_epoll;
    struct stream *conn;
};

/* host.c: the folder that stands for a host, and the rings in it */
extern struct traps traps;
extern uint16_t own_domain;
bool host_given(void);
int host_open(void);
void host_lock(void);
void host_unlock(void);
int domain_state(uint16_t domain, bool v4v, uint64_t *born);
bool firewall_accepts(struct place from, struct place to);
int bell_make(uint64_t serial);
int bell_dial(uint64_t serial);
uint64_t new_serial(void);
struct ring *ring_at(int slot);
int ring_find(bool v4v, uint16_t owner, uint32_t port, uint16_t partner);
int ring_to(bool v4v, struct place to, uint16_t from);
int ring_add(struct ring ring, int *bell);
void ring_check(int slot, uint64_t serial);

/* ring.c: the bytes of a ring, under host_lock() */
bool ring_empty(const struct ring *ring);
int ring_insert(int slot, struct message header, const void *buf, const void *head);
int ring_peek(int slot, struct message *header);
int ring_copy(int slot, const struct message *header, uint32_t from, void *buf, uint32_t len);
void ring_drop(int slot, const struct message *header);
void ring_wipe(int slot);
bool resident(const void *buf, size_t len);
void wait_for_change(_Atomic uint32_t *word, uint32_t seen);
void wake_all(_Atomic uint32_t *word);

/* dgram.c: what the requests do; those that are the same for streams too */
int device_setringsize(struct endpoint *ep, const uint32_t *size);
int device_bind(struct endpoint *ep, struct argo_ring_id id);
int dgram_connect(struct endpoint *ep, const struct place *to);
ssize_t dgram_send(struct endpoint *ep, int fd, const void *buf, size_t len, int flags,
                   const struct place *to);
ssize_t dgram_recv(struct endpoint *ep, int fd, void *buf, size_t len, int flags,
                   struct place *from);

/* devices.c: the descriptors */
bool is_at(int fd, const struct endpoint *ep);
bool nonblocking(int fd);
int replace(struct endpoint *ep, int with);
int idle_descriptor(void);
int sys(long result);

#endif
