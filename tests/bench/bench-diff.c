// SPDX-License-Identifier: LGPL-2.1-or-later
/* bench-diff FACTS ROUNDS: two baselines of a guest that tell so many facts, a hundredth of which
 * differ: written, read and held against each other. Prints one JSON object, times as medians. */
#include <stdio.h>
#include <stdlib.h>

#include "host-sidecar/diff.h"
#include "protocol/report-services.h"
#include "tests/bench/bench.h"

/* That a unit tells beside its name. */
#define FACTS_A_UNIT 4
#define UNITS_A_REPORT 500

static PstAnswer *
answer_of(guint number, guint n_units, gboolean changed)
{
    g_autoptr(JsonObject) args = json_object_new();
    g_autofree char *user = g_strdup_printf("user%u", number);

    json_object_set_string_member(args, "user", user);
    PstAnswer *answer = pst_answer_new("web", pst_report_services_kind.name, args);
    answer->via = PST_VIA_CHANNEL;
    answer->report = pst_report_new(&pst_report_services_kind);
    PstServicesData *data = answer->report->data;
    for (guint i = 0; i < n_units; i++) {
        PstServicesUnit *unit = pst_fields_append(&pst_report_services_unit_fields, &data->units);
        unit->name = g_strdup_printf("unit-%u.service", i);
        unit->description = g_strdup("A unit that does what it is told");
        unit->active = g_strdup(changed && i % 25 == 0 ? "failed" : "active");
        unit->load = g_strdup("loaded");
        unit->fragment_path = g_strdup_printf("/lib/systemd/system/unit-%u.service", i);
        unit->main_pid = (changed ? 1000 : 3000) + i;
    }
    pst_report_conclude(answer->report, "all is well");
    return answer;
}

static PstBaseline *
baseline_of(guint facts, gboolean changed)
{
    const PstBaselineWish wish = {NULL};
    guint n_units = facts / FACTS_A_UNIT;
    guint n = (n_units + UNITS_A_REPORT - 1) / UNITS_A_REPORT;
    PstAnswer **answers = g_new0(PstAnswer *, n);

    for (guint i = 0; i < n; i++)
        answers[i] = answer_of(i, MIN(UNITS_A_REPORT, n_units - i * UNITS_A_REPORT), changed);
    return pst_baseline_make(answers, n, &wish, NULL, NULL, g_get_real_time());
}

int
main(int argc, char **argv)
{
    guint facts = argc > 1 ? (guint)atoi(argv[1]) : 10000;
    guint rounds = argc > 2 ? (guint)MAX(1, atoi(argv[2])) : 21;
    g_autoptr(PstBaseline) before = baseline_of(facts, FALSE);
    g_autoptr(PstBaseline) made = baseline_of(facts, TRUE);
    g_autoptr(GArray) read_us = pst_bench_times();
    g_autoptr(GArray) diff_us = pst_bench_times();
    gsize len = 0;
    g_autofree char *text = pst_baseline_to_text(made, &len);
    guint n_facts = 0, n_changes = 0;

    for (guint i = 0; i < rounds; i++) {
        gint64 begun_us = g_get_monotonic_time();
        g_autoptr(PstBaseline) after = pst_baseline_read(text, len, NULL);
        gint64 read = g_get_monotonic_time();
        g_autoptr(PstDiff) diff = pst_diff_make(before, after);

        gint64 took_us = g_get_monotonic_time() - read, took_read_us = read - begun_us;
        g_array_append_val(diff_us, took_us);
        g_array_append_val(read_us, took_read_us);
        n_facts = diff->n_facts;
        n_changes = diff->changes->len;
    }
    printf("{\"facts\":%u,\"changes\":%u,\"bytes\":%zu,\"read_us\":%" G_GINT64_FORMAT
           ",\"diff_us\":%" G_GINT64_FORMAT "}\n",
           n_facts, n_changes, len, pst_bench_quantile(read_us, 0.5),
           pst_bench_quantile(diff_us, 0.5));
    return 0;
}
