/* SPDX-License-Identifier: Apache-2.0
 *
 * What the models of OpenXT's two programs have in common: the device, as both of them use it.
 */
#ifndef QMPKIT_OPENXT_H
#define QMPKIT_OPENXT_H

#include "../../../../testkit/src/main/c/argo/abi.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { HELPER_PORT = 5100, QEMU_PORT = 15100 };

static int v4v, device;

/* The address of the other side, in the form of either device. */
static union { struct argo_addr argo; struct v4v_addr v4v; } peer;

static int say(const char *text)
{
    fprintf(stderr, "%s\n", text);
    return -1;
}

static void die(const char *text)
{
    perror(text);
    exit(1);
}

static void set_peer(unsigned domain, unsigned port)
{
    memset(&peer, 0, sizeof peer);
    if (v4v)
        peer.v4v = (struct v4v_addr){ .port = port, .domain = (uint16_t)domain };
    else
        peer.argo = (struct argo_addr){ .port = port, .domain = (uint16_t)domain };
}

static void open_device(const char *family, unsigned domain, unsigned port, unsigned peer_port)
{
    v4v = strcmp(family, "v4v") == 0;
    struct argo_ring_id argo = { .domain = ARGO_ANY, .partner = (uint16_t)domain, .port = port };
    struct v4v_ring_id old = { .domain = V4V_ANY, .partner = (uint16_t)domain, .port = port };
    uint32_t size = v4v ? 16320 : 16304;

    device = open(v4v ? "/dev/v4v_dgram" : "/dev/argo_dgram", O_RDWR);
    if (device < 0 || ioctl(device, DEV_SETRINGSIZE, &size) < 0)
        die("device");
    while (ioctl(device, DEV_BIND, v4v ? (void *)&old : (void *)&argo) < 0)
        if (errno != ESRCH || usleep(10000) != 0)
            die("bind");
    set_peer(domain, peer_port);
}

/* Both receive so: who sent is who is answered from then on. */
static long receive(void *into, size_t size)
{
    struct argo_dev d = { .buf = into, .len = size, .addr = &peer };

    return ioctl(device, DEV_RECV, &d);
}

/* Both send so: blocking. */
static long transmit(const void *bytes, size_t length)
{
    struct argo_dev d = { .buf = (void *)bytes, .len = length, .addr = &peer };

    return ioctl(device, DEV_SEND, &d);
}

static inline struct sockaddr_un unix_address(const char *path)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };

    strncpy(at.sun_path, path, sizeof at.sun_path - 1);
    return at;
}

#endif
