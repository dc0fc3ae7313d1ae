/* SPDX-License-Identifier: Apache-2.0
 *
 * A model of OpenXT's QEMU: its chardev on V4V or Argo, of one of three generations, in front of a
 * real monitor, which is connected while the chardev is open.
 *
 *     openxt-qemu argo|v4v GENERATION MONITOR
 *
 * It has the original's ways: reads of 4,096 bytes, and what a datagram has beyond them is lost; the
 * words are looked for at the start of the buffer, whatever the length was; blocking sends; output is
 * dropped while it is closed (from the third generation on). Bytes that a closed monitor's parser
 * would get are told of: some of them crash it.
 */
#define _GNU_SOURCE
#include "openxt.h"

static int monitor = -1, generation;
static char buffer[4096];

static void open_monitor(const char *path)
{
    struct sockaddr_un at = unix_address(path);

    monitor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    while (connect(monitor, (void *)&at, sizeof at) < 0)
        usleep(10000);
    say("opened");
}

static void close_monitor(void)
{
    close(monitor);
    monitor = -1;
    say("closed");
}

static void to_monitor(long count)
{
    if (monitor < 0) {
        if (count != 5 || memcmp(buffer, "dead\n", 5) != 0)
            say("bytes for a closed monitor");
        return;
    }
    for (long done = 0, part; done < count; done += part) {
        part = write(monitor, buffer + done, (size_t)(count - done));
        if (part < 0)
            die("monitor");
    }
}

static void from_monitor(const char *bytes, long count)
{
    size_t most = (size_t)count;

    while (count > 0) {
        size_t length = most < (size_t)count ? most : (size_t)count;
        long sent = transmit(bytes, length);
        if (sent < 0 && (errno == EMSGSIZE || errno == ENOBUFS || errno == EINVAL)) {
            most = length / 2;
        } else if (sent < 0) {
            perror("lost output");
            return;
        } else {
            bytes += sent;
            count -= sent;
        }
    }
}

int main(int argc, char **argv)
{
    static char out[65536];

    if (argc != 4)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    generation = atoi(argv[2]);
    open_device(argv[1], 0, QEMU_PORT, HELPER_PORT);
    int connected = generation < 3;
    if (connected)
        open_monitor(argv[3]);
    say("ready");
    for (;;) {
        struct pollfd ready[] = { { device, POLLIN, 0 }, { monitor, POLLIN, 0 } };
        if (poll(ready, 2, -1) < 0)
            die("poll");
        if (ready[0].revents) {
            long count = receive(buffer, sizeof buffer);
            if (count < 0)
                die("receive");
            if (generation > 1 && connected && memcmp(buffer, "dead", 4) == 0) {
                connected = 0;
                close_monitor();
                continue;
            }
            if (generation > 1 && !connected && memcmp(buffer, "live", 4) == 0) {
                connected = 1;
                open_monitor(argv[3]);
                continue;
            }
            to_monitor(count);
        }
        if (monitor >= 0 && ready[1].revents) {
            long count = read(monitor, out, sizeof out);
            if (count <= 0)
                return say("the monitor is gone"), 0;
            from_monitor(out, count);
        }
    }
}
