// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/hypervisor.h"

/* What domains that are no more have left: volumes of the pool `postern`, and files of the store,
 * whose UUID no domain of the hypervisor has. */

typedef struct {
    char *uuid;
    char *name;        /* the domain's, as its records have it; NULL where they do not tell */
    gint64 written_us; /* the last of it, the host's real time; 0 where not known */
    guint64 volume_bytes, store_bytes;
    guint n_parts;
    gboolean undated; /* libvirt tells of a part of it not when it was written to */
    gboolean expired; /* older than it is to be kept, as far as all of it was looked at */
    gboolean removed;
    char *problem; /* why it was not removed, or could not be looked at; NULL */
} PstLeftover;

typedef struct {
    GPtrArray *items; /* of PstLeftover, the oldest first */
    gint64 keep_us;   /* how long it is kept */
    char *problem;    /* why the volumes could not be listed; NULL */
    gboolean no_pool; /* because libvirt has no such pool: then there is none */
} PstLeftovers;

void pst_leftovers_free(PstLeftovers *leftovers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstLeftovers, pst_leftovers_free)

/* Lists them, and removes those that have expired where PRUNE is said; before each it is asked once
 * more whether a domain has it. */
PstLeftovers *pst_leftovers_make(PstHypervisor *hypervisor, gboolean prune, gint64 deadline_us,
                                 GError **error);
