// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/record-set.h"
#include "protocol/record-reader.h"

/* The records in a volume's bytes, as they come, in bounded memory and in a time that grows with
 * the bytes alone, whatever a guest wrote: as many as record-keep.h chooses of them, and stubs for
 * the rest, of which only the newest stay where there are very many. No I/O. */

/* Of the records that are kept: in memory at most PST_RECORD_MEMORY times as much. */
#define PST_RECORD_INTAKE_WEIGHT (2 * 1024 * 1024)
/* Records and stubs. A volume of 8 MiB, as virtlogd keeps it unless it is told otherwise, has no
 * more, be they as small as a record can be. */
#define PST_RECORD_INTAKE_MAX 100000

typedef struct PstRecordIntake PstRecordIntake;

PstRecordIntake *pst_record_intake_new(void);
void pst_record_intake_free(PstRecordIntake *intake);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstRecordIntake, pst_record_intake_free)

void pst_record_intake_take(PstRecordIntake *intake, const guint8 *bytes, gsize len);

/* How many bytes were taken, and how many of them up to behind the last whole record (0: there was
 * none), with what was counted up to there. */
gsize pst_record_intake_taken(const PstRecordIntake *intake);
gsize pst_record_intake_whole(const PstRecordIntake *intake, PstRecordCounters *counters);

/* A set of what was taken, the caller's; the intake is empty then. The counters are of all. */
GPtrArray *pst_record_intake_end(PstRecordIntake *intake, PstRecordCounters *counters);
