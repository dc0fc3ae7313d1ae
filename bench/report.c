/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.c - what the figures are set against: one table of figures a mode, and
 * one of ratios and goals.
 */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum measure { RTT, STRING_TIME, SCHEMA_TIME, CPU, STRING_CPU };

static const struct ratio {
    struct limit limit;
    const char *over, *under;
    enum measure measure;
} ratios[] = {
    {{"relay/socat RTT p50", AT_MOST, 0.8}, "relay", "socat", RTT},
    {{"shared/relay RTT p50", AT_MOST, 1.3}, "shared", "relay", RTT},
    {{"relay/socat speed, 200 KB string", AT_LEAST, 4}, "socat", "relay", STRING_TIME},
    {{"relay/socat speed, schema", NONE, 0}, "socat", "relay", SCHEMA_TIME},
    {{"shared/relay speed, 200 KB string", AT_LEAST, 0.7}, "relay", "shared", STRING_TIME},
    {{"shared/relay speed, schema", AT_LEAST, 0.25}, "relay", "shared", SCHEMA_TIME},
    {{"relay/socat CPU per RTT", NONE, 0}, "relay", "socat", CPU},
    {{"relay/socat CPU, 200 KB string", NONE, 0}, "relay", "socat", STRING_CPU},
    {{"shared/socat CPU per RTT", NONE, 0}, "shared", "socat", CPU},
    {{"relay/direct RTT p50", NONE, 0}, "relay", "direct", RTT},
    {{"socat/direct RTT p50", NONE, 0}, "socat", "direct", RTT},
};

static const struct ratio rates[] = {
    {{"relay/socat messages a second", AT_LEAST, 1.3}, "relay", "socat", RTT},
    {{"sharedone/socat messages a second", NONE, 0}, "sharedone", "socat", RTT},
    {{"shared64/socat messages a second", AT_LEAST, 1.3}, "shared64", "socat", RTT},
};

static const struct target *find(const struct target *targets, int count, const char *name)
{
    for (int n = 0; n < count; n++)
        if (strcmp(targets[n].name, name) == 0)
            return &targets[n];
    return NULL;
}

