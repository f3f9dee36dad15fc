// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/record-intake.h"

#include "host-sidecar/record-keep.h"

struct PstRecordIntake {
    PstRecordReader *reader;
    GPtrArray *records;
    gsize weight; /* of those that are no stubs */
    gsize taken, whole;
    PstRecordCounters counters; /* up to behind the last whole one */
};

PstRecordIntake *
pst_record_intake_new(void)
{
    PstRecordIntake *intake = g_new0(PstRecordIntake, 1);

    intake->reader = pst_record_reader_new();
    intake->records = pst_record_set_new();
    return intake;
}

void
pst_record_intake_free(PstRecordIntake *intake)
{
    pst_record_reader_free(intake->reader);
    g_ptr_array_unref(intake->records);
    g_free(intake);
}

/* The oldest stubs beyond the bound go: what is kept keeps its order without them. */
static void
drop_stubs(PstRecordIntake *intake)
{
    GPtrArray *all = intake->records;
    guint excess = all->len > PST_RECORD_INTAKE_MAX ? all->len - PST_RECORD_INTAKE_MAX : 0;

    if (excess == 0)
        return;
    intake->records = pst_record_set_new();
    for (guint i = 0; i < all->len; i++) {
        PstRecord *record = g_steal_pointer(&all->pdata[i]);
        gboolean goes = excess > 0 && record->body == NULL;

        excess -= goes;
        if (goes)
            pst_record_free(record);
        else
            g_ptr_array_add(intake->records, record);
    }
    g_ptr_array_set_free_func(all, NULL);
    g_ptr_array_unref(all);
}

static void
thin(PstRecordIntake *intake)
{
    pst_record_keep_thin(intake->records, PST_RECORD_INTAKE_WEIGHT);
    drop_stubs(intake);
    intake->weight = pst_record_set_weight(intake->records);
}

void
pst_record_intake_take(PstRecordIntake *intake, const guint8 *bytes, gsize len)
{
    while (len > 0) {
        PstRecord *record = NULL;
        gsize n = pst_record_reader_take(intake->reader, bytes, len, &record);

        bytes += n;
        len -= n;
        intake->taken += n;
        if (record == NULL)
            continue;
        intake->whole = intake->taken;
        intake->counters = pst_record_reader_counters(intake->reader);
        g_ptr_array_add(intake->records, record);
        intake->weight += record->weight;
        /* Each time as much has come as stays: all of it takes a multiple of their number. */
        if (intake->weight > 2 * (gsize)PST_RECORD_INTAKE_WEIGHT)
            thin(intake);
    }
}

gsize
pst_record_intake_taken(const PstRecordIntake *intake)
{
    return intake->taken;
}

gsize
pst_record_intake_whole(const PstRecordIntake *intake, PstRecordCounters *counters)
{
    *counters = intake->counters;
    return intake->whole;
}

GPtrArray *
pst_record_intake_end(PstRecordIntake *intake, PstRecordCounters *counters)
{
    thin(intake);
    GPtrArray *records = g_steal_pointer(&intake->records);
    *counters = pst_record_reader_counters(intake->reader);
    intake->records = pst_record_set_new();
    intake->weight = 0;
    return records;
}
