/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bytes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

bool bytes_make(Bytes *bytes, size_t room)
{
    *bytes = (Bytes) { .at = malloc(room), .room = room };
    return bytes->at != NULL;
}

void bytes_free(Bytes *bytes)
{
    free(bytes->at);
}

size_t bytes_left(const Bytes *bytes)
{
    return bytes->room - bytes->length;
}

void bytes_add(Bytes *bytes, const void *data, size_t length)
{
    assert(length <= bytes_left(bytes));
    if (length == 0) {
        return;
    }
    if (length > bytes->room - bytes->start - bytes->length) {
        memmove(bytes->at, bytes_first(bytes), bytes->length);
        bytes->start = 0;
    }
    memcpy(bytes->at + bytes->start + bytes->length, data, length);
    bytes->length += length;
}

void bytes_take(Bytes *bytes, size_t length)
{
    assert(length <= bytes->length);
    bytes->length -= length;
    bytes->start = bytes->length == 0 ? 0 : bytes->start + length;
}

void bytes_cut(Bytes *bytes, size_t length)
{
    assert(length <= bytes->length);
    bytes->length -= length;
}
