/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Bytes in a line: added at the end, taken from the front, in one piece. Memory is what was asked
 * for, once; pages that were never needed are never touched.
 */
#ifndef QMPKIT_BYTES_H
#define QMPKIT_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Bytes {
    uint8_t *at;
    size_t start, length, room;
} Bytes;

/* Whether there was memory. */
bool bytes_make(Bytes *bytes, size_t room);
void bytes_free(Bytes *bytes);

/* How many more fit. */
size_t bytes_left(const Bytes *bytes);

/* Adds what must fit. */
void bytes_add(Bytes *bytes, const void *data, size_t length);

/* Takes from the front, or from the end, at most all. */
void bytes_take(Bytes *bytes, size_t length);
void bytes_cut(Bytes *bytes, size_t length);

static inline const uint8_t *bytes_first(const Bytes *bytes)
{
    return bytes->at + bytes->start;
}

#endif
