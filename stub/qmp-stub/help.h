/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef QMPKIT_HELP_H
#define QMPKIT_HELP_H

extern const char help[];

#endif