static int name_width(const struct target *targets, int count)
{
    int width = 6;
    for (int n = 0; n < count; n++)
        if ((int)strlen(targets[n].name) > width)
            width = (int)strlen(targets[n].name);
    return width;
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

static double median(const double *values, int count)
{
    double *sorted = allocate((size_t)count, sizeof *sorted);
    memcpy(sorted, values, (size_t)count * sizeof *sorted);
    sort(sorted, (size_t)count);
    double middle = percentile(sorted, (size_t)count, 50);
    free(sorted);
    return middle;
}

static void target_row(const struct table *table, const struct target *target, int rounds)
{
    static const char *const names[KINDS] = {"ping", "string", "schema"};
    char cells[10][48], what[48];
    int column = 0;
    cell(cells[column++], "%s", target->name);
    for (enum kind kind = PING; kind < KINDS; kind++) {
        const struct series *series = &target->series[kind];
        double us = p50(series);
        double other = kind == PING ? percentile(series->us, series->count, 99)
                                    : (double)answer_bytes(kind) / us / 1e3;
        cell(what, "%s_p50_us", names[kind]);
        result(target->name, what, us);
        cell(what, kind == PING ? "%s_p99_us" : "%s_gb_s", names[kind]);
        result(target->name, what, other);
        cell(cells[column++], "%.1f", us);
        cell(cells[column++], kind == PING ? "%.0f" : "%.2f", other);
        if (target->pid) {
            cell(what, "%s_cpu_us", names[kind]);
            result(target->name, what, mean(series->round_cpu, rounds));
            cell(cells[column++], "%.1f", mean(series->round_cpu, rounds));
        } else {
            cell(cells[column++], "-");
        }
    }
    table_row(table, cells);
}

static double overall(const struct target *target, enum measure measure, int rounds)
{
    switch (measure) {
    case RTT: return p50(&target->series[PING]);
    case STRING_TIME: return p50(&target->series[STRING]);
    case SCHEMA_TIME: return p50(&target->series[SCHEMA]);
    case CPU: return mean(target->series[PING].round_cpu, rounds);
    case STRING_CPU: return mean(target->series[STRING].round_cpu, rounds);
    }
    return NAN;
}

static double in_round(const struct target *target, enum measure measure, int round)
{
    switch (measure) {
    case RTT: return target->series[PING].round_p50[round];
    case STRING_TIME: return target->series[STRING].round_p50[round];
    case SCHEMA_TIME: return target->series[SCHEMA].round_p50[round];
    case CPU: return target->series[PING].round_cpu[round];
    case STRING_CPU: return target->series[STRING].round_cpu[round];
    }
    return NAN;
}

int report_compare(const struct target *targets, int count, const struct plan *plan, bool markdown)
{
    const int width[] = {name_width(targets, count), 10, 10, 9, 13, 5, 6, 13, 5, 6};
    struct table table = {markdown, 10, width};
    char head[10][48] = {"target", "RTT p50 us", "RTT p99 us", "CPU us/rt", "string p50 us", "GB/s", "CPU us",
                         "schema p50 us", "GB/s", "CPU us"};
    double *by_round = allocate((size_t)plan->rounds, sizeof *by_round);
    int missed = 0;
    printf("%d rounds of %d pings (%d byte reply), %d strings (%zu bytes) and %d schemas (%zu bytes); before that %d, "
           "%d and %d to warm up.\n\n",
           plan->rounds, plan->pings, PING_REPLY, plan->bigs, answer_bytes(STRING), plan->bigs, answer_bytes(SCHEMA),
           plan->warm_pings, plan->warm_bigs, plan->warm_bigs);
    table_head(&table, head);
    for (int n = 0; n < count; n++)
        target_row(&table, &targets[n], plan->rounds);
    for (size_t n = 0; n < sizeof ratios / sizeof *ratios; n++) {
        const struct ratio *ratio = &ratios[n];
        const struct target *over = find(targets, count, ratio->over), *under = find(targets, count, ratio->under);
        if (!over || !under)
            continue;
        for (int r = 0; r < plan->rounds; r++)
            by_round[r] = in_round(over, ratio->measure, r) / in_round(under, ratio->measure, r);
        double value = overall(over, ratio->measure, plan->rounds) / overall(under, ratio->measure, plan->rounds);
        missed += !goals_row(markdown, &ratio->limit, value, by_round, plan->rounds);
    }
    free(by_round);
    return missed;
}

int report_busy(const struct target *targets, const struct load *loads, int count, int connections, int rounds,
                int visit_ms, bool markdown)
{
    const int width[] = {name_width(targets, count), 10, 10, 12};
    struct table table = {markdown, 4, width};
    char head[4][48] = {"target", "messages/s", "CPU us/msg", "least served"};
    double *by_round = allocate((size_t)rounds, sizeof *by_round);
    int missed = 0;
    printf("%d connections at once, each with one command under way; %d rounds of %d ms.\n\n", connections, rounds,
           visit_ms);
    table_head(&table, head);
    for (int n = 0; n < count; n++) {
        char cells[4][48];
        double rate = median(loads[n].rate, rounds);
        result(targets[n].name, "busy_per_s", rate);
        cell(cells[0], "%s", targets[n].name);
        cell(cells[1], "%.0f", rate);
        cell(cells[2], "-");
        cell(cells[3], "%.0f %%", loads[n].least * 100);
        if (targets[n].pid) {
            result(targets[n].name, "busy_cpu_us", median(loads[n].cpu, rounds));
            cell(cells[2], "%.1f", median(loads[n].cpu, rounds));
        }
        table_row(&table, cells);
    }
    for (size_t n = 0; n < sizeof rates / sizeof *rates; n++) {
        const struct target *over = find(targets, count, rates[n].over), *under = find(targets, count, rates[n].under);
        if (!over || !under)
            continue;
        const double *a = loads[over - targets].rate, *b = loads[under - targets].rate;
        for (int r = 0; r < rounds; r++)
            by_round[r] = a[r] / b[r];
        missed += !goals_row(markdown, &rates[n].limit, median(a, rounds) / median(b, rounds), by_round, rounds);
    }
    free(by_round);
    return missed;
}

/* One row of what is, over several runs, one table; there are goals for relay routes, as many as they name. */
int report_idle(const struct target *target, const struct idle *idle, int connections, bool head, bool markdown)
{
    static const struct {
        int routes;
        struct limit rss, cpu;
    } goals[] = {
        {1, {"RSS with one idle relay route, MiB", AT_MOST, 45}, {"its CPU, ms/s", AT_MOST, 0.5}},
        {1000, {"RSS with 1,000 idle relay routes, MiB", AT_MOST, 60}, {"their CPU, ms/s", AT_MOST, 0.5}},
    };
    static const int width[] = {9, 11, 9, 8, 8, 13, 24, 8};
    struct table table = {markdown, 8, width};
    char names[8][48] = {"target",  "connections",   "processes", "RSS MiB",
                         "PSS MiB", "idle CPU ms/s", "goal",      "verdict"};
    char cells[8][48], what[48];
    bool met = true;
    cell(cells[0], "%s", target->name);
    cell(cells[1], "%d", connections);
    cell(cells[2], "%d", idle->memory.processes);
    cell(cells[3], "%.1f", idle->memory.rss_mib);
    cell(cells[4], "%.1f", idle->memory.pss_mib);
    cell(cells[5], "%.2f", idle->cpu_ms_per_s);
    cell(cells[6], "-");
    cell(cells[7], "-");
    for (size_t n = 0; n < sizeof goals / sizeof *goals; n++) {
        if (goals[n].routes != connections || strcmp(target->name, "relay") != 0)
            continue;
        met = goal_met(&goals[n].rss, idle->memory.rss_mib);
        met = goal_met(&goals[n].cpu, idle->cpu_ms_per_s) && met;
        cell(cells[6], "<= %.0f MiB, <= %.1f ms/s", goals[n].rss.limit, goals[n].cpu.limit);
        cell(cells[7], "%s", met ? "met" : "NOT MET");
    }
    if (head)
        table_head(&table, names);
    table_row(&table, cells);
    cell(what, "rss_mib_%d", connections);
    result(target->name, what, idle->memory.rss_mib);
    cell(what, "pss_mib_%d", connections);
    result(target->name, what, idle->memory.pss_mib);
    cell(what, "idle_cpu_ms_%d", connections);
    result(target->name, what, idle->cpu_ms_per_s);
    return !met;
}

int report_start(struct starts *starts, int rounds, bool markdown)
{
    static const char *const labels[STARTS] = {"helper, to a client's connection", "helper, to its greeting",
                                               "a JVM that prints a line, to its end"};
    static const char *const names[STARTS] = {"start_connected_ms", "start_greeted_ms", "start_hello_ms"};
    static const struct limit limit = {"helper/hello start, to connected", AT_MOST, 2.5};
    static const struct limit quickest = {"helper/hello start, the quickest", NONE, 0};
    static const struct limit greeted = {"helper/hello start, to greeted", NONE, 0};
    static const int width[] = {36, 8, 8, 8};
    struct table table = {markdown, 4, width};
    char head[4][48] = {"start", "min ms", "p50 ms", "max ms"}, cells[4][48];
    double *by_round[STARTS], middle[STARTS];
    printf("%d starts each, in turns.\n\n", rounds);
    table_head(&table, head);
    for (enum start n = CONNECTED; n < STARTS; n++) {
        by_round[n] = allocate((size_t)rounds, sizeof(double));
        for (int r = 0; r < rounds; r++)
            by_round[n][r] = starts->ms[n][r] / starts->ms[HELLO][r];
        sort(starts->ms[n], (size_t)rounds);
        middle[n] = percentile(starts->ms[n], (size_t)rounds, 50);
        result("helper", names[n], middle[n]);
        cell(cells[0], "%s", labels[n]);
        cell(cells[1], "%.1f", starts->ms[n][0]);
        cell(cells[2], "%.1f", middle[n]);
        cell(cells[3], "%.1f", starts->ms[n][rounds - 1]);
        table_row(&table, cells);
    }
    bool met = goals_row(markdown, &limit, middle[CONNECTED] / middle[HELLO], by_round[CONNECTED], rounds);
    goals_row(markdown, &quickest, starts->ms[CONNECTED][0] / starts->ms[HELLO][0], NULL, 0);
    goals_row(markdown, &greeted, middle[GREETED] / middle[HELLO], by_round[GREETED], rounds);
    for (enum start n = CONNECTED; n < STARTS; n++)
        free(by_round[n]);
    return !met;
}
