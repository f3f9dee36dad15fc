// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/overview.h"

#include "host-sidecar/backend-agent.h"
#include "host-sidecar/backend-channel.h"
#include "host-sidecar/guest-channel.h"
#include "host-sidecar/recorder-state.h"
#include "host-sidecar/task.h"
#include "host-sidecar/turn.h"
#include "host-sidecar/volume.h"
#include "protocol/error.h"

/* A few at a time: each holds a thread and two connections, of which libvirt serves 20 to 5,000. */
#define AT_ONCE 8
#define MIN_GREETING_US (100 * G_GINT64_CONSTANT(1000))
#define MAX_GREETING_US (2 * G_USEC_PER_SEC)

static const PstField rows[] = {
    PST_STRING(PstOverview, name, "the domain's name"),
    PST_STRING(PstOverview, uuid, "the domain's UUID"),
    PST_STRING(PstOverview, state, "as libvirt says"),
    PST_STRING(PstOverview, channel, "the shim's channel: open, shut or none"),
    PST_STRING(PstOverview, agent, "the guest agent's channel: open, shut or none"),
    PST_STRING(PstOverview, volume,
               "the recorder's volume: open where it has records or some were kept of it, shut "
               "where there are none to be had, none where the domain has no recorder and nothing "
               "was kept of one"),
    PST_STRING(PstOverview, volume_problem, "why what its recorder writes is not read or kept"),
    PST_STRING(PstOverview, shim, "the shim's version, where it answered"),
    PST_STRING(PstOverview, problem, "why it did not"),
    PST_INT(PstOverview, last_answer_us, "when the guest last answered, real time"),
    PST_INT(PstOverview, last_record_us, "when the newest record was written, real time"),
};
const PstFields pst_overview_fields = PST_FIELDS(PstOverview, rows);

static const char *
port_word(PstGuestXmlPort port)
{
    if (port == PST_GUEST_XML_PORT_ABSENT)
        return "none";
    return port == PST_GUEST_XML_PORT_CONNECTED ? "open" : "shut";
}

typedef struct {
    PstHypervisor *hypervisor;
    char *name;
    gint64 deadline_us;
    gint64 greeting_us; /* how long the shim may take to say who it is */
    guint n_after;      /* visits that nobody had begun yet */
} Visit;

static void
free_visit(gpointer data)
{
    Visit *visit = data;

    pst_hypervisor_unref(visit->hypervisor);
    g_free(visit->name);
    g_free(visit);
}

static void
greet(const PstGuest *guest, gint64 deadline_us, PstOverview *row)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstHello) hello = NULL;

    if (pst_backend_channel.is_open(guest, &error))
        hello = pst_guest_channel_greet(guest, deadline_us, &error);
    if (hello != NULL)
        row->shim = g_strdup(hello->shim);
    else
        row->problem = g_strdup(error->message);
}

/* What will be lost by the domain's own XML; NULL where nothing is. */
static char *
explain_device(const PstGuest *guest)
{
    PstRecorderState state = pst_recorder_state_of_device(PST_RECORDER_STATE_UNKNOWN, &guest->xml);

    return pst_recorder_state_explain(state, NULL, guest->name, NULL);
}

/* What hangs in libvirt's pool leaves a third of the time for what was kept before. */
static void
look_for_records(PstGuest *guest, gint64 begun_us, gint64 end_us, PstOverview *row)
{
    gint64 newest_us;

    g_autoptr(GError) error = NULL;
    gint64 until_us = end_us - (end_us - begun_us) / 3;
    if (guest->xml.recorder && !pst_volume_harvest_until(guest, until_us, &error))
        row->volume_problem =
            g_error_matches(error, PST_ERROR, PST_ERROR_DEADLINE)
                ? g_strdup_printf("not read in the %" G_GINT64_FORMAT " ms that were left for it",
                                  (until_us - begun_us) / 1000)
                : g_strdup(error->message);
    else
        row->volume_problem = explain_device(guest);
    if (!pst_volume_newest_until(guest, end_us, &newest_us))
        return;
    /* Nobody knows whether there is something. */
    if (newest_us <= 0 && error != NULL && !g_error_matches(error, PST_ERROR, PST_ERROR_PATH_SHUT))
        return;
    row->volume = g_strdup(newest_us > 0 ? "open" : guest->xml.recorder ? "shut" : "none");
    if (newest_us > 0)
        row->last_record_us = newest_us;
}

/* Of what is left of the time, as much as those who come after leave: where most are quick, a
 * volume that has grown much has the time that it takes. */
static gint64
share_us(const Visit *visit)
{
    gint64 left_us = MAX(0, visit->deadline_us - g_get_monotonic_time());

    return left_us / (visit->n_after / AT_ONCE + 1);
}

static gpointer
visit_domain(gpointer data, GError **error)
{
    Visit *visit = data;
    g_autoptr(PstGuest) guest =
        pst_guest_open(visit->hypervisor, visit->name, visit->deadline_us, error);

    if (guest == NULL)
        return NULL;
    PstOverview *row = pst_fields_new(&pst_overview_fields);
    row->name = g_strdup(guest->name);
    row->uuid = g_strdup(guest->uuid);
    row->state = g_strdup(pst_guest_state_name(guest));
    row->channel = g_strdup(port_word(guest->xml.shim));
    row->agent = g_strdup(port_word(guest->xml.agent));
    greet(guest, MIN(visit->deadline_us, g_get_monotonic_time() + visit->greeting_us), row);
    gint64 now_us = g_get_monotonic_time();
    look_for_records(guest, now_us, now_us + MAX(visit->greeting_us / 2, share_us(visit)), row);
    return row;
}

