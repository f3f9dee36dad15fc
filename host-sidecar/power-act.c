// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/power-act.h"

#include <errno.h>
#include <unistd.h>

#include "host-sidecar/config.h"
#include "host-sidecar/forensics.h"
#include "host-sidecar/power-do.h"
#include "protocol/error.h"
#include "protocol/json.h"

/* Of the time until the deadline, for the evidence: so much at most, and a half. */
#define EVIDENCE_US (20 * (gint64)G_USEC_PER_SEC)
#define METHOD "power"

char *
pst_power_act_bundles(GKeyFile *config)
{
    char *folder = g_key_file_get_string(config, "power", "bundles", NULL);

    if (folder != NULL)
        return folder;
    if (geteuid() == 0)
        return g_strdup("/var/lib/postern/bundles");
    return g_build_filename(g_get_user_state_dir(), "postern", "bundles", NULL);
}

/* In a folder that is only its owner's, by a name of guest and time. */
static PstForensics *
keep_evidence(PstGuest *guest, gint64 deadline_us, GError **error)
{
    g_autoptr(GKeyFile) config = pst_config_load(error);

    if (config == NULL)
        return NULL;
    g_autofree char *folder = pst_power_act_bundles(config);
    g_autofree char *name = pst_forensics_name(guest->name);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(JsonObject) nobody = json_object_new();
    const PstDiagnoseWish ask = {.vantage = nobody};
    gint64 span_us = MIN(EVIDENCE_US, (deadline_us - g_get_monotonic_time()) / 2);

    if (!g_path_is_absolute(folder)) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                    "configuration: [power] bundles=%s is no absolute path", folder);
        return NULL;
    }
    if (g_mkdir_with_parents(folder, 0700) != 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_OUTPUT, "%s: %s", folder, g_strerror(errno));
        return NULL;
    }
    const PstForensicsWish wish = {.method = METHOD,
                                   .path = path,
                                   .beside = TRUE,
                                   .wish = &ask,
                                   .unattended = TRUE,
                                   .span_us = span_us,
                                   .deadline_us = g_get_monotonic_time() + span_us};
    return pst_forensics_make(guest, &wish, error);
}

static JsonObject *
bundle_to_json(const PstForensics *forensics)
{
    JsonObject *json = json_object_new();

    pst_json_set_string(json, "path", forensics->path);
    pst_json_set_string(json, "sha256", forensics->sha256);
    pst_json_set_string(json, "status", pst_report_status_names[forensics->status]);
    return json;
}

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
        evidence = keep_evidence(guest, deadline_us, error);
        if (evidence == NULL) {
            g_prefix_error(error, "nothing was changed, since its evidence could not be kept "
                                  "(--without-forensics REASON goes on without): ");
            return NULL;
        }
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
        json_object_set_object_member(result, "bundle", bundle_to_json(evidence));
    return result;
}
