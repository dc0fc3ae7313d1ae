/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idle.c - what a process with many idle connections costs: every client has
 * negotiated, done one ping, and gone quiet.
 */
#include "bench.h"

#include <poll.h>
#include <stdlib.h>
#include <time.h>

static void pause_for(double seconds)
{
    struct timespec left = {.tv_sec = (time_t)seconds};
    left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
    while (nanosleep(&left, &left) != 0)
        continue;
}

static struct client *open_all(const struct target *target, int connections)
{
    struct client *clients = allocate((size_t)connections, sizeof *clients);
    for (int n = 0; n < connections; n++) {
        char path[512];
        lane_path(path, sizeof path, target->path, n + 1);
        client_open(&clients[n], target->name, path);
        client_round_trip(&clients[n], "ping", PING_REPLY);
    }
    return clients;
}

/* Whoever has dropped its clients must not win by it. */
static void check_alive(const struct client *clients, int connections)
{
    for (int n = 0; n < connections; n++) {
        struct pollfd fd = {.fd = clients[n].fd, .events = POLLIN};
        if (poll(&fd, 1, 0) != 0)
            die("%s: connection %d: closed, or sent something, while it should have been idle", clients[n].name, n + 1);
    }
}

struct idle idle_measure(const struct target *target, int connections, double settle_s)
{
    struct cpu_sample *before = cpu_sample_new(), *after = cpu_sample_new();
    struct client *clients = open_all(target, connections);
    pause_for(settle_s);
    struct idle idle = {.memory = memory_read(target->pid)};
    double start = now_us();
    cpu_read(target->pid, before);
    pause_for(settle_s);
    cpu_read(target->pid, after);
    idle.cpu_ms_per_s = cpu_spent_us(before, after) / 1e3 / ((now_us() - start) / 1e6);
    check_alive(clients, connections);
    for (int n = 0; n < connections; n++)
        client_close(&clients[n]);
    free(clients);
    free(before);
    free(after);
    return idle;
}
