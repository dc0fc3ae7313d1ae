/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.c - tables and ratios, as plain text or as markdown. One row printer
 * serves both: columns are padded either way.
 */
#include "bench.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define IDLE_GOAL_ROUTES 1000
#define IDLE_GOAL_MIB 70

enum measure { RTT, BIG, CPU };
enum goal { NONE, AT_MOST, AT_LEAST };

static const struct ratio {
    const char *label;
    const char *over, *under;
    enum measure measure;
    enum goal goal;
    double limit;
} ratios[] = {
    {"relay/socat RTT p50", "relay", "socat", RTT, AT_MOST, 0.85},
    {"relay/direct RTT p50", "relay", "direct", RTT, NONE, 0},
    {"relay/socat CPU per RTT", "relay", "socat", CPU, NONE, 0},
    {"socat/relay 200 KB p50", "socat", "relay", BIG, AT_LEAST, 3},
    {"shared/relay RTT p50", "shared", "relay", RTT, AT_MOST, 1.4},
    {"shared/relay 200 KB p50", "shared", "relay", BIG, NONE, 0},
    {"socat/direct RTT p50", "socat", "direct", RTT, NONE, 0},
};

struct table {
    bool markdown;
    int columns;
    const int *width; /* the first column is flush left, the others flush right */
};

static void row(const struct table *table, char cells[][48])
{
    for (int n = 0; n < table->columns; n++) {
        int width = n == 0 ? -table->width[n] : table->width[n];
        if (table->markdown)
            printf("| %*s ", width, cells[n]);
        else
            printf("%s%*s", n ? "  " : "", width, cells[n]);
    }
    printf(table->markdown ? "|\n" : "\n");
}

static void rule(const struct table *table)
{
    static const char dashes[] = "------------------------------------------------";
    for (int n = 0; n < table->columns; n++) {
        int width = table->width[n];
        if (table->markdown)
            printf("|%s%.*s%s", n ? "-" : ":", width, dashes, n ? ":" : "-");
        else
            printf("%s%.*s", n ? "  " : "", width, dashes);
    }
    printf(table->markdown ? "|\n" : "\n");
}

static void __attribute__((format(printf, 2, 3))) cell(char *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, 48, format, arguments);
    va_end(arguments);
}

static const struct target *find(const struct target *targets, int count, const char *name)
{
    for (int n = 0; n < count; n++)
        if (strcmp(targets[n].name, name) == 0)
            return &targets[n];
    return NULL;
}

static double p50(const struct series *series)
{
    return percentile(series->us, series->count, 50);
}

static double mean(const double *values, int count)
{
    double sum = 0;
    for (int n = 0; n < count; n++)
        sum += values[n];
    return sum / count;
}

static void target_row(const struct table *table, const struct target *target, const struct target *direct, int rounds)
{
    char cells[8][48];
    cell(cells[0], "%s", target->name);
    cell(cells[1], "%.1f", p50(&target->ping));
    cell(cells[2], "%.0f", percentile(target->ping.us, target->ping.count, 99));
    cell(cells[3], "-");
    cell(cells[4], "-");
    cell(cells[5], "%.1f", p50(&target->big));
    cell(cells[6], "%.2f", BIG_REPLY / p50(&target->big) / 1e3);
    cell(cells[7], "-");
    if (direct && target != direct)
        cell(cells[3], "%.1f", p50(&target->ping) - p50(&direct->ping));
    if (target->pid) {
        cell(cells[4], "%.1f", mean(target->ping.round_cpu, rounds));
        cell(cells[7], "%.1f", mean(target->big.round_cpu, rounds));
    }
    row(table, cells);
}

static void absolute(const struct target *targets, int count, int rounds, bool markdown)
{
    int width[] = {6, 10, 10, 8, 9, 13, 5, 11};
    struct table table = {markdown, 8, width};
    char head[8][48] = {"target",        "RTT p50 us",    "RTT p99 us", "added us",
                        "CPU us/rt", "200 KB p50 us", "GB/s",       "CPU us/200K"};
    for (int n = 0; n < count; n++)
        if ((int)strlen(targets[n].name) > width[0])
            width[0] = (int)strlen(targets[n].name);
    row(&table, head);
    rule(&table);
    for (int n = 0; n < count; n++)
        target_row(&table, &targets[n], find(targets, count, "direct"), rounds);
}

