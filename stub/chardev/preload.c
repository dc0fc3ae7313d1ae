/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * char-argo.c in a QEMU that was built without it: before main() it joins the
 * chardevs, and its options those of -chardev. Only where the version is one
 * whose structures are in preload.h; elsewhere nothing is touched.
 */
#include "preload.h"

#include <stdlib.h>

/* Those that the tests have run. A class may have got more members at its end, but no other ones. */
static const VersionTriple known[] = { { 7, 2, 0 }, { 10, 0, 0 } };

static bool is_known(const VersionTriple *version)
{
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (version->major == known[i].major && version->minor == known[i].minor) {
            return true;
        }
    }
    return false;
}

static bool has_symbols(void)
{
    return g_source_new && qemu_chr_be_event && qemu_chr_be_write && qemu_chr_be_can_write &&
           qemu_chr_parse_common && qemu_opt_get && error_setg_internal && warn_report &&
           qemu_add_opts && &qemu_chardev_opts && qmp_query_version && qapi_free_VersionInfo;
}

/* QEMU's list, and what is ours: the first list of a name is the one that counts. */
static void add_options(void)
{
    static const QemuOptDesc more[] = {
        { .name = "domid" }, { .name = "stream", .type = QEMU_OPT_BOOL }, { .name = "generation" },
        { .name = "chunk" }, { .name = "full" }, { 0 },
    };
    size_t count = 0;
    QemuOptsList *list;

    while (qemu_chardev_opts.desc[count].name) {
        count++;
    }
    list = calloc(1, sizeof *list + count * sizeof *list->desc + sizeof more);
    if (list) {
        *list = (QemuOptsList) { .name = "chardev", .implied_opt_name = "backend" };
        list->head.last = &list->head;
        memcpy(list->desc, qemu_chardev_opts.desc, count * sizeof *list->desc);
        memcpy(list->desc + count, more, sizeof more);
        qemu_add_opts(list);
    }
}

static void refuse_it(const char *why)
{
    fprintf(stderr, "%s: %s: build QEMU with chardev-argo, or start it under qmp-stub\n",
            program_invocation_short_name, why);
}

__attribute__((constructor)) static void begin(void)
{
    VersionInfo *version;
    char why[120];

    if (!type_register_static || !has_symbols()) {
        if (strstr(program_invocation_short_name, "qemu-system-")) {
            refuse_it("chardev-argo.so: this QEMU does not export its symbols");
        }
        return;
    }
    version = qmp_query_version(NULL);
    if (is_known(version->qemu)) {
        char_argo_register();
        add_options();
    } else {
        snprintf(why, sizeof why,
                 "chardev-argo.so knows QEMU 7.2 and 10.0 from inside, and not %" PRId64 ".%" PRId64 ".%" PRId64,
                 version->qemu->major, version->qemu->minor, version->qemu->micro);
        refuse_it(why);
    }
    qapi_free_VersionInfo(version);
}
