// SPDX-License-Identifier: LGPL-2.1-or-later
/* The readers of what systemctl prints take any text: every row that they give has what the judges
 * rely on. */
#include <string.h>

#include "guest-shim/units-systemctl.h"
#include "tests/fuzz/fuzz.h"

static void
check_details(const char *text)
{
    GPtrArray *list = pst_units_systemctl_parse(text);

    for (guint i = 0; i < list->len; i++) {
        const PstUnitDetails *details = list->pdata[i];
        g_assert_true(details->id == NULL || *details->id != '\n');
    }
    pst_units_list_free(&pst_units_details_fields, list);
}

static void
check_list(const char *text)
{
    GPtrArray *list = pst_units_systemctl_parse_list(text);

    for (guint i = 0; i < list->len; i++) {
        const PstUnit *unit = list->pdata[i];
        g_assert_nonnull(unit->id);
        g_assert_null(strpbrk(unit->id, " \n"));
        g_assert_nonnull(unit->active);
        g_assert_nonnull(unit->sub);
    }
    pst_units_list_free(&pst_units_unit_fields, list);
}

static void
check_jobs(const char *text)
{
    GPtrArray *list = pst_units_systemctl_parse_jobs(text);

    for (guint i = 0; i < list->len; i++) {
        const PstUnitsJob *job = list->pdata[i];
        g_assert_nonnull(job->unit);
        g_assert_nonnull(job->type);
        g_assert_nonnull(job->state);
    }
    pst_units_list_free(&pst_units_job_fields, list);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autofree char *text = g_strndup((const char *)data, len);

    check_details(text);
    check_list(text);
    check_jobs(text);
    return 0;
}
