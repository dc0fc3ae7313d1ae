/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU with channels: this process becomes QEMU, and has two companions.
 */
#ifndef QMPKIT_WRAP_H
#define QMPKIT_WRAP_H

#include <stdbool.h>

/* Becomes QEMU; returns the exit status where that fails. */
int wrap(bool verbose, int argc, char **argv);

#endif
