/* SPDX-License-Identifier: Apache-2.0
 *
 * A program with the symbols that the preloaded chardevs look for, and a version of its own. It
 * aborts where anything but the version is used. -DMAJOR=0: it has some of them only; -DCLOSED: none.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef CLOSED
#define UNTOUCHED(name) void name(void) { abort(); }
UNTOUCHED(type_register_static)
UNTOUCHED(qemu_chr_be_event)
UNTOUCHED(qemu_chr_be_write)
#if MAJOR > 0
UNTOUCHED(g_source_new)
UNTOUCHED(qemu_chr_be_can_write)
UNTOUCHED(qemu_chr_parse_common)
UNTOUCHED(qemu_opt_get)
UNTOUCHED(error_setg_internal)
UNTOUCHED(warn_report)
UNTOUCHED(qemu_add_opts)

char qemu_chardev_opts[64];

struct { int64_t *qemu; char *package; } version;
static int64_t triple[] = { MAJOR, 0, 1 };

void *qmp_query_version(void *error)
{
    (void)error;
    version.qemu = triple;
    return &version;
}

void qapi_free_VersionInfo(void *info)
{
    (void)info;
}
#endif
#endif

int main(void)
{
    puts("main");
    return 0;
}
