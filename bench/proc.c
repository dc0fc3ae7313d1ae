/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proc.c - CPU time and memory of a process and all its descendants, from /proc.
 * Descendants count because socat serves each connection in a forked child.
 */
#include "bench.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PROCESSES 8192
#define MAX_TASKS 16384

struct cpu_sample {
    int count;
    struct {
        int tid;
        uint64_t ns;
    } task[MAX_TASKS];
};

typedef void task_visitor(int pid, int tid, void *context);

/* Calls visit for each thread of a process; of a process that is gone, for none. */
static void each_task(int pid, task_visitor *visit, void *context)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *directory = opendir(path);
    if (!directory)
        return;
    struct dirent *entry;
    while ((entry = readdir(directory)))
        if (entry->d_name[0] != '.')
            visit(pid, atoi(entry->d_name), context);
    closedir(directory);
}

struct tree {
    int count;
    int pid[MAX_PROCESSES];
};

static void add_children(int pid, int tid, void *context)
{
    struct tree *tree = context;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, tid);
    FILE *file = fopen(path, "r");
    int child;
    while (file && fscanf(file, "%d", &child) == 1) {
        if (tree->count == MAX_PROCESSES)
            die("process %d has more than %d descendants", tree->pid[0], MAX_PROCESSES);
        tree->pid[tree->count++] = child;
    }
    if (file)
        fclose(file);
}

static const struct tree *tree_of(int pid)
{
    static struct tree tree;
    tree.count = 1;
    tree.pid[0] = pid;
    for (int n = 0; n < tree.count; n++)
        each_task(tree.pid[n], add_children, &tree);
    return &tree;
}

static void add_cpu(int pid, int tid, void *context)
{
    struct cpu_sample *sample = context;
    char path[64];
    unsigned long long ns;
    snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", pid, tid);
    FILE *file = fopen(path, "r");
    if (!file)
        return; /* the thread ended just now */
    if (sample->count == MAX_TASKS)
        die("process %d has more than %d threads", pid, MAX_TASKS);
    if (fscanf(file, "%llu", &ns) == 1) {
        sample->task[sample->count].tid = tid;
        sample->task[sample->count++].ns = ns;
    }
    fclose(file);
}

struct cpu_sample *cpu_sample_new(void)
{
    return allocate(1, sizeof(struct cpu_sample));
}

/* The first field of schedstat: nanoseconds on a CPU, user and kernel. utime and stime only have ticks. */
void cpu_read(int pid, struct cpu_sample *sample)
{
    const struct tree *tree = tree_of(pid);
    sample->count = 0;
    for (int n = 0; n < tree->count; n++)
        each_task(tree->pid[n], add_cpu, sample);
    if (sample->count == 0)
        die("process %d: it has ended, or this kernel has no /proc/PID/task/*/schedstat", pid);
}

static uint64_t earlier(const struct cpu_sample *sample, int tid)
{
    for (int n = 0; n < sample->count; n++)
        if (sample->task[n].tid == tid)
            return sample->task[n].ns;
    return 0; /* a new thread: all it has is from this interval */
}

/*
 * Thread by thread, since the sum alone would shrink when a thread ends (a JVM
 * lets idle compiler threads go, with all they ever used).
 */
double cpu_spent_us(const struct cpu_sample *before, const struct cpu_sample *after)
{
    uint64_t ns = 0;
    for (int n = 0; n < after->count; n++)
        ns += after->task[n].ns - earlier(before, after->task[n].tid);
    return (double)ns / 1e3;
}

/* A "Name:   123 kB" line of a /proc file. */
static double read_kb(int pid, const char *file_name, const char *label)
{
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, file_name);
    FILE *file = fopen(path, "r");
    if (!file)
        die("cannot read %s: %s", path, strerror(errno));
    double kb = -1;
    while (kb < 0 && fgets(line, sizeof line, file))
        if (strncmp(line, label, strlen(label)) == 0)
            kb = strtod(line + strlen(label), NULL);
    fclose(file);
    if (kb < 0)
        die("%s has no line %s", path, label);
    return kb;
}

struct memory memory_read(int pid)
{
    const struct tree *tree = tree_of(pid);
    struct memory memory = {.processes = tree->count};
    for (int n = 0; n < tree->count; n++) {
        memory.rss_mib += read_kb(tree->pid[n], "status", "VmRSS:") / 1024;
        memory.pss_mib += read_kb(tree->pid[n], "smaps_rollup", "Pss:") / 1024;
    }
    return memory;
}
