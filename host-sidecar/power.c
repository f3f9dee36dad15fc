// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/power.h"

#include <string.h>

#include "protocol/error.h"

const char *const pst_power_action_names[] = {"reset", "stop", "start", "cycle", NULL};

static const PstField step_rows[] = {
    PST_REQUIRED_STRING(PstPowerStep, step, "agent, acpi, hard or start"),
    PST_INT(PstPowerStep, took_ms, "milliseconds"),
    PST_STRING(PstPowerStep, problem, "why it brought nothing about"),
};
const PstFields pst_power_step_fields = PST_FIELDS(PstPowerStep, step_rows);

static const PstField done_rows[] = {
    PST_ENUM(PstPowerDone, action, pst_power_action_names, "what was asked for"),
    PST_STRING(PstPowerDone, state_before, "of the domain, in libvirt's words"),
    PST_STRING(PstPowerDone, state_after, "the same, afterwards"),
    PST_BOOL(PstPowerDone, changed, "absent or no: it was so already, and nothing was done"),
    PST_LIST(PstPowerDone, steps, pst_power_step_fields, "the ways that were taken, in order"),
    PST_STRING(PstPowerDone, note, "what is to be known beside"),
};
const PstFields pst_power_done_fields = PST_FIELDS(PstPowerDone, done_rows);

void
pst_power_done_free(PstPowerDone *done)
{
    pst_fields_free(&pst_power_done_fields, done);
}

gboolean
pst_power_parse(const char *text, PstPowerAction *action, GError **error)
{
    for (guint i = 0; i < PST_POWER_N_ACTIONS; i++) {
        if (!g_str_equal(text, pst_power_action_names[i]))
            continue;
        *action = (PstPowerAction)i;
        return TRUE;
    }
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                "power %.64s: say status, reset, stop, start or cycle", text);
    return FALSE;
}

gboolean
pst_power_check_reason(const char *reason, GError **error)
{
    if (reason == NULL || (*reason != '\0' && strlen(reason) <= PST_POWER_MAX_REASON))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                "the reason to keep no evidence has 1 to %d bytes", PST_POWER_MAX_REASON);
    return FALSE;
}
