/* SPDX-License-Identifier: Apache-2.0
 *
 * Says to QEMU's chardev in a stub domain what no helper would, from the helper's port.
 *
 *     argo-talk argo|v4v STUBDOM DATAGRAM...
 *
 * Each word is sent as one datagram, an empty word as an empty one. "?TEXT" waits until TEXT has come,
 * or a line, and "!TEXT" prints TEXT, both on standard error; "@N" goes on from port N, "=PATH" when
 * there is a file at PATH. It waits for QEMU to be there, and fails where nothing comes for a minute.
 */
#define _GNU_SOURCE
#include "openxt.h"

static char buffer[1 << 20];

static void await(const char *text)
{
    size_t length = 0;

    while (memmem(buffer, length, text, strlen(text)) == NULL) {
        struct pollfd wait = { .fd = device, .events = POLLIN };
        long count = poll(&wait, 1, 60000) <= 0 ? -1 : receive(buffer + length, sizeof buffer - length);
        if (count < 0)
            exit(say("it does not come") + 2);
        length += (size_t)count;
    }
    fwrite(buffer, 1, length, stderr);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    unsigned domain = (unsigned)atoi(argv[2]);

    open_device(argv[1], domain, HELPER_PORT, QEMU_PORT);
    for (int i = 3; i < argc; i++) {
        if (argv[i][0] == '?') {
            await(argv[i][1] != '\0' ? argv[i] + 1 : "\n");
        } else if (argv[i][0] == '!') {
            say(argv[i] + 1);
        } else if (argv[i][0] == '=') {
            while (access(argv[i] + 1, F_OK) != 0)
                usleep(10000);
        } else if (argv[i][0] == '@') {
            close(device);
            open_device(argv[1], domain, (unsigned)atoi(argv[i] + 1), QEMU_PORT);
        } else {
            while (transmit(argv[i], strlen(argv[i])) < 0)
                if ((errno != ECONNREFUSED && errno != ENOTCONN) || usleep(10000) != 0)
                    die("send");
        }
    }
    return 0;
}
