/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idle.c - what a helper with many idle routes costs: one client on every route,
 * negotiated, one ping done, then silence.
 */
#include "bench.h"

#include <poll.h>
#include <stdio.h>
#include <time.h>

struct route {
    char name[24];
    struct client client;
};

static void pause_for(double seconds)
{
    struct timespec left = {.tv_sec = (time_t)seconds};
    left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
    while (nanosleep(&left, &left) != 0)
        continue;
}

static struct route *open_routes(int routes, const char *directory)
{
    struct route *route = allocate((size_t)routes, sizeof *route);
    for (int n = 0; n < routes; n++) {
        char path[512];
        snprintf(route[n].name, sizeof route[n].name, "route %d", n + 1);
        snprintf(path, sizeof path, "%s/%d.sock", directory, n + 1);
        client_open(&route[n].client, route[n].name, path);
        client_round_trip(&route[n].client, "ping", PING_REPLY);
    }
    return route;
}

/* A helper that has dropped its clients must not win by it. */
static void check_alive(const struct route *route, int routes)
{
    for (int n = 0; n < routes; n++) {
        struct pollfd fd = {.fd = route[n].client.fd, .events = POLLIN};
        if (poll(&fd, 1, 0) != 0)
            die("%s: closed, or sent something, while it should have been idle", route[n].name);
    }
}

struct idle idle_measure(int pid, int routes, const char *directory, double settle_s)
{
    struct cpu_sample *before = cpu_sample_new(), *after = cpu_sample_new();
    struct route *route = open_routes(routes, directory);
    pause_for(settle_s);
    struct idle idle = {.memory = memory_read(pid)};
    double start = now_us();
    cpu_read(pid, before);
    pause_for(settle_s);
    cpu_read(pid, after);
    idle.cpu_ms_per_s = cpu_spent_us(before, after) / 1e3 / ((now_us() - start) / 1e6);
    check_alive(route, routes);
    return idle;
}
