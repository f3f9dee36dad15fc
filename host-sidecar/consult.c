// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/consult.h"

#include "host-sidecar/diagnose.h"
#include "host-sidecar/host-look.h"
#include "host-sidecar/recorder-report.h"
#include "host-sidecar/volume.h"
#include "protocol/json.h"
#include "protocol/report-host.h"

/* What an answer may wait for that was asked in passing. */
#define HARVEST_US G_USEC_PER_SEC
/* How long counters are watched where nobody says so. */
#define WATCH_MS 1000

static PstAnswer **
look(PstGuest *guest, PstAnswer **questions, gint64 deadline_us)
{
    PstAnswer *answer = questions[0];
    gint64 begun_us = g_get_monotonic_time(), watch_ms = WATCH_MS;

    (void)pst_json_get_int(answer->args, "watch_ms", PST_JSON_OPTIONAL, &watch_ms, NULL);
    answer->via = PST_VIA_HOST;
    answer->report = pst_host_look_report(guest, watch_ms, deadline_us, &answer->error);
    answer->took_ms = (g_get_monotonic_time() - begun_us) / 1000;
    return questions;
}

PstAnswer **
pst_consult_guest(PstGuest *guest, PstAnswer **questions, guint n, const char *caller,
                  gint64 deadline_us, const PstInquiryListener *listener, PstReport **host)
{
    if (n == 1 && g_str_equal(questions[0]->probe, pst_report_host_kind.name))
        return look(guest, questions, deadline_us);
    return pst_ladder_ask(&pst_guest_ladder, guest, questions, n, caller, deadline_us, listener,
                          host);
}

PstReport *
pst_consult_check_recorder(PstGuest *guest, PstAnswer *const *answers, guint n, PstReport *host,
                           gint64 deadline_us)
{
    if (!pst_diagnose_is_answered(answers, n))
        return host;
    g_clear_pointer(&host, pst_report_free);
    if (!pst_recorder_report_is_due(guest, answers, n))
        return NULL;
    return pst_recorder_report_make(guest, deadline_us);
}

void
pst_consult_harvest(PstGuest *guest, gint64 deadline_us)
{
    /* Who asked for something else is not told of it: list says it, and diagnose what it can't
     * read. */
    if (guest->xml.recorder)
        (void)pst_volume_harvest_until(guest, MIN(deadline_us, g_get_monotonic_time() + HARVEST_US),
                                       NULL);
}
