/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Other processes, by descriptors that become readable when they end.
 */
#ifndef QMPKIT_PROCESS_H
#define QMPKIT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The process with a number; -1 where there is none. Close-on-exec. */
int process_open(pid_t pid);

bool process_has_ended(int process);

/* Waits until one of two has ended, or for so many milliseconds (-1: for ever). */
void process_wait(int one, int other, int milliseconds);

/* Whether a descriptor can be read, or is at its end, within so many milliseconds. */
bool process_says(int descriptor, int milliseconds);

/* SIGKILL. */
void process_kill(int process);

/* SIGTERM, and where that does not end it within five seconds SIGKILL. */
void process_end(int process);

/*
 * Some process but the caller's own two that has a socket open, by the socket's inode; 0 if there is
 * none, or it may not be looked for.
 */
pid_t process_with_socket(ino_t inode, pid_t except, pid_t other);

/* Closes every descriptor from 3 on but these. */
void close_all_but(const int *keep, size_t count);

#endif
