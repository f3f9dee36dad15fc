// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/volume-records.h"
#include "protocol/report.h"

/* What a volume answers: pure. */

/* How many reports of a newer shim are passed over for one that this program can read. */
#define PST_VOLUME_RECALL_MAX 64

/* The report with which DOMAIN's records answer the question about PROBE with ARGS; *RECORD is the
 * one that holds it, borrowed. Where a later look had no answer, or its report is none that this
 * program can read, the report says so. Owned by the caller. NULL with PST_ERROR_UNAVAILABLE where
 * there is none, or with what is wrong with the newest. */
PstReport *pst_volume_recall(const PstVolumeRecords *records, const char *probe, JsonObject *args,
                             const char *domain, const PstRecord **record, GError **error);