static double overall(const struct target *target, enum measure measure, int rounds)
{
    switch (measure) {
    case RTT: return p50(&target->ping);
    case BIG: return p50(&target->big);
    case CPU: return mean(target->ping.round_cpu, rounds);
    }
    return NAN;
}

static double in_round(const struct target *target, enum measure measure, int round)
{
    switch (measure) {
    case RTT: return target->ping.round_p50[round];
    case BIG: return target->big.round_p50[round];
    case CPU: return target->ping.round_cpu[round];
    }
    return NAN;
}

static bool met(const struct ratio *ratio, double value)
{
    return ratio->goal == NONE || (ratio->goal == AT_MOST ? value <= ratio->limit : value >= ratio->limit);
}

/* The quartiles over the rounds show how far to trust a ratio: each pairs two visits close in time. */
static bool ratio_row(const struct table *table, const struct ratio *ratio, const struct target *over,
                      const struct target *under, int rounds)
{
    char cells[5][48];
    double *by_round = allocate((size_t)rounds, sizeof *by_round);
    for (int n = 0; n < rounds; n++)
        by_round[n] = in_round(over, ratio->measure, n) / in_round(under, ratio->measure, n);
    sort(by_round, (size_t)rounds);
    double value = overall(over, ratio->measure, rounds) / overall(under, ratio->measure, rounds);
    cell(cells[0], "%s", ratio->label);
    cell(cells[1], "%.2f", value);
    cell(cells[2], "%.2f to %.2f", percentile(by_round, (size_t)rounds, 25), percentile(by_round, (size_t)rounds, 75));
    cell(cells[3], "-");
    cell(cells[4], "-");
    if (ratio->goal != NONE) {
        cell(cells[3], "%s %.2f", ratio->goal == AT_MOST ? "<=" : ">=", ratio->limit);
        cell(cells[4], "%s", met(ratio, value) ? "met" : "NOT MET");
    }
    row(table, cells);
    return met(ratio, value);
}

static int relative(const struct target *targets, int count, int rounds, bool markdown)
{
    static const int width[] = {24, 6, 16, 8, 8};
    struct table table = {markdown, 5, width};
    char head[5][48] = {"ratio", "value", "rounds, 25-75 %", "goal", "verdict"};
    int missed = 0;
    row(&table, head);
    rule(&table);
    for (size_t n = 0; n < sizeof ratios / sizeof *ratios; n++) {
        const struct target *over = find(targets, count, ratios[n].over);
        const struct target *under = find(targets, count, ratios[n].under);
        if (over && under && !ratio_row(&table, &ratios[n], over, under, rounds))
            missed++;
    }
    return missed;
}

int report_compare(const struct target *targets, int count, const struct plan *plan, bool markdown)
{
    printf("%d rounds of %d pings (%d byte reply) and %d big replies (%d bytes); before that %d and %d to warm up.\n\n",
           plan->rounds, plan->pings, PING_REPLY, plan->bigs, BIG_REPLY, plan->warm_pings, plan->warm_bigs);
    absolute(targets, count, plan->rounds, markdown);
    if (count < 2)
        return 0;
    printf("\n");
    return relative(targets, count, plan->rounds, markdown);
}

int report_idle(const struct idle *idle, int routes, bool markdown)
{
    static const int width[] = {11, 9, 8, 8, 13, 12, 8};
    struct table table = {markdown, 7, width};
    char head[7][48] = {"idle routes", "processes", "RSS MiB", "PSS MiB", "idle CPU ms/s", "RSS goal", "verdict"};
    char cells[7][48];
    bool judged = routes == IDLE_GOAL_ROUTES;
    bool good = idle->memory.rss_mib <= IDLE_GOAL_MIB;
    cell(cells[0], "%d", routes);
    cell(cells[1], "%d", idle->memory.processes);
    cell(cells[2], "%.1f", idle->memory.rss_mib);
    cell(cells[3], "%.1f", idle->memory.pss_mib);
    cell(cells[4], "%.2f", idle->cpu_ms_per_s);
    cell(cells[5], judged ? "<= %d MiB" : "at %d only", judged ? IDLE_GOAL_MIB : IDLE_GOAL_ROUTES);
    cell(cells[6], "%s", !judged ? "-" : good ? "met" : "NOT MET");
    row(&table, head);
    rule(&table);
    row(&table, cells);
    return judged && !good;
}
