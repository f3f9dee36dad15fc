// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/enroll-agent.h"

/* Files, by a guest's agent: there and back in pieces. Blocks. */

/* What is handed over at once. In base64 it is a third more: a command of 213 KB arrived, one of
 * 240 KB was never answered (QEMU 7.2, libvirt 9.0). */
#define PST_ENROLL_TRANSFER_PIECE (64 * 1024)

/* Writes BYTES to the file at PATH, which is made anew, and flushes and closes it. */
gboolean pst_enroll_transfer_put(const PstEnrollAgent *agent, const char *path, GBytes *bytes,
                                 GError **error);

/* The file at PATH, of at most MAX bytes; else PST_ERROR_TOO_LARGE. */
GBytes *pst_enroll_transfer_get(const PstEnrollAgent *agent, const char *path, gsize max,
                                GError **error);
