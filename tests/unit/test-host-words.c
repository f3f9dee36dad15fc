// SPDX-License-Identifier: LGPL-2.1-or-later
/* How old the last record is, and how long before what happened then it was written. */
#include "host-sidecar/host-words.h"

#define SECOND G_GINT64_CONSTANT(1000000)
#define NOW (G_GINT64_CONSTANT(1800000000) * SECOND)
#define NONE PST_INT_UNKNOWN

typedef struct {
    const char *name;
    gint64 record_ms, console_ms;
    const char *state;         /* of the last entry; NULL: there is none */
    gint64 seen_ms, before_ms; /* ages: when it was first seen so, and when the state before last */
    const char *record, *since;
} Row;

static const Row rows[] = {
    {"no record", NONE, NONE, "crashed", 3000, 3000, "", ", since 3 s ago"},
    {"nothing else", 15000, NONE, NULL, 0, 0, "; its last record: 15 s ago", ""},
    {"the console tells more", 15000, 3500, "crashed", 3000, 3000,
     "; its last record is 11.5 s older than the console's last line", ", since 3 s ago"},
    {"a record after the console's last line", 2000, 3500, NULL, 0, 0, "; its last record: 2 s ago",
     ""},
    {"an event told when", 15000, NONE, "crashed", 3000, 3000,
     "; its last record: 15 s ago, 12.0 s before that", ", since 3 s ago"},
    {"between two looks", 15000, NONE, "crashed", 3000, 9000,
     "; its last record: 15 s ago, at most 12.0 s before that",
     ", since between 9 s ago and 3 s ago"},
    {"nobody had looked before", 15000, NONE, "crashed", 3000, NONE, "; its last record: 15 s ago",
     ", first seen 3 s ago"},
    {"a record after it", 2000, NONE, "crashed", 3000, 3000, "; its last record: 2 s ago",
     ", since 3 s ago"},
    {"it was in another state", 15000, NONE, "running", 3000, 3000, "; its last record: 15 s ago",
     ""},
};

static void
test_row(gconstpointer user_data)
{
    const Row *row = user_data;
    PstHostData *data = pst_fields_new(pst_report_host_kind.data);

    data->state = g_strdup("crashed");
    if (row->record_ms != NONE) {
        data->last_record = pst_fields_new(&pst_report_host_record_fields);
        data->last_record->age_ms = row->record_ms;
    }
    if (row->console_ms != NONE) {
        data->console = pst_fields_new(&pst_report_host_console_fields);
        data->console->age_ms = row->console_ms;
    }
    if (row->state != NULL) {
        PstHostLifecycle *last =
            pst_fields_append(&pst_report_host_lifecycle_fields, &data->lifecycle);
        last->state = g_strdup(row->state);
        last->seen_us = NOW - row->seen_ms * 1000;
        last->before_us = row->before_ms != NONE ? NOW - row->before_ms * 1000 : NONE;
        last->age_ms = row->seen_ms;
    }
    g_autofree char *record = pst_host_words_record(data);
    g_autofree char *since = pst_host_words_since(data);
    g_assert_cmpstr(record, ==, row->record);
    g_assert_cmpstr(since, ==, row->since);
    pst_fields_free(pst_report_host_kind.data, data);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strdup_printf("/host-words/%s", rows[i].name);
        g_test_add_data_func(path, &rows[i], test_row);
    }
    return g_test_run();
}
