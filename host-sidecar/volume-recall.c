// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/volume-recall.h"

#include "host-sidecar/recalled.h"
#include "protocol/error.h"
#include "protocol/json.h"

static PstReport *
have_none(const PstVolumeRecords *records, const char *domain, GError **error)
{
    const char *other = pst_volume_records_other_name(records, domain);

    if (records->unread != NULL)
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                    "what is kept of its records does not tell that, and there may be newer ones: "
                    "%s",
                    records->unread);
    else if (other == NULL)
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "its recorder never told of that");
    else
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                    "its recorder never told of that; its volume has records of %s", other);
    return NULL;
}

/* A guest whose shim was newer for a while has reports of before. */
static PstReport *
recall_older(const PstVolumeRecords *records, JsonObject *args, const char *domain,
             const PstRecord **record)
{
    g_autoptr(GPtrArray) older =
        pst_volume_records_find_older(records, *record, domain, PST_VOLUME_RECALL_MAX);

    for (guint i = 0; i < older->len; i++) {
        PstReport *report = pst_recalled_report(older->pdata[i], args, NULL);

        if (report != NULL) {
            *record = older->pdata[i];
            return report;
        }
    }
    return NULL;
}

PstReport *
pst_volume_recall(const PstVolumeRecords *records, const char *probe, JsonObject *args,
                  const char *domain, const PstRecord **record, GError **error)
{
    g_autoptr(GError) cause = NULL;
    const char *user = NULL;

    pst_json_get_string(args, "user", PST_JSON_OPTIONAL, &user, NULL);
    PstVolumeFound found = pst_volume_records_find_best(records, probe, user, domain);
    *record = found.told != NULL ? found.told : found.last;
    if (*record == NULL)
        return have_none(records, domain, error);
    PstReport *report = pst_recalled_report(*record, args, &cause);
    if (report == NULL && !g_error_matches(cause, PST_ERROR, PST_ERROR_UNAVAILABLE))
        report = recall_older(records, args, domain, record);
    if (report == NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }
    if (*record == found.last)
        return report;
    if (pst_recalled_is_silence(found.last))
        pst_recalled_add_silence(report, found.last);
    else
        pst_recalled_add_unread(report, cause->message);
    return report;
}
