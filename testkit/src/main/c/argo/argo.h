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

/* Who a message is from or for. */
struct place {
    uint32_t port;
    uint16_t domain;
};

/* One end of a stream: who connects has one from then on, who is accepted another. */
struct side {
    uint64_t serial; /* and its bell's; 0: this place is free */
    uint64_t ring_serial, driver; /* its ring's, its process' */
    int ring, other; /* places; of the other end once accepted, else of the ring it connects to */
    uint64_t other_serial;
    pid_t pid, other_pid;
    struct place peer;
    uint64_t peer_born;
    uint32_t id;
    _Atomic uint32_t state; /* of enum state */
    int error, waits_on; /* waits_on: the ring that a blocked sender waits for, or -1 */
    int queued; /* messages taken out of the ring, 3 at most */
    uint32_t lens[3], read; /* read: of the first */
};

/* One ring of a host. Its bytes are in the host's file, at a place of its own. */
struct ring {
    uint64_t serial; /* never used twice; 0: this place is free */
    uint64_t owner_born, partner_born;
    uint32_t port, len;
    uint32_t rx, tx; /* equal: empty */
    _Atomic uint32_t drained; /* counts; who waits for room waits on it */
    uint16_t owner, partner;
    bool v4v, stream, leaked, closed; /* closed: its listener has been */
    uint64_t door; /* rung when a connection waits; 0: nobody listens */
    int waiting;   /* connections, 3 at most */
    struct { int side; uint64_t serial; } wait[3];
    pid_t pid;
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
    unsigned long efault, eintr, rings, deaf;
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
    /* An epoll that was given a description of before keeps it; -1: none. */
    int early, early_epoll;
    unsigned replaced, early_replaced;
    /* Of streams: what keeps the ring; the end, and its bell until it is the descriptor; what the
       descriptor is connected to while connecting. -1: none */
    int keeps, side, side_bell, hold;
    uint64_t side_serial;
    int error;
};

/* host.c: the folder that stands for a host, and the rings in it */
extern struct traps traps;
extern uint16_t own_domain;
bool host_given(void);
int host_open(const char *name);
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
int ring_copy(int slot, uint32_t from, void *buf, uint32_t len);
void ring_drop(int slot, const struct message *header);
void ring_wipe(int slot);
bool resident(const void *buf, size_t len);
struct timespec;
int wait_for_change(_Atomic uint32_t *word, uint32_t seen, const struct timespec *within);
void wake_all(_Atomic uint32_t *word);

/* sides.c: what a kernel does with the streams of a host, under host_lock() */
struct side *side_at(int side);
bool side_lives(int side, uint64_t serial);
int side_add(struct side side, int *bell);
void side_free(int side);
void side_end(int side, int error);
void side_ring(const struct side *side);
void side_service(int side);
int side_reset(int side, bool v4v);
int side_read(int side, char *buf, size_t len);
int ring_message(int slot, struct message header, uint32_t flags, const void *buf);
void ring_pump(int slot);
void ring_refuse(int slot);
void door_ring(uint64_t door);
int door_make(uint64_t door);
void bell_ring(uint64_t serial);
enum { FLAG_DATA = 0, FLAG_SYN = 1, FLAG_RST = 4 };

/* driver.c: the thread that completes connects and notices who was killed */
uint64_t driver_start(void);
void driver_wake(uint64_t driver);
void driver_visit(void (*visit)(struct endpoint *ep));

/* stream.c: what the requests do on stream devices */
int stream_connect(struct endpoint *ep, int fd, const struct place *to);
int stream_listen(struct endpoint *ep);
int stream_accept(struct endpoint *ep, int fd, struct place *from);
int stream_error(struct endpoint *ep);
ssize_t stream_send(struct endpoint *ep, int fd, const void *buf, size_t len, int flags,
                    const struct place *to);
ssize_t stream_recv(struct endpoint *ep, int fd, void *buf, size_t len, int flags,
                    struct place *from);
void stream_close(struct endpoint *ep);
void stream_service(struct endpoint *ep);

/* dgram.c: what the requests do; those that are the same for streams too */
int device_setringsize(struct endpoint *ep, const uint32_t *size);
int device_bind(struct endpoint *ep, struct argo_ring_id id);
int dgram_connect(struct endpoint *ep, const struct place *to);
int xen_route(const struct endpoint *ep, struct place to);
ssize_t dgram_send(struct endpoint *ep, int fd, const void *buf, size_t len, int flags,
                   const struct place *to);
ssize_t dgram_recv(struct endpoint *ep, int fd, void *buf, size_t len, int flags,
                   struct place *from);

/* table.c: the descriptors */
bool is_own(int fd);
struct endpoint *endpoint_set(int fd, struct endpoint *ep);
bool is_at(int fd, const struct endpoint *ep);
bool nonblocking(int fd);
int replace(struct endpoint *ep, int with);
int device_new(const struct endpoint *like, int fd);
struct endpoint *endpoint_at(int fd);
void endpoint_put(struct endpoint *ep);
int idle_descriptor(void);
int sys(long result);

#endif
