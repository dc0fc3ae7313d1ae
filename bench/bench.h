/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench.h - what the parts of the benchmark driver share.
 *
 *   bench.c    main and its options
 *   compare.c  round trips, interleaved: direct, socat, relay, shared and peers
 *   busy.c     many connections at once, each with one command under way
 *   idle.c     memory of a process that holds many idle routes
 *   start.c    how long the helper takes to start, beside a JVM that does nothing
 *   backend.c  the stand-in for QEMU behind every target; answers.c: what it says
 *   client.c   one QMP client connection, one request at a time
 *   proc.c     CPU time and memory of a process tree, from /proc
 *   report.c   what the figures of compare, busy, idle and start are set against
 *   table.c    tables, goals, and the file of results
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PING_REPLY 120       /* bytes of a whole "ping" reply, with a six-digit id */
#define STRING_BYTES 200000  /* bytes of the one string in a "string" reply */
#define REPLY_MAX (1 << 22)  /* no reply is longer */
#define DEADLINE_S 10        /* no single answer may take longer than this */

enum kind { PING, STRING, SCHEMA, KINDS }; /* of a round trip, by its reply */

/* bench.c */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
void *allocate(size_t count, size_t size);

/* answers.c */
struct text {
    const char *start;
    size_t length;
};
extern const struct text greeting, id_label, line_end;
void answers_make(const char *schema_path); /* a whole reply of QEMU; NULL: a list that is like one */
struct text answer_head(struct text command); /* the reply up to its id */
size_t answer_bytes(enum kind kind);        /* of a whole reply, with a six-digit id */
bool text_is(struct text text, const char *expected);

/* backend.c */
_Noreturn void backend_serve(const char *path);

/* client.c */
struct client {
    const char *name; /* for messages */
    int fd;
    unsigned next_id;
};
void client_open(struct client *client, const char *name, const char *path);
void client_close(struct client *client);
void client_connect(struct client *client, const char *name, const char *path); /* and reads no byte */
void client_send(struct client *client, const char *command);
bool client_check(const struct client *client, const char *reply, size_t length, size_t expected);
double client_round_trip(struct client *client, const char *command, size_t expected);
size_t client_fetch(struct client *client, const char *command, const char **reply);
double now_us(void);
void lane_path(char *text, size_t size, const char *path, int number);

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
    int pid;          /* 0: nothing between client and backend */
    const char *path; /* a socket, or a directory with 1.sock, 2.sock, ... */
    struct client client;
    struct series series[KINDS];
};
void compare(struct target *targets, int count, const struct plan *plan);
void compare_end(struct target *targets, int count);
void sort(double *values, size_t count);
double percentile(const double *sorted, size_t count, double percent);
void shuffle(int *order, int count);

/* busy.c */
struct load {
    double *rate; /* messages a second, by round */
    double *cpu;  /* CPU us a message, by round */
    double least; /* what the least served connection got, as a share of the mean */
};
struct load *busy(const struct target *targets, int count, int connections, int rounds, int visit_ms);
void busy_end(struct load *loads, int count);

/* idle.c */
struct idle {
    struct memory memory;
    double cpu_ms_per_s;
};
struct idle idle_measure(const struct target *target, int connections, double settle_s);

/* start.c */
enum start { CONNECTED, GREETED, HELLO, STARTS };
struct starts {
    double *ms[STARTS];
};
struct starts start_measure(const char *directory, char **helper, char **hello, int rounds);
void start_end(struct starts *starts);

/* table.c */
struct table {
    bool markdown;
    int columns;
    const int *width; /* the first column is flush left, the others flush right */
};
enum goal { NONE, AT_MOST, AT_LEAST };
struct limit {
    const char *label;
    enum goal goal;
    double limit;
};
void cell(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_head(const struct table *table, char cells[][48]);
void table_row(const struct table *table, char cells[][48]);
void results_open(const char *path); /* NULL: nothing is written down */
void result(const char *target, const char *what, double value);
bool goals_row(bool markdown, const struct limit *limit, double value, double *by_round, int rounds);
bool goal_met(const struct limit *limit, double value);

/* report.c; all return the number of goals that were not met */
int report_compare(const struct target *targets, int count, const struct plan *plan, bool markdown);
int report_busy(const struct target *targets, const struct load *loads, int count, int connections, int rounds,
                int visit_ms, bool markdown);
int report_idle(const struct target *target, const struct idle *idle, int connections, bool head, bool markdown);
int report_start(struct starts *starts, int rounds, bool markdown);

#endif
