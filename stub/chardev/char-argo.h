/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CHAR_ARGO_H
#define CHAR_ARGO_H

/*
 * Whether @filename is "argo" or "v4v", as in "-qmp argo:0:5100,full=end".
 * Its parts become options of @opts; a fault in them is in @errp.
 */
bool qemu_chr_argo_compat(QemuOpts *opts, const char *filename, Error **errp);

#endif
