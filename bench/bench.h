/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench.h - what the parts of the benchmark driver share.
 *
 *   bench.c    main and its options
 *   compare.c  the interleaved run: direct, socat, relay, shared
 *   idle.c     memory of a helper that holds many idle routes
 *   backend.c  the stand-in for QEMU behind every target
 *   client.c   one QMP client connection, one request at a time
 *   proc.c     CPU time and memory of a process tree, from /proc
 *   report.c   tables and ratios
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PING_REPLY 120   /* bytes of a whole "ping" reply, with a six-digit id */
#define BIG_REPLY 200000 /* bytes of a whole "big" reply, with a six-digit id */
#define DEADLINE_S 10    /* no single answer may take longer than this */

/* bench.c */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
void *allocate(size_t count, size_t size);

/* backend.c */
_Noreturn void backend_serve(const char *path);

/* client.c */
struct client {
    const char *name; /* for messages */
    int fd;
    unsigned next_id;
};
void client_open(struct client *client, const char *name, const char *path);
double client_round_trip(struct client *client, const char *command, size_t expected);
double now_us(void);

/* proc.c */
struct cpu_sample;
struct memory {
    int processes;
    double rss_mib, pss_mib;
};
struct cpu_sample *cpu_sample_new(void);
void cpu_read(int pid, struct cpu_sample *sample);
double cpu_spent_us(const struct cpu_sample *before, const struct cpu_sample *after);
struct memory memory_read(int pid);

/* compare.c */
struct plan {
    int rounds, pings, bigs, warm_pings, warm_bigs;
};
struct series { /* one kind of round trip, through one target */
    double *us; /* every sample; sorted once the run is over */
    size_t count;
    double *round_p50; /* the same by round, for paired ratios */
    double *round_cpu; /* CPU us per round trip, by round */
};
struct target {
    const char *name;
    int pid; /* 0: nothing between client and backend */
    struct client client;
    struct series ping, big;
};
void compare(struct target *targets, int count, const char *const *paths, const struct plan *plan);
void sort(double *values, size_t count);
double percentile(const double *sorted, size_t count, double percent);

/* idle.c */
struct idle {
    struct memory memory;
    double cpu_ms_per_s;
};
struct idle idle_measure(int pid, int routes, const char *directory, double settle_s);

/* report.c; both return the number of goals that were not met */
int report_compare(const struct target *targets, int count, const struct plan *plan, bool markdown);
int report_idle(const struct idle *idle, int routes, bool markdown);

#endif
