/* SPDX-License-Identifier: Apache-2.0 */
/*
 * busy.c - many connections at once, each with one small command under way: as
 * soon as a reply is there, its client sends the next one. One thread plays all
 * clients. Targets take turns, as in compare.c.
 */
#include "bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS 64
#define WARM_MS 2000

struct lane {
    struct client client;
    size_t held;
    uint64_t answered; /* in all rounds */
    char line[2 * PING_REPLY];
};

struct crowd { /* all connections of one target */
    struct lane *lanes;
    int epoll;
};

static struct crowd crowd_open(const struct target *target, int connections)
{
    struct crowd crowd = {allocate((size_t)connections, sizeof(struct lane)), epoll_create1(EPOLL_CLOEXEC)};
    for (int n = 0; n < connections; n++) {
        char path[512];
        lane_path(path, sizeof path, target->path, n + 1);
        client_open(&crowd.lanes[n].client, target->name, path);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &crowd.lanes[n]};
        if (epoll_ctl(crowd.epoll, EPOLL_CTL_ADD, crowd.lanes[n].client.fd, &event) < 0)
            die("%s: cannot watch a socket: %s", target->name, strerror(errno));
    }
    return crowd;
}

/* One read; true when the reply is whole. */
static bool receive(struct lane *lane)
{
    ssize_t got = read(lane->client.fd, lane->line + lane->held, sizeof lane->line - lane->held);
    if (got < 0 && errno == EINTR)
        return false;
    if (got <= 0)
        die("%s: a busy connection ended: %s", lane->client.name, got < 0 ? strerror(errno) : "closed, or a long line");
    lane->held += (size_t)got;
    if (lane->line[lane->held - 1] != '\n')
        return false;
    if (!client_check(&lane->client, lane->line, lane->held, PING_REPLY))
        die("%s: a busy connection got no return of its own: %.*s", lane->client.name, (int)lane->held, lane->line);
    lane->held = 0;
    return true;
}

/* Keeps all connections busy for a while; how many replies a second came in that time. */
static double visit(const struct crowd *crowd, int connections, int ms, bool count)
{
    uint64_t answered = 0;
    int waiting = connections;
    for (int n = 0; n < connections; n++)
        client_send(&crowd->lanes[n].client, "ping");
    double start = now_us(), end = start + ms * 1e3;
    while (waiting > 0) {
        struct epoll_event ready[EVENTS];
        int events = epoll_wait(crowd->epoll, ready, EVENTS, DEADLINE_S * 1000);
        if (events == 0)
            die("%s: %d of %d busy connections got no reply within %d s", crowd->lanes->client.name, waiting,
                connections, DEADLINE_S);
        bool over = now_us() >= end;
        for (int n = 0; n < events; n++) {
            struct lane *lane = ready[n].data.ptr;
            if (!receive(lane))
                continue;
            if (over) {
                waiting--;
                continue;
            }
            answered++;
            lane->answered += count;
            client_send(&lane->client, "ping");
        }
    }
    return (double)answered / (ms / 1e3);
}

/* A target that serves a few and lets the others wait must not look fast. */
static double least_share(const struct crowd *crowd, int connections)
{
    uint64_t sum = 0, least = UINT64_MAX;
    for (int n = 0; n < connections; n++) {
        uint64_t answered = crowd->lanes[n].answered;
        sum += answered;
        least = answered < least ? answered : least;
    }
    return sum ? (double)least * connections / (double)sum : 0;
}

static void crowd_close(struct crowd *crowd, int connections)
{
    for (int n = 0; n < connections; n++)
        client_close(&crowd->lanes[n].client);
    close(crowd->epoll);
    free(crowd->lanes);
}

struct load *busy(const struct target *targets, int count, int connections, int rounds, int visit_ms)
{
    struct cpu_sample *before = cpu_sample_new(), *after = cpu_sample_new();
    struct load *loads = allocate((size_t)count, sizeof *loads);
    struct crowd *crowds = allocate((size_t)count, sizeof *crowds);
    int *order = allocate((size_t)count, sizeof *order);
    for (int n = 0; n < count; n++) {
        order[n] = n;
        loads[n].rate = allocate((size_t)rounds, sizeof(double));
        loads[n].cpu = allocate((size_t)rounds, sizeof(double));
        crowds[n] = crowd_open(&targets[n], connections);
        visit(&crowds[n], connections, WARM_MS < 4 * visit_ms ? WARM_MS : 4 * visit_ms, false);
    }
    for (int round = 0; round < rounds; round++) {
        shuffle(order, count);
        for (int n = 0; n < count; n++) {
            int t = order[n];
            if (targets[t].pid)
                cpu_read(targets[t].pid, before);
            double rate = loads[t].rate[round] = visit(&crowds[t], connections, visit_ms, true);
            if (targets[t].pid) {
                cpu_read(targets[t].pid, after);
                loads[t].cpu[round] = cpu_spent_us(before, after) / (rate * visit_ms / 1e3 + connections);
            }
        }
    }
    for (int n = 0; n < count; n++) {
        loads[n].least = least_share(&crowds[n], connections);
        crowd_close(&crowds[n], connections);
    }
    free(crowds);
    free(order);
    free(before);
    free(after);
    return loads;
}

void busy_end(struct load *loads, int count)
{
    for (int n = 0; n < count; n++) {
        free(loads[n].rate);
        free(loads[n].cpu);
    }
    free(loads);
}
