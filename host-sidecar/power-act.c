// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/power-act.h"

#include "host-sidecar/evidence.h"
#include "host-sidecar/power-do.h"
#include "protocol/error.h"
#include "protocol/json.h"

#define METHOD "power"

static gboolean
may_begin(const PstGuest *guest, const PstPowerWish *wish, gint64 deadline_us, gboolean *needed,
          GError **error)
{
    if (deadline_us - g_get_monotonic_time() >= PST_POWER_MIN_SECONDS * (gint64)G_USEC_PER_SEC)
        return pst_power_may(wish->action, guest->state, needed, error);
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                "power needs %d s for the evidence and the act, and fewer are left: nothing was "
                "changed; say a longer --deadline",
                PST_POWER_MIN_SECONDS);
    return FALSE;
}

JsonObject *
pst_power_act(PstGuest *guest, const PstPowerWish *wish, gint64 deadline_us, GError **error)
{
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;
    gboolean needed = FALSE;
    g_autoptr(PstForensics) evidence = NULL;

    if (!may_begin(guest, wish, deadline_us, &needed, error))
        return NULL;
    if (needed && wish->without_forensics == NULL) {
        evidence = pst_evidence_keep(guest, METHOD, deadline_us, error);
        if (evidence == NULL)
            return NULL;
    }
    g_autoptr(PstPowerDone) done =
        pst_power_do(guest, wish->action, wish->graceful, deadline_us, error);
    if (done == NULL)
        return NULL;
    JsonObject *result = json_object_new();
    pst_json_set_string(result, "guest", guest->name);
    json_object_set_object_member(result, "power",
                                  pst_fields_encode(&pst_power_done_fields, done, &cut));
    if (evidence != NULL)
        json_object_set_object_member(result, "bundle", pst_evidence_to_json(evidence));
    return result;
}
