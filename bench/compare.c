/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compare.c - the interleaved run. Every target keeps one connection for the
 * whole run; each round visits all of them, in a new order, so that noise on the
 * machine (other work, clock changes, a neighbour's load) falls on all alike.
 */
#include "bench.h"

#include <stdlib.h>
#include <time.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void sort(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
}

double percentile(const double *sorted, size_t count, double percent)
{
    return sorted[(size_t)((double)(count - 1) * percent / 100 + 0.5)];
}

static void series_init(struct series *series, int rounds, int per_round)
{
    series->us = allocate((size_t)rounds * (size_t)per_round, sizeof(double));
    series->round_p50 = allocate((size_t)rounds, sizeof(double));
    series->round_cpu = allocate((size_t)rounds, sizeof(double));
}

static void measure(struct target *target, struct series *series, const char *command, size_t expected, int count,
                    int round)
{
    static struct cpu_sample *before, *after;
    if (!before) {
        before = cpu_sample_new();
        after = cpu_sample_new();
    }
    double *us = series->us + series->count;
    if (target->pid)
        cpu_read(target->pid, before);
    for (int n = 0; n < count; n++)
        us[n] = client_round_trip(&target->client, command, expected);
    if (target->pid) {
        cpu_read(target->pid, after);
        series->round_cpu[round] = cpu_spent_us(before, after) / count;
    }
    series->count += (size_t)count;
    sort(us, (size_t)count);
    series->round_p50[round] = percentile(us, (size_t)count, 50);
}

static void shuffle(int *order, int count)
{
    for (int n = count - 1; n > 0; n--) {
        int other = rand() % (n + 1);
        int kept = order[n];
        order[n] = order[other];
        order[other] = kept;
    }
}

/* As much for socat as for a JVM that compiles its hot paths meanwhile: nobody gets a head start. */
static void prepare(struct target *target, const char *path, const struct plan *plan)
{
    series_init(&target->ping, plan->rounds, plan->pings);
    series_init(&target->big, plan->rounds, plan->bigs);
    client_open(&target->client, target->name, path);
    for (int n = 0; n < plan->warm_pings; n++)
        client_round_trip(&target->client, "ping", PING_REPLY);
    for (int n = 0; n < plan->warm_bigs; n++)
        client_round_trip(&target->client, "big", BIG_REPLY);
}

void compare(struct target *targets, int count, const char *const *paths, const struct plan *plan)
{
    int *order = allocate((size_t)count, sizeof *order);
    srand((unsigned)time(NULL));
    for (int n = 0; n < count; n++) {
        order[n] = n;
        prepare(&targets[n], paths[n], plan);
    }
    for (int round = 0; round < plan->rounds; round++) {
        shuffle(order, count);
        for (int n = 0; n < count; n++) {
            struct target *target = &targets[order[n]];
            measure(target, &target->ping, "ping", PING_REPLY, plan->pings, round);
            measure(target, &target->big, "big", BIG_REPLY, plan->bigs, round);
        }
    }
    for (int n = 0; n < count; n++) {
        sort(targets[n].ping.us, targets[n].ping.count);
        sort(targets[n].big.us, targets[n].big.count);
    }
    free(order);
}
