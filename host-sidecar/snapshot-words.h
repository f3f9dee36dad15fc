// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

#include "host-sidecar/power-verdict.h"
#include "host-sidecar/snapshot.h"

/* What `snapshot` prints, and its exit status. Pure functions. */

typedef struct {
    JsonObject *act;       /* as pst_snapshot_act_create() or …_revert() returns it */
    PstSnapshotDone *done; /* its member `snapshot` */
    PstPowerProof *proof;  /* of a guest that runs after a revert; else NULL */
} PstSnapshotOutcome;

void pst_snapshot_words_clear(PstSnapshotOutcome *outcome);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstSnapshotOutcome, pst_snapshot_words_clear)

/* All free with g_free(), json_object_unref(). */
char *pst_snapshot_words_list(const PstSnapshotList *list);
char *pst_snapshot_words_created(const PstSnapshotOutcome *outcome);
char *pst_snapshot_words_reverted(const PstSnapshotOutcome *outcome);
JsonObject *pst_snapshot_words_json(const PstSnapshotOutcome *outcome);

/* As pst_power_words_exit_code(); of what needs no proof PST_EXIT_OK. */
int pst_snapshot_words_exit_code(const PstSnapshotOutcome *outcome);

/* What a revert loses, on one line, escaped. */
char *pst_snapshot_words_lost(const char *domain, const PstSnapshotDone *preview);
