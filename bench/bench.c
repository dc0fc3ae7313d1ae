/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench.c - the driver behind bench/run, which starts the processes and passes
 * their process ids and sockets to it. See README.md for what is measured.
 *
 *   bench backend [--schema FILE] SOCKET            FILE: a whole reply, for "schema"
 *   bench fetch SOCKET COMMAND FILE                 writes QEMU's reply into FILE
 *   bench compare [options] NAME=PID=SOCKET...      PID 0: no process in between
 *   bench busy [options] NAME=PID=SOCKET...         SOCKET may be a directory with 1.sock ...
 *   bench idle [options] NAME=PID=SOCKET CONNECTIONS
 *   bench start [options] DIRECTORY HELPER... -- JAVA...      {listen}: a socket there
 *
 * Exit status: 0 done; 1 something failed; 2 usage; 3 a goal not met, with --check.
 */
#include "bench.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_TARGETS 16
#define EXIT_USAGE 2
#define EXIT_MISSED 3

struct options {
    struct plan plan;
    double settle_s;
    int connections, visit_ms;
    const char *schema, *results;
    bool markdown, check, no_head;
};

_Noreturn void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (!memory)
        die("out of memory (%zu times %zu bytes)", count, size);
    return memory;
}

_Noreturn static void usage(void)
{
    fputs("usage: bench backend [--schema FILE] SOCKET\n"
          "       bench fetch SOCKET COMMAND FILE\n"
          "       bench compare [--rounds N] [--pings N] [--bigs N] [--warm-pings N] [--warm-bigs N]\n"
          "                     [--schema FILE] NAME=PID=SOCKET...\n"
          "       bench busy [--rounds N] [--visit-ms N] [--connections N] NAME=PID=SOCKET...\n"
          "       bench idle [--settle SECONDS] [--no-head] NAME=PID=SOCKET CONNECTIONS\n"
          "       bench start [--rounds N] DIRECTORY HELPER... -- JAVA...\n"
          "The last four also take --markdown, --check, --results FILE.\n"
          "This is the driver; bench/run --help says how to use it.\n",
          stderr);
    exit(EXIT_USAGE);
}

static int number(const char *text, const char *what, int least)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno || end == text || *end || value < least || value > 100 * 1000 * 1000) {
        fprintf(stderr, "bench: %s: '%s' is not a number from %d to 100000000\n", what, text, least);
        exit(EXIT_USAGE);
    }
    return (int)value;
}

static void parse(struct options *options, int argc, char **argv)
{
    static const struct option known[] = {
        {"rounds", 1, NULL, 'r'},      {"pings", 1, NULL, 'p'},    {"bigs", 1, NULL, 'b'},
        {"warm-pings", 1, NULL, 'P'},  {"warm-bigs", 1, NULL, 'B'}, {"settle", 1, NULL, 's'},
        {"connections", 1, NULL, 'n'}, {"visit-ms", 1, NULL, 'v'}, {"schema", 1, NULL, 'S'},
        {"results", 1, NULL, 'R'},     {"no-head", 0, NULL, 'h'},  {"markdown", 0, NULL, 'm'},
        {"check", 0, NULL, 'c'},       {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "+", known, NULL)) != -1) {
        switch (option) {
        case 'r': options->plan.rounds = number(optarg, "--rounds", 1); break;
        case 'p': options->plan.pings = number(optarg, "--pings", 1); break;
        case 'b': options->plan.bigs = number(optarg, "--bigs", 1); break;
        case 'P': options->plan.warm_pings = number(optarg, "--warm-pings", 0); break;
        case 'B': options->plan.warm_bigs = number(optarg, "--warm-bigs", 0); break;
        case 's': options->settle_s = number(optarg, "--settle", 1); break;
        case 'n': options->connections = number(optarg, "--connections", 1); break;
        case 'v': options->visit_ms = number(optarg, "--visit-ms", 1); break;
        case 'S': options->schema = optarg; break;
        case 'R': options->results = optarg; break;
        case 'h': options->no_head = true; break;
        case 'm': options->markdown = true; break;
        case 'c': options->check = true; break;
        default: usage();
        }
    }
}

