/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU's command line: what in it is for a channel of ours, and what takes its place. No I/O.
 */
#ifndef QMPKIT_LINE_H
#define QMPKIT_LINE_H

#include "address.h"

enum { CHANNELS = 16, ID_LENGTH = 64, EXTRA_LENGTH = 512 };

/* What QEMU has at a channel. */
typedef enum Use {
    USE_CHARDEV, /* -chardev: others name it by its id */
    USE_MONITOR, /* -qmp, -monitor */
    USE_DEVICE,  /* -serial, -parallel, -debugcon: by "chardev:ID" */
    USE_MUX,     /* the same, with a monitor on the same line: mon: */
} Use;

typedef struct Channel {
    int at; /* in argv: the option; its value follows */
    Use use;
    Address address;
    char id[ID_LENGTH];
    char extra[EXTRA_LENGTH]; /* of -chardev: what is common to all of them, ",mux=on" */
    const char *mode;         /* of a monitor: what follows "chardev=ID" */
} Channel;

typedef struct Line {
    int argc;
    char **argv;
    Channel channels[CHANNELS];
    int count;
    bool probe;      /* QEMU only says something, and ends */
    bool daemonizes; /* QEMU goes on as another process */
} Line;

/* Reads a command line, which stays where it is. */
bool line_read(Line *line, int argc, char **argv, Reason *why);

/*
 * The command line for QEMU, with a descriptor for each channel; NULL if there is no memory. A
 * probe's has no channels. It is the old one if there is nothing to be changed.
 */
char **line_write(const Line *line, const int *descriptors);

#endif
