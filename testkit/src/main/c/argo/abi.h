/* SPDX-License-Identifier: Apache-2.0
 *
 * What a program and the devices of Argo and V4V say to each other: structures, requests,
 * constants. The two have different addresses, so three requests differ; and V4V's structures are
 * packed.
 */
#ifndef QMPKIT_ARGO_ABI_H
#define QMPKIT_ARGO_ABI_H

#include <stdint.h>
#include <sys/ioctl.h>

struct argo_addr {
    uint32_t port;
    uint16_t domain, pad;
};
struct argo_ring_id {
    uint16_t domain, partner;
    uint32_t port;
};
struct argo_dev {
    void *buf;
    uint64_t len;
    int32_t flags;
    void *addr;
};
struct argo_rule {
    struct argo_addr src, dst;
    uint32_t accept;
};
struct argo_rule_pos {
    struct argo_rule *rule;
    int32_t position;
};
struct argo_rule_list {
    struct argo_rule rules[8];
    uint32_t count;
};

struct v4v_addr {
    uint32_t port;
    uint16_t domain;
} __attribute__((packed));
struct v4v_ring_id {
    uint32_t port;
    uint16_t domain, partner;
} __attribute__((packed));
struct v4v_rule {
    struct v4v_addr src, dst;
    uint32_t accept;
} __attribute__((packed));
struct v4v_rule_pos {
    struct v4v_rule *rule;
    int32_t position;
};
struct v4v_rule_list {
    struct v4v_rule rules[8];
    uint32_t count;
} __attribute__((packed));

#define DEV_SETRINGSIZE _IOW('W', 1, uint32_t)
#define DEV_BIND _IOW('W', 2, struct argo_ring_id)
#define DEV_GETSOCKNAME _IOW('W', 3, struct argo_ring_id)
#define ARGO_GETPEERNAME _IOW('W', 4, struct argo_addr)
#define ARGO_CONNECT _IOW('W', 5, struct argo_addr)
#define V4V_GETPEERNAME _IOW('W', 4, struct v4v_addr)
#define V4V_CONNECT _IOW('W', 5, struct v4v_addr)
#define DEV_GETCONNECTERR _IOW('W', 6, int)
#define DEV_LISTEN _IOW('W', 7, uint32_t)
#define ARGO_ACCEPT _IOW('W', 8, struct argo_addr)
#define V4V_ACCEPT _IOW('W', 8, struct v4v_addr)
#define DEV_SEND _IOW('W', 9, struct argo_dev)
#define DEV_RECV _IOW('W', 10, struct argo_dev)
#define ARGO_GETSOCKTYPE _IOW('W', 11, int)
#define ARGO_VIPTABLES_ADD _IOW('W', 12, struct argo_rule_pos)
#define ARGO_VIPTABLES_DEL _IOW('W', 13, struct argo_rule_pos)
#define ARGO_VIPTABLES_LIST _IOW('W', 14, uint32_t)
#define V4V_VIPTABLES_ADD _IOW('W', 11, struct v4v_rule_pos)
#define V4V_VIPTABLES_DEL _IOW('W', 12, struct v4v_rule_pos)
#define V4V_VIPTABLES_LIST _IOW('W', 13, uint32_t)
#define V4V_GETSOCKTYPE _IOW('W', 14, int)

enum {
    ARGO_ANY = 0x7ff4,
    V4V_ANY = 0x7fff,
    ARGO_DEFAULT_RING = 130992,
    V4V_DEFAULT_RING = 131008,
    ARGO_MIN_RING = 48,
    V4V_MIN_RING = 32,
    ARGO_RING_HEADER = 64,
    V4V_RING_HEADER = 60,
    ARGO_LUMP = 32748,
    V4V_LUMP = 32752,
    MAX_RING = 16 << 20,
    SLOT = 16,
    TYPE_DGRAM = 1,
    TYPE_STREAM = 2,
};

#endif
