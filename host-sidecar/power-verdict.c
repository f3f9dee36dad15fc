// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/power-verdict.h"

#include "protocol/report-services.h"

static const char *const verdict_names[] = {"back", "worse", "not-back", "gone", "untold", NULL};

static const PstField proof_rows[] = {
    PST_ENUM(PstPowerProof, verdict, verdict_names, "whether it is back, and as it was"),
    PST_STRING(PstPowerProof, seen, "what was seen last, one line"),
    PST_INT(PstPowerProof, waited_ms, "milliseconds, since the act"),
    PST_STRING(PstPowerProof, boot_before, "its boot id before"),
    PST_STRING(PstPowerProof, boot_after, "its boot id now"),
    PST_STRINGS(PstPowerProof, new_failed, "units that are failed and were not"),
    PST_INT(PstPowerProof, n_failed, "how many were failed before"),
};
const PstFields pst_power_proof_fields = PST_FIELDS(PstPowerProof, proof_rows);

void
pst_power_verdict_free(PstPowerProof *proof)
{
    pst_fields_free(&pst_power_proof_fields, proof);
}

/* A report that was cut, or could not look at something, may miss one that is failed. */
static gboolean
is_whole(const PstReport *report)
{
    if (report->truncated || report->status == PST_STATUS_UNKNOWN)
        return FALSE;
    for (guint i = 0; i < report->findings->len; i++)
        if (((PstFinding *)report->findings->pdata[i])->severity == PST_SEVERITY_UNKNOWN)
            return FALSE;
    return TRUE;
}

char **
pst_power_verdict_failed(const PstReport *report)
{
    const PstServicesData *data = report->data;
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    if (!is_whole(report))
        return NULL;
    for (guint i = 0; data->units != NULL && i < data->units->len; i++) {
        const PstServicesUnit *unit = data->units->pdata[i];
        if (g_strcmp0(unit->active, "failed") == 0)
            g_strv_builder_add(builder, unit->name);
    }
    return g_strv_builder_end(builder);
}

static char **
new_failed(const char *const *before, const char *const *now)
{
    GStrvBuilder *builder = g_strv_builder_new();

    for (guint i = 0; now[i] != NULL; i++)
        if (before == NULL || !g_strv_contains(before, now[i]))
            g_strv_builder_add(builder, now[i]);
    char **names = g_strv_builder_end(builder);
    g_strv_builder_unref(builder);
    return names;
}

void
pst_power_verdict_compare(PstPowerProof *proof, const char *const *before, const char *const *after)
{
    proof->verdict = PST_POWER_UNTOLD;
    if (after == NULL)
        return;
    proof->new_failed = new_failed(before, after);
    if (proof->new_failed[0] == NULL)
        proof->verdict = PST_POWER_BACK;
    else if (before != NULL)
        proof->verdict = PST_POWER_WORSE;
}
