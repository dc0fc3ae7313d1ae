/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench.c - the driver behind bench/run, which starts the processes and passes
 * their process ids and sockets to it. See README.md for what is measured.
 *
 *   bench backend SOCKET
 *   bench compare [options] NAME=PID=SOCKET...      PID 0: no process in between
 *   bench idle [options] PID ROUTES DIRECTORY       sockets DIRECTORY/1.sock ...
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

#define MAX_TARGETS 16
#define EXIT_USAGE 2
#define EXIT_MISSED 3

struct options {
    struct plan plan;
    double settle_s;
    bool markdown, check;
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
    fputs("usage: bench backend SOCKET\n"
          "       bench compare [--rounds N] [--pings N] [--bigs N] [--warm-pings N] [--warm-bigs N]\n"
          "                     [--markdown] [--check] NAME=PID=SOCKET...\n"
          "       bench idle [--settle SECONDS] [--markdown] [--check] PID ROUTES DIRECTORY\n"
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
        {"rounds", 1, NULL, 'r'},     {"pings", 1, NULL, 'p'},  {"bigs", 1, NULL, 'b'},
        {"warm-pings", 1, NULL, 'P'}, {"warm-bigs", 1, NULL, 'B'}, {"settle", 1, NULL, 's'},
        {"markdown", 0, NULL, 'm'},   {"check", 0, NULL, 'c'},  {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 'r': options->plan.rounds = number(optarg, "--rounds", 1); break;
        case 'p': options->plan.pings = number(optarg, "--pings", 1); break;
        case 'b': options->plan.bigs = number(optarg, "--bigs", 1); break;
        case 'P': options->plan.warm_pings = number(optarg, "--warm-pings", 0); break;
        case 'B': options->plan.warm_bigs = number(optarg, "--warm-bigs", 0); break;
        case 's': options->settle_s = number(optarg, "--settle", 1); break;
        case 'm': options->markdown = true; break;
        case 'c': options->check = true; break;
        default: usage();
        }
    }
}

static int run_compare(const struct options *options, int count, char **words)
{
    static struct target targets[MAX_TARGETS];
    const char *paths[MAX_TARGETS];
    if (count < 1 || count > MAX_TARGETS)
        usage();
    for (int n = 0; n < count; n++) {
        targets[n].name = strtok(words[n], "=");
        const char *pid = strtok(NULL, "=");
        paths[n] = strtok(NULL, "");
        if (!paths[n])
            usage();
        targets[n].pid = number(pid, "process id", 0);
    }
    compare(targets, count, paths, &options->plan);
    return report_compare(targets, count, &options->plan, options->markdown);
}

static int run_idle(const struct options *options, int count, char **words)
{
    if (count != 3)
        usage();
    int pid = number(words[0], "process id", 1);
    int routes = number(words[1], "routes", 1);
    struct idle idle = idle_measure(pid, routes, words[2], options->settle_s);
    return report_idle(&idle, routes, options->markdown);
}

int main(int argc, char **argv)
{
    struct options options = {
        .plan = {.rounds = 20, .pings = 1500, .bigs = 150, .warm_pings = 15000, .warm_bigs = 2000},
        .settle_s = 2,
    };
    if (argc < 3)
        usage();
    const char *mode = argv[1];
    signal(SIGPIPE, SIG_IGN); /* a peer that goes away is reported by write, with its name */
    parse(&options, argc - 1, argv + 1);
    int count = argc - 1 - optind;
    char **words = argv + 1 + optind;
    int missed = 0;
    if (strcmp(mode, "backend") == 0 && count == 1)
        backend_serve(words[0]);
    else if (strcmp(mode, "compare") == 0)
        missed = run_compare(&options, count, words);
    else if (strcmp(mode, "idle") == 0)
        missed = run_idle(&options, count, words);
    else
        usage();
    return options.check && missed ? EXIT_MISSED : EXIT_SUCCESS;
}
