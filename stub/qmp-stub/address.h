/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where the other domain is, in the spelling of QEMU's options and of qmp's addresses.
 */
#ifndef QMPKIT_ADDRESS_H
#define QMPKIT_ADDRESS_H

#include "stub.h"

typedef enum Scheme {
    ARGO,
    V4V,
    VCHAN,
    VSOCK,
} Scheme;

enum {
    PIECE_MAX = STUB_CHUNK_MAX - 8, /* of a stream, whose pieces have a header */
    DOMAINS = 0x7ff0,     /* from here on no number is an ordinary domain's */
    VCHAN_PATH = 49,      /* bytes; libxenvchan has no more room */
    ANY_CID = 0xffffffff, /* VMADDR_CID_ANY, and VMADDR_PORT_ANY */
    REASON = 200,
};

typedef struct Address {
    Scheme scheme;
    uint32_t domain; /* of the peer; of vsock our own CID, or ANY_CID */
    uint32_t port, local_port; /* of vsock only `port`, which is ours */
    int generation;
    size_t chunk;
    StubFull full;
    bool full_given, port_given, local_given, generation_given, marker;
    bool stream, server; /* of argo and v4v: the stream device; where this side listens */
    char path[VCHAN_PATH + 1]; /* of vchan, in xenstore */
} Address;

/* What follows from a text that is no address, in one line. */
typedef struct Reason {
    char text[REASON];
} Reason;

/* Whether a word begins as an address does: a scheme, and then an end, ':' or ','. */
bool address_is(const char *word, Scheme *scheme);

const char *scheme_name(Scheme scheme);

/* An address of a scheme with nothing but defaults. */
Address address_of(Scheme scheme);

/* SCHEME[:TARGET][,KEY=VALUE…]. */
bool address_parse(Address *address, const char *text, Reason *why);

/* One option; `*known` tells whether there is such a key. */
bool address_option(Address *address, const char *key, const char *value, bool *known, Reason *why);

/* What can be said only when all options are known. */
bool address_complete(Address *address, Reason *why);

/* How it is named in a log; at most `room` bytes. */
void address_name(const Address *address, char *text, size_t room);

bool refuse(Reason *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Cuts "key=value,key=value" as QEMU does, where a comma that is meant is doubled. Returns the next
 * pair's length with its comma, 0 at the end; `value` is empty for a key alone.
 */
size_t next_pair(const char *text, char *key, size_t key_room, char *value, size_t value_room);

#endif