static struct target target_of(char *word)
{
    struct target target = {.name = strtok(word, "=")};
    const char *pid = strtok(NULL, "=");
    target.path = strtok(NULL, "");
    if (!target.path)
        usage();
    target.pid = number(pid, "process id", 0);
    return target;
}

static int targets_of(struct target *targets, int count, char **words)
{
    if (count < 1 || count > MAX_TARGETS)
        usage();
    for (int n = 0; n < count; n++)
        targets[n] = target_of(words[n]);
    return count;
}

static int run_compare(const struct options *options, int words, char **word)
{
    struct target targets[MAX_TARGETS];
    int count = targets_of(targets, words, word);
    answers_make(options->schema);
    compare(targets, count, &options->plan);
    int missed = report_compare(targets, count, &options->plan, options->markdown);
    compare_end(targets, count);
    return missed;
}

static int run_busy(const struct options *options, int words, char **word)
{
    struct target targets[MAX_TARGETS];
    int count = targets_of(targets, words, word), rounds = options->plan.rounds;
    struct load *loads = busy(targets, count, options->connections, rounds, options->visit_ms);
    int missed = report_busy(targets, loads, count, options->connections, rounds, options->visit_ms, options->markdown);
    busy_end(loads, count);
    return missed;
}

static int run_idle(const struct options *options, int words, char **word)
{
    if (words != 2)
        usage();
    struct target target = target_of(word[0]);
    int connections = number(word[1], "connections", 1);
    struct idle idle = idle_measure(&target, connections, options->settle_s);
    return report_idle(&target, &idle, connections, !options->no_head, options->markdown);
}

static int run_start(const struct options *options, int words, char **word)
{
    int split = 1;
    while (split < words && strcmp(word[split], "--") != 0)
        split++;
    if (split < 2 || split + 1 >= words)
        usage();
    word[split] = NULL;
    struct starts starts = start_measure(word[0], word + 1, word + split + 1, options->plan.rounds);
    int missed = report_start(&starts, options->plan.rounds, options->markdown);
    start_end(&starts);
    return missed;
}

static void run_fetch(int words, char **word)
{
    struct client client;
    const char *reply;
    if (words != 3)
        usage();
    client_open(&client, word[0], word[0]);
    size_t length = client_fetch(&client, word[1], &reply);
    FILE *file = fopen(word[2], "w");
    if (!file || fwrite(reply, 1, length, file) != length || fclose(file) != 0)
        die("cannot write %s: %s", word[2], strerror(errno));
}

int main(int argc, char **argv)
{
    struct options options = {
        .plan = {.rounds = 20, .pings = 1500, .bigs = 150, .warm_pings = 15000, .warm_bigs = 2000},
        .settle_s = 10,
        .connections = 64,
        .visit_ms = 500,
    };
    if (argc < 3)
        usage();
    const char *mode = argv[1];
    signal(SIGPIPE, SIG_IGN); /* a peer that goes away is reported by write, with its name */
    srand((unsigned)time(NULL));
    parse(&options, argc - 1, argv + 1);
    results_open(options.results);
    int count = argc - 1 - optind;
    char **words = argv + 1 + optind;
    int missed = 0;
    if (strcmp(mode, "backend") == 0 && count == 1) {
        answers_make(options.schema);
        backend_serve(words[0]);
    } else if (strcmp(mode, "fetch") == 0) {
        run_fetch(count, words);
    } else if (strcmp(mode, "compare") == 0) {
        missed = run_compare(&options, count, words);
    } else if (strcmp(mode, "busy") == 0) {
        missed = run_busy(&options, count, words);
    } else if (strcmp(mode, "idle") == 0) {
        missed = run_idle(&options, count, words);
    } else if (strcmp(mode, "start") == 0) {
        missed = run_start(&options, count, words);
    } else {
        usage();
    }
    return options.check && missed ? EXIT_MISSED : EXIT_SUCCESS;
}
