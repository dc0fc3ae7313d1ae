/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of Linux 5.3, and the same on all processors; libc has them later. */
enum { PIDFD_SEND_SIGNAL = 424, PIDFD_OPEN = 434, TERM_MS = 5000 };

int process_open(pid_t pid)
{
    return (int)syscall(PIDFD_OPEN, pid, 0);
}

void process_wait(int one, int other, int milliseconds)
{
    struct pollfd both[] = { { one, POLLIN, 0 }, { other, POLLIN, 0 } };

    poll(both, 2, milliseconds);
}

bool process_has_ended(int process)
{
    struct pollfd p = { process, POLLIN, 0 };

    return poll(&p, 1, 0) == 1;
}

bool process_says(int descriptor, int milliseconds)
{
    struct pollfd p = { descriptor, POLLIN, 0 };
    int ready;

    while ((ready = poll(&p, 1, milliseconds)) < 0 && errno == EINTR) {
    }
    return ready != 0;
}

void process_kill(int process)
{
    syscall(PIDFD_SEND_SIGNAL, process, SIGKILL, NULL, 0);
}

void process_end(int process)
{
    syscall(PIDFD_SEND_SIGNAL, process, SIGTERM, NULL, 0);
    process_wait(process, -1, TERM_MS);
    process_kill(process);
}

static bool has_socket(const char *pid, const char *wanted)
{
    char path[300], link[64];
    struct dirent *each;
    DIR *open;
    bool found = false;

    snprintf(path, sizeof path, "/proc/%s/fd", pid);
    open = opendir(path);
    while (open != NULL && !found && (each = readdir(open)) != NULL) {
        ssize_t n = readlinkat(dirfd(open), each->d_name, link, sizeof link - 1);
        if (n > 0) {
            link[n] = '\0';
            found = strcmp(link, wanted) == 0;
        }
    }
    if (open != NULL) {
        closedir(open);
    }
    return found;
}

pid_t process_with_socket(ino_t inode, pid_t except, pid_t other)
{
    char wanted[64];
    struct dirent *each;
    pid_t found = 0;
    DIR *all = opendir("/proc");

    snprintf(wanted, sizeof wanted, "socket:[%llu]", (unsigned long long)inode);
    while (all != NULL && found == 0 && (each = readdir(all)) != NULL) {
        pid_t pid = (pid_t)strtol(each->d_name, NULL, 10);
        if (pid > 0 && pid != except && pid != other && has_socket(each->d_name, wanted)) {
            found = pid;
        }
    }
    if (all != NULL) {
        closedir(all);
    }
    return found;
}

void close_all_but(const int *keep, size_t count)
{
    DIR *open = opendir("/proc/self/fd");
    struct dirent *each;

    while (open != NULL && (each = readdir(open)) != NULL) {
        int descriptor = (int)strtol(each->d_name, NULL, 10);
        bool kept = descriptor < 3 || descriptor == dirfd(open);
        for (size_t i = 0; i < count; i++) {
            kept = kept || descriptor == keep[i];
        }
        if (!kept) {
            close(descriptor);
        }
    }
    if (open != NULL) {
        closedir(open);
    }
}
