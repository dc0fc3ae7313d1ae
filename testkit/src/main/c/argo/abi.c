/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints what the C compiler makes of abi.h, as lines of a name and a value.
 */
#include "abi.h"
#include <stddef.h>
#include <stdio.h>

#define REQUEST(name, value) printf("%s 0x%08lx\n", name, (unsigned long)(value))
#define NUMBER(name, value) printf("%s %ld\n", name, (long)(value))
#define OFFSETS2(name, type, a, b) \
    do { \
        NUMBER(name ".size", sizeof(type)); \
        NUMBER(name "." #a, offsetof(type, a)); \
        NUMBER(name "." #b, offsetof(type, b)); \
    } while (0)
#define OFFSETS3(name, type, a, b, c) \
    do { \
        OFFSETS2(name, type, a, b); \
        NUMBER(name "." #c, offsetof(type, c)); \
    } while (0)

static void dev(void)
{
    for (int v4v = 0; v4v < 2; v4v++) {
        const char *name = v4v ? "v4v" : "argo";
        printf("%s.dev.size %zu\n", name, sizeof(struct argo_dev));
        printf("%s.dev.buf %zu\n", name, offsetof(struct argo_dev, buf));
        printf("%s.dev.len %zu\n", name, offsetof(struct argo_dev, len));
        printf("%s.dev.flags %zu\n", name, offsetof(struct argo_dev, flags));
        printf("%s.dev.addr %zu\n", name, offsetof(struct argo_dev, addr));
        printf("%s.SETRINGSIZE 0x%08lx\n", name, (unsigned long)DEV_SETRINGSIZE);
        printf("%s.BIND 0x%08lx\n", name, (unsigned long)DEV_BIND);
        printf("%s.GETSOCKNAME 0x%08lx\n", name, (unsigned long)DEV_GETSOCKNAME);
        printf("%s.GETCONNECTERR 0x%08lx\n", name, (unsigned long)DEV_GETCONNECTERR);
        printf("%s.LISTEN 0x%08lx\n", name, (unsigned long)DEV_LISTEN);
        printf("%s.SEND 0x%08lx\n", name, (unsigned long)DEV_SEND);
        printf("%s.RECV 0x%08lx\n", name, (unsigned long)DEV_RECV);
    }
}

int main(void)
{
    dev();
    REQUEST("argo.GETPEERNAME", ARGO_GETPEERNAME);
    REQUEST("argo.CONNECT", ARGO_CONNECT);
    REQUEST("argo.ACCEPT", ARGO_ACCEPT);
    REQUEST("argo.GETSOCKTYPE", ARGO_GETSOCKTYPE);
    REQUEST("argo.VIPTABLES_ADD", ARGO_VIPTABLES_ADD);
    REQUEST("argo.VIPTABLES_DEL", ARGO_VIPTABLES_DEL);
    REQUEST("argo.VIPTABLES_LIST", ARGO_VIPTABLES_LIST);
    REQUEST("v4v.GETPEERNAME", V4V_GETPEERNAME);
    REQUEST("v4v.CONNECT", V4V_CONNECT);
    REQUEST("v4v.ACCEPT", V4V_ACCEPT);
    REQUEST("v4v.GETSOCKTYPE", V4V_GETSOCKTYPE);
    REQUEST("v4v.VIPTABLES_ADD", V4V_VIPTABLES_ADD);
    REQUEST("v4v.VIPTABLES_DEL", V4V_VIPTABLES_DEL);
    REQUEST("v4v.VIPTABLES_LIST", V4V_VIPTABLES_LIST);
    OFFSETS3("argo.addr", struct argo_addr, port, domain, pad);
    OFFSETS2("v4v.addr", struct v4v_addr, port, domain);
    OFFSETS3("argo.ring_id", struct argo_ring_id, domain, partner, port);
    OFFSETS3("v4v.ring_id", struct v4v_ring_id, domain, partner, port);
    OFFSETS3("argo.rule", struct argo_rule, src, dst, accept);
    OFFSETS3("v4v.rule", struct v4v_rule, src, dst, accept);
    OFFSETS2("argo.rule_pos", struct argo_rule_pos, rule, position);
    OFFSETS2("v4v.rule_pos", struct v4v_rule_pos, rule, position);
    OFFSETS2("argo.rule_list", struct argo_rule_list, rules, count);
    OFFSETS2("v4v.rule_list", struct v4v_rule_list, rules, count);
    NUMBER("argo.any", ARGO_ANY);
    NUMBER("v4v.any", V4V_ANY);
    NUMBER("argo.default_ring", ARGO_DEFAULT_RING);
    NUMBER("v4v.default_ring", V4V_DEFAULT_RING);
    NUMBER("argo.min_ring", ARGO_MIN_RING);
    NUMBER("v4v.min_ring", V4V_MIN_RING);
    return 0;
}
