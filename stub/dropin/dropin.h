/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The parts of the small drop-in. Each returns -1 where it fails.
 */
#ifndef QMPKIT_DROPIN_H
#define QMPKIT_DROPIN_H

/* One line on stderr, with the program's name before it. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A connection to the UNIX socket at a path; close-on-exec. Says nothing if there is none. */
int dial(const char *path);

/*
 * A socket that listens at a path, of mode 0600, in the place of a dead one; not close-on-exec.
 * Says nothing if somebody listens there, or it can't be made.
 */
int listen_at(const char *path);

/* Writes a value in xenstore, through xenstored's socket or the kernel's device; complains itself. */
int xenstore_write(const char *path, const char *value);

#endif
