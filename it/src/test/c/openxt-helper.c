/* SPDX-License-Identifier: Apache-2.0
 *
 * A model of OpenXT's helper in dom0, of one of three generations: one client at a time at a UNIX
 * socket, whose bytes go to QEMU's chardev in a stub domain.
 *
 *     openxt-helper argo|v4v GENERATION SOCKET STUBDOM
 *
 * It says what the original says on the wire: the first generation nothing; the second `dead` after
 * each client and `live` for all but the first; the third `live` for each. A read of the client is a
 * datagram, of up to a ring's size. Its defects end it, as they end the original.
 */
#define _GNU_SOURCE
#include "openxt.h"
#include <sys/select.h>

static char buffer[16304];

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    int generation = atoi(argv[2]), client = -1, clients = 0;
    struct sockaddr_un at = unix_address(argv[3]);

    open_device(argv[1], (unsigned)atoi(argv[4]), HELPER_PORT, QEMU_PORT);
    unlink(argv[3]);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(listener, (void *)&at, sizeof at) < 0 || listen(listener, 1) < 0)
        die("socket");
    say("ready");
    for (;;) {
        fd_set set;
        FD_ZERO(&set);
        /* Before its first client the older ones leave in the ring what QEMU says. */
        if (generation == 3 || clients > 0)
            FD_SET(device, &set);
        FD_SET(client < 0 ? listener : client, &set);
        if (select(1024, &set, NULL, NULL, NULL) < 0)
            die("select");
        if (client < 0 && FD_ISSET(listener, &set)) {
            client = accept(listener, NULL, NULL);
            if (generation == 3 || (generation == 2 && clients > 0))
                if (transmit("live", 4) < 0) {
                    close(client);
                    client = -1;
                }
            clients++;
            continue;
        }
        if (client >= 0 && FD_ISSET(client, &set)) {
            long count = read(client, buffer, sizeof buffer);
            if (count == 0) {
                if (generation == 1)
                    return 0;
                transmit("dead", 4);
                close(client);
                client = -1;
                continue;
            }
            if (count < 0 || transmit(buffer, (size_t)count) < 0)
                return perror("exiting"), 0;
        }
        if (FD_ISSET(device, &set)) {
            long count = receive(buffer, sizeof buffer);
            if (count < 0)
                return perror("exiting"), 0;
            if (client >= 0 && write(client, buffer, (size_t)count) < 0) {
                close(client);
                client = -1;
            }
        }
    }
}
