// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/evidence.h"

#include <errno.h>
#include <unistd.h>

#include "host-sidecar/config.h"
#include "protocol/error.h"
#include "protocol/json.h"

/* Of the time until the deadline, for the evidence: so much at most, and a half. */
#define EVIDENCE_US (20 * (gint64)G_USEC_PER_SEC)

/* As the host's configuration says, else a folder of the user's state. */
static char *
bundles_of(GKeyFile *config)
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
keep(PstGuest *guest, const char *method, gint64 deadline_us, GError **error)
{
    g_autoptr(GKeyFile) config = pst_config_load(error);

    if (config == NULL)
        return NULL;
    g_autofree char *folder = bundles_of(config);
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
    const PstForensicsWish wish = {.method = method,
                                   .path = path,
                                   .beside = TRUE,
                                   .wish = &ask,
                                   .unattended = TRUE,
                                   .span_us = span_us,
                                   .deadline_us = g_get_monotonic_time() + span_us};
    return pst_forensics_make(guest, &wish, error);
}

/* What was had and found no room on the disk is told nowhere any more after the act: the bundle
 * stays, and says so itself. A guest that tells more than goes into a bundle keeps nobody from it.
 */
static gboolean
is_written(const PstForensics *evidence, GError **error)
{
    const GPtrArray *parts = evidence->manifest->parts;
    gboolean lost = FALSE;

    for (guint i = 0; i < parts->len; i++)
        lost |= pst_manifest_part_state(parts->pdata[i]) == PST_MANIFEST_PART_UNWRITTEN &&
                !pst_bundle_is_over_bounds(parts->pdata[i]);
    if (!lost)
        return TRUE;
    g_autofree char *unwritten = pst_manifest_unwritten(evidence->manifest);
    g_set_error(error, PST_ERROR, PST_ERROR_OUTPUT, "%s: %s", evidence->path, unwritten);
    return FALSE;
}

PstForensics *
pst_evidence_keep(PstGuest *guest, const char *method, gint64 deadline_us, GError **error)
{
    g_autoptr(PstForensics) evidence = keep(guest, method, deadline_us, error);

    if (evidence != NULL && is_written(evidence, error))
        return g_steal_pointer(&evidence);
    g_prefix_error(error, "nothing was changed, since its evidence could not be kept "
                          "(--without-forensics REASON goes on without): ");
    return NULL;
}

JsonObject *
pst_evidence_to_json(const PstForensics *forensics)
{
    JsonObject *json = json_object_new();

    pst_json_set_string(json, "path", forensics->path);
    pst_json_set_string(json, "sha256", forensics->sha256);
    pst_json_set_string(json, "status", pst_report_status_names[forensics->status]);
    return json;
}
