// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/health-make.h"

#include "host-sidecar/config.h"
#include "host-sidecar/health-file.h"
#include "host-sidecar/sweep-domains.h"
#include "protocol/error.h"
#include "protocol/report-host.h"

/* Of the deadline, for what comes after the last answer. */
#define MARGIN_US (200 * G_GINT64_CONSTANT(1000))

typedef struct {
    const PstHealthMaking *making;
    char *uri;
    PstExpect *expect;
    PstHealthFile *file; /* NULL where nothing can be kept */
    PstHealthMemory *memory;
    GPtrArray *notes; /* of char * */
    gint64 judged_us; /* real time */
} Sweeper;

static void
clear_sweeper(Sweeper *sweeper)
{
    g_free(sweeper->uri);
    g_clear_pointer(&sweeper->expect, pst_expect_free);
    g_clear_pointer(&sweeper->file, pst_health_file_free);
    g_clear_pointer(&sweeper->memory, pst_health_memory_free);
    g_clear_pointer(&sweeper->notes, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sweeper, clear_sweeper)

/* ---- what there is to know before ---- */

/* Without a place for its memory a sweep is as good as the first one. */
static gboolean
open_memory(Sweeper *sweeper, const char *folder, GError **error)
{
    g_autoptr(GError) cause = NULL;
    const char *owner = sweeper->making->owner;
    g_autofree char *key =
        owner != NULL ? g_strconcat(sweeper->uri, "#", owner, NULL) : g_strdup(sweeper->uri);

    sweeper->file = pst_health_file_open(folder, key, &cause);
    if (sweeper->file != NULL) {
        sweeper->memory = pst_health_file_read(sweeper->file);
        return TRUE;
    }
    if (cause->code == PST_ERROR_BUSY) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    g_ptr_array_add(sweeper->notes,
                    g_strdup_printf("nothing is kept for the next sweep: %s", cause->message));
    sweeper->memory = pst_health_memory_new();
    return TRUE;
}

static gboolean
prepare(Sweeper *sweeper, GError **error)
{
    const PstHealthMaking *making = sweeper->making;
    g_autoptr(GKeyFile) config = pst_config_load(error);
    g_autofree char *folder = config != NULL ? pst_health_file_folder(config, error) : NULL;

    if (folder == NULL)
        return FALSE;
    sweeper->notes = g_ptr_array_new_with_free_func(g_free);
    sweeper->expect = pst_expect_read(config, error);
    if (sweeper->expect == NULL)
        return FALSE;
    sweeper->uri = pst_hypervisor_ask_uri(making->hypervisor, making->deadline_us, error);
    return sweeper->uri != NULL && open_memory(sweeper, folder, error);
}

/* ---- what is left behind ---- */

/* One record a guest and not one a question: a sweep asks some twenty of each. */
static PstAnswer *
record_of(const PstHealthSight *sight, PstStatus status, const char *verb)
{
    PstAnswer *answer = pst_answer_new(sight->name, verb, NULL);

    for (int i = 0; sight->via != NULL && i < PST_VIA_NONE; i++)
        if (g_str_equal(sight->via, pst_answer_via_names[i]))
            answer->via = i;
    if (sight->answered) {
        answer->report = pst_report_new(&pst_report_host_kind);
        answer->report->status = status;
    } else {
        answer->error = g_error_new_literal(PST_ERROR, PST_ERROR_UNAVAILABLE, "no answer");
    }
    return answer;
}

static void
record_all(const Sweeper *sweeper, const GPtrArray *sights, const PstHealth *health,
           GPtrArray *records)
{
    for (guint i = 0; i < sights->len; i++) {
        const PstHealthSight *sight = sights->pdata[i];

        for (guint j = 0; sight->asked && j < health->domains->len; j++) {
            const PstHealthRow *row = health->domains->pdata[j];
            if (g_str_equal(row->name, sight->name))
                g_ptr_array_add(records,
                                record_of(sight, (PstStatus)row->status, sweeper->making->verb));
        }
    }
}

/* Of named domains the breaker learns, but what all sweeps told is no news for the next one. */
static void
keep(Sweeper *sweeper, const PstHealth *health, const GPtrArray *sights)
{
    g_autoptr(GError) error = NULL;
    gboolean complete = sweeper->making->domains == NULL;

    if (sweeper->file == NULL)
        return;
    pst_health_note(sweeper->memory, health, sights, complete, sweeper->judged_us);
    if (!pst_health_file_write(sweeper->file, sweeper->memory, &error))
        g_ptr_array_add(sweeper->notes,
                        g_strdup_printf("nothing is kept for the next sweep: %s", error->message));
}

/* ---- the sweep ---- */

static char **
list_domains(const PstHealthMaking *making, GError **error)
{
    if (making->domains != NULL)
        return g_strdupv((char **)making->domains);
    return pst_hypervisor_list(making->hypervisor, making->deadline_us, error);
}

static PstHealth *
sweep(Sweeper *sweeper, GPtrArray *records, GError **error)
{
    const PstHealthMaking *making = sweeper->making;
    gboolean named = making->domains != NULL;
    const PstSweepPlan plan = {sweeper->memory, named, making->caller, making->asking,
                               making->user_data};
    const PstSweepGuests guests = pst_sweep_domains(making->hypervisor);
    g_auto(GStrv) names = list_domains(making, error);
    g_autoptr(GError) missing = NULL;
    gint64 begun_us = g_get_monotonic_time();

    if (names == NULL)
        return NULL;
    g_autoptr(GPtrArray) sights =
        pst_sweep_make(&guests, names, &plan, making->deadline_us - MARGIN_US, &missing);
    sweeper->judged_us = g_get_real_time();
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_local(sweeper->judged_us / G_USEC_PER_SEC);
    const PstHealthView view = {sweeper->memory, sweeper->expect, now, !named};
    g_autoptr(PstHealth) health = pst_health_judge(sights, &view);

    health->uri = g_strdup(sweeper->uri);
    health->took_ms = (g_get_monotonic_time() - begun_us) / 1000;
    health->begun_us = sweeper->judged_us - health->took_ms * 1000;
    record_all(sweeper, sights, health, records);
    keep(sweeper, health, sights);
    g_ptr_array_add(sweeper->notes, NULL);
    health->notes = g_strdupv((char **)sweeper->notes->pdata);
    /* The others were asked all the same, and what they said is kept. */
    if (named && missing != NULL) {
        g_propagate_error(error, g_steal_pointer(&missing));
        return NULL;
    }
    return g_steal_pointer(&health);
}

PstHealth *
pst_health_make(const PstHealthMaking *making, GPtrArray *records, GError **error)
{
    g_auto(Sweeper) sweeper = {.making = making};
    g_autoptr(GError) cause = NULL;
    PstHealth *health = prepare(&sweeper, &cause) ? sweep(&sweeper, records, &cause) : NULL;

    if (health != NULL)
        return health;
    if (cause->code == PST_ERROR_DEADLINE)
        cause->code = PST_ERROR_NO_HYPERVISOR;
    g_propagate_error(error, g_steal_pointer(&cause));
    return NULL;
}
