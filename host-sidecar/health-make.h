// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/health.h"
#include "host-sidecar/hypervisor.h"

/* The whole of a sweep: what is expected and what the last one left is read, the guests are asked,
 * what they said is judged, and what the next one is to know is written. */

typedef struct {
    PstHypervisor *hypervisor; /* lent */
    const char *verb;          /* of the records for the audit */
    const char *caller;        /* who asks, for the guests' own records */
    const char *owner;         /* whose news and lock they are; NULL: this process's user's */
    char *const *domains;      /* NULL-terminated; NULL: all of the hypervisor's */
    gint64 deadline_us;        /* monotonic clock */
    /* Of each guest that is about to be asked N questions; from several threads, and may block.
     * May be NULL. */
    void (*asking)(const char *guest, guint n, gpointer user_data);
    gpointer user_data;
} PstHealthMaking;

/* Appends to RECORDS, an array of PstAnswer that frees them, one for each guest that was asked, for
 * the audit. NULL with the error: PST_ERROR_NO_HYPERVISOR, PST_ERROR_USAGE of the configuration,
 * PST_ERROR_BUSY where another sweep is under way, PST_ERROR_NO_DOMAIN where one that is named is
 * no more. What keeps the memory from being kept is among the verdict's notes. */
PstHealth *pst_health_make(const PstHealthMaking *making, GPtrArray *records, GError **error);