static void
free_row(gpointer row)
{
    pst_fields_free(&pst_overview_fields, row);
}

typedef struct {
    PstHypervisor *hypervisor;
    gint64 deadline_us;
    gint64 greeting_us;
    PstOverview **rows;
    char **names;
    gint n_waiting; /* visits that nobody has begun yet */
} Round;

/* Waits for one visit, which may have to be abandoned: then the row says so. */
static void
run_visit(gpointer place, gpointer user_data)
{
    Round *round = user_data;
    guint i = GPOINTER_TO_UINT(place) - 1;
    g_autoptr(GError) error = NULL;
    Visit *visit = g_new0(Visit, 1);
    /* The visit says better than its watcher what it waited for in vain. */
    const gint64 grace_us = 100000;

    visit->hypervisor = pst_hypervisor_ref(round->hypervisor);
    visit->name = g_strdup(round->names[i]);
    visit->deadline_us = round->deadline_us;
    visit->greeting_us = round->greeting_us;
    visit->n_after = (guint)g_atomic_int_add(&round->n_waiting, -1) - 1;
    PstOverview *row = pst_task_call(visit_domain, visit, free_visit, free_row,
                                     round->deadline_us + grace_us, "the guest", &error);
    if (row == NULL) {
        row = pst_fields_new(&pst_overview_fields);
        row->name = g_strdup(round->names[i]);
        row->problem = g_strdup(error->message);
    }
    if (row->uuid != NULL && pst_turn_last_answer_us(row->uuid) > 0)
        row->last_answer_us = pst_turn_last_answer_us(row->uuid);
    round->rows[i] = row;
}

/* So much that the list is done in half of its time even where every shim is silent: guests that
 * hang must not hide those behind them. */
static gint64
greeting_time(gint64 deadline_us, guint n)
{
    gint64 left_us = MAX(0, deadline_us - g_get_monotonic_time());
    gint64 rounds = n / AT_ONCE + 1;

    return CLAMP(left_us / 2 / rounds, MIN_GREETING_US, MAX_GREETING_US);
}

GPtrArray *
pst_overview_make(PstHypervisor *hypervisor, gint64 deadline_us, GError **error)
{
    g_auto(GStrv) names = pst_hypervisor_list(hypervisor, deadline_us, error);

    if (names == NULL)
        return NULL;

    guint n = g_strv_length(names);
    g_autofree PstOverview **made = g_new0(PstOverview *, n);
    Round round = {hypervisor, deadline_us, greeting_time(deadline_us, n), made, names, (gint)n};
    GThreadPool *pool = g_thread_pool_new(run_visit, &round, AT_ONCE, FALSE, NULL);
    for (guint i = 0; i < n; i++)
        g_thread_pool_push(pool, GUINT_TO_POINTER(i + 1), NULL);
    g_thread_pool_free(pool, FALSE, TRUE);

    GPtrArray *array = g_ptr_array_new();
    for (guint i = 0; i < n; i++)
        g_ptr_array_add(array, made[i]);
    return array;
}

void
pst_overview_free(GPtrArray *array)
{
    for (guint i = 0; i < array->len; i++)
        free_row(array->pdata[i]);
    g_ptr_array_unref(array);
}

JsonArray *
pst_overview_to_json(const GPtrArray *array)
{
    JsonArray *json = json_array_new();

    for (guint i = 0; i < array->len; i++) {
        PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;
        json_array_add_object_element(
            json, pst_fields_encode(&pst_overview_fields, array->pdata[i], &cut));
    }
    return json;
}

GPtrArray *
pst_overview_from_json(JsonArray *json, GError **error)
{
    GPtrArray *array = g_ptr_array_new();

    for (guint i = 0; i < json_array_get_length(json); i++) {
        PstOverview *row =
            pst_fields_decode(&pst_overview_fields, json_array_get_object_element(json, i), error);

        if (row == NULL) {
            pst_overview_free(array);
            return NULL;
        }
        g_ptr_array_add(array, row);
    }
    return array;
}

/* Its channel was opened, and a hello sent. */
static gboolean
was_greeted(const PstOverview *row)
{
    return g_strcmp0(row->state, "running") == 0 && g_strcmp0(row->channel, "open") == 0;
}

PstAnswer **
pst_overview_greetings(const GPtrArray *array, guint *n)
{
    PstAnswer **answers = g_new0(PstAnswer *, array->len);

    *n = 0;
    for (guint i = 0; i < array->len; i++) {
        const PstOverview *row = array->pdata[i];

        if (!was_greeted(row))
            continue;
        PstAnswer *answer = answers[(*n)++] = pst_answer_new(row->name, "hello", NULL);
        answer->uuid = g_strdup(row->uuid);
        answer->via = PST_VIA_CHANNEL;
        if (row->shim != NULL)
            continue;
        answer->via = PST_VIA_NONE;
        answer->error = g_error_new_literal(PST_ERROR, PST_ERROR_UNAVAILABLE,
                                            row->problem != NULL ? row->problem : "no answer");
    }
    return answers;
}
