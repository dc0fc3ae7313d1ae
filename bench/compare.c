/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compare.c - the interleaved run. Every target keeps one connection for the
 * whole run; each round visits all of them, in a new order, so that noise on the
 * machine (other work, clock changes, a neighbour's load) falls on all alike.
 */
#include "bench.h"

#include <stdlib.h>

static const char *const commands[KINDS] = {"ping", "string", "schema"};

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

static void measure(struct target *target, enum kind kind, int count, int round)
{
    static struct cpu_sample *before, *after;
    if (!before) {
        before = cpu_sample_new();
        after = cpu_sample_new();
    }
    struct series *series = &target->series[kind];
    double *us = series->us + series->count;
    if (target->pid)
        cpu_read(target->pid, before);
    for (int n = 0; n < count; n++)
        us[n] = client_round_trip(&target->client, commands[kind], answer_bytes(kind));
    if (target->pid) {
        cpu_read(target->pid, after);
        series->round_cpu[round] = cpu_spent_us(before, after) / count;
    }
    series->count += (size_t)count;
    sort(us, (size_t)count);
    series->round_p50[round] = percentile(us, (size_t)count, 50);
}

void shuffle(int *order, int count)
{
    for (int n = count - 1; n > 0; n--) {
        int other = rand() % (n + 1);
        int kept = order[n];
        order[n] = order[other];
        order[other] = kept;
    }
}

/* As much for socat as for a JVM that compiles its hot paths meanwhile: nobody gets a head start. */
static void prepare(struct target *target, const struct plan *plan)
{
    client_open(&target->client, target->name, target->path);
    for (enum kind kind = PING; kind < KINDS; kind++) {
        series_init(&target->series[kind], plan->rounds, kind == PING ? plan->pings : plan->bigs);
        int count = kind == PING ? plan->warm_pings : plan->warm_bigs;
        for (int n = 0; n < count; n++)
            client_round_trip(&target->client, commands[kind], answer_bytes(kind));
    }
}

void compare(struct target *targets, int count, const struct plan *plan)
{
    int *order = allocate((size_t)count, sizeof *order);
    for (int n = 0; n < count; n++) {
        order[n] = n;
        prepare(&targets[n], plan);
    }
    for (int round = 0; round < plan->rounds; round++) {
        shuffle(order, count);
        for (int n = 0; n < count; n++)
            for (enum kind kind = PING; kind < KINDS; kind++)
                measure(&targets[order[n]], kind, kind == PING ? plan->pings : plan->bigs, round);
    }
    for (int n = 0; n < count; n++)
        for (enum kind kind = PING; kind < KINDS; kind++)
            sort(targets[n].series[kind].us, targets[n].series[kind].count);
    free(order);
}

void compare_end(struct target *targets, int count)
{
    for (int n = 0; n < count; n++) {
        for (enum kind kind = PING; kind < KINDS; kind++) {
            free(targets[n].series[kind].us);
            free(targets[n].series[kind].round_p50);
            free(targets[n].series[kind].round_cpu);
        }
        client_close(&targets[n].client);
    }
}
