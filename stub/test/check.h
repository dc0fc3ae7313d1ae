/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What tests are made of: a fault says where it is, and ends the program.
 */
#ifndef QMPKIT_CHECK_H
#define QMPKIT_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(what)                                                                   \
    do {                                                                              \
        if (!(what)) {                                                                \
            fprintf(stderr, "%s:%d: %s: not so: %s\n", __FILE__, __LINE__, __func__, #what); \
            abort();                                                                  \
        }                                                                             \
    } while (0)

#define CHECK_IS(expected, actual)                                                         \
    do {                                                                                   \
        long long wanted_ = (long long)(expected), got_ = (long long)(actual);             \
        if (wanted_ != got_) {                                                             \
            fprintf(stderr, "%s:%d: %s: %s is %lld, not %lld\n", __FILE__, __LINE__, __func__, \
                    #actual, got_, wanted_);                                               \
            abort();                                                                       \
        }                                                                                  \
    } while (0)

#define CHECK_TEXT(expected, actual)                                                       \
    do {                                                                                   \
        const char *wanted_ = (expected), *got_ = (actual);                                \
        if (strcmp(wanted_, got_) != 0) {                                                  \
            fprintf(stderr, "%s:%d: %s: %s is \"%s\", not \"%s\"\n", __FILE__, __LINE__,   \
                    __func__, #actual, got_, wanted_);                                     \
            abort();                                                                       \
        }                                                                                  \
    } while (0)

#endif
