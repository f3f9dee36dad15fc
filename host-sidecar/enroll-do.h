// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/enroll.h"
#include "host-sidecar/guest.h"

/* Enrolling a guest, or undoing it: what is looked at, and what is done, in tasks that may be left
 * behind. */

/* One of either. Reference-counted: a task that was left behind holds it still, and then nobody
 * else may look at it. */
typedef struct {
    gint references;
    PstGuest *guest;
    gboolean undo;
    PstEnrollFacts *facts;
    PstEnrollPackage *package; /* NULL: none */
    GBytes *configuration;     /* NULL: none */
    char *configuration_sha256;
    GPtrArray *steps; /* pst_enroll_plan(); told as they are done */
    gboolean left;    /* the package is in the guest, at the place where the lines have it */
} PstEnrollJob;

/* Holds the guest. */
PstEnrollJob *pst_enroll_do_new(PstGuest *guest, gboolean undo);
void pst_enroll_do_unref(PstEnrollJob *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstEnrollJob, pst_enroll_do_unref)

/* Finds the job's facts. FALSE with the error where libvirt does not tell. */
gboolean pst_enroll_do_look(PstEnrollJob *job, gint64 deadline_us, GError **error);

/* Does the steps that are due, but for the proof, the first that fails being the last. FALSE with
 * the error where nothing was changed, as what would be added can't be noted, or, with
 * PST_ERROR_DEADLINE, it is not known what was. */
gboolean pst_enroll_do(PstEnrollJob *job, gint64 deadline_us, GError **error);
