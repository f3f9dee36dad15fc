// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/sweep.h"

#include "host-sidecar/backend-agent-builtin.h"
#include "host-sidecar/backend-agent.h"
#include "host-sidecar/backend-channel.h"
#include "host-sidecar/backend-host.h"
#include "host-sidecar/consult.h"
#include "host-sidecar/diagnose.h"
#include "host-sidecar/domain-state.h"
#include "host-sidecar/host-devices.h"
#include "host-sidecar/host-judge.h"
#include "host-sidecar/host-look.h"
#include "host-sidecar/recorder-report.h"
#include "host-sidecar/task.h"
#include "host-sidecar/turn.h"
#include "protocol/error.h"
#include "protocol/limits.h"

/* As many as `list` (overview.c): each may have a thread of libvirtd's, which has 20. */
#define AT_ONCE 8
/* A QEMU that stands still keeps the thread of libvirtd's that looks at it. With these, as many
 * looks that were begun before that was known, and the agents' places, some are left for others. */
#define MAX_STUCK 4
/* What libvirt may take for a look-up, which needs milliseconds: one that a wedged domain holds up
 * is given up, and one on a busy host is not. */
#define MIN_LOOKUP_US G_USEC_PER_SEC
#define MAX_LOOKUP_US (2 * G_USEC_PER_SEC)
/* A guest's own time: at least what a slow one needs, at most what one question has by default. */
#define MIN_OWN_US (2 * G_USEC_PER_SEC)
#define MAX_OWN_US (PST_LIMIT_DEADLINE_DEFAULT_MS * G_GINT64_CONSTANT(1000))
#define JOB_US (G_USEC_PER_SEC / 2)

/* No records: what the sweep before was told is as good, and costs nothing. */
static const PstBackend *const rungs[] = {
    &pst_backend_channel,
    &pst_backend_agent,
    &pst_backend_agent_builtin,
    &pst_backend_host,
};

static gpointer
ref_guest(gpointer guest)
{
    return pst_guest_ref(guest);
}

static void
unref_guest(gpointer guest)
{
    pst_guest_unref(guest);
}

static const PstLadder whole_ladder = {rungs, G_N_ELEMENTS(rungs), ref_guest, unref_guest};
/* Without the look from outside. */
static const PstLadder short_ladder = {rungs, G_N_ELEMENTS(rungs) - 1, ref_guest, unref_guest};

typedef struct {
    PstHealthSight *sight;
    PstGuest *guest; /* NULL where it could not be looked up */
    gboolean gone;
    gboolean asks; /* there is something to be asked, or looked at */
} Visit;

typedef struct {
    PstHypervisor *hypervisor;
    const PstSweepPlan *plan;
    Visit *visits;
    guint n;
    gint64 deadline_us;
    gint64 looked_up_us; /* until then they are looked up; the rest is for asking */
    gint n_waiting;      /* visits that nobody has begun yet */
    gint n_stuck;        /* guests whose QEMU does not answer libvirt */
} Sweep;

static gint64
share_us(gint64 deadline_us, guint n)
{
    gint64 left_us = MAX(0, deadline_us - g_get_monotonic_time());

    return left_us / (n / AT_ONCE + 1);
}

/* ---- who is there ---- */

static gboolean
is_left_alone(const Sweep *sweep, const PstHealthSight *sight)
{
    const PstHealthEntry *entry =
        pst_health_memory_find(sweep->plan->memory, sight->uuid, sight->name);

    if (entry == NULL || sweep->plan->insist)
        return FALSE;
    PstBreaker breaker = pst_health_memory_breaker(entry);
    /* Its QEMU goes on. */
    if (pst_health_memory_was_told(entry, "host.monitor-silent"))
        return FALSE;
    /* Somebody else had an answer since. */
    if (sight->answered_us != PST_INT_UNKNOWN && sight->answered_us > breaker.missed_us)
        return FALSE;
    return pst_breaker_until_us(&breaker, sight->run, g_get_real_time()) > 0;
}

static gboolean
is_running(const PstGuest *guest)
{
    return guest->state == VIR_DOMAIN_RUNNING;
}

/* Whoever asks such a QEMU anything waits with it. */
static void
tell_busy(Sweep *sweep, Visit *visit)
{
    g_atomic_int_inc(&sweep->n_stuck);
    pst_health_sight_add(visit->sight, "host.monitor-silent", PST_SEVERITY_CRITICAL,
                         "its QEMU has not answered libvirt for %" G_GINT64_FORMAT " s",
                         visit->guest->busy_ms / 1000);
}

static void
see_guest(Sweep *sweep, Visit *visit)
{
    PstHealthSight *sight = visit->sight;
    const PstGuest *guest = visit->guest;
    int reason = (int)guest->sight.reason;
    gint64 answered_us = pst_turn_last_answer_us(guest->uuid);

    g_free(sight->name);
    sight->name = g_strdup(guest->name);
    sight->uuid = g_strdup(guest->uuid);
    sight->state = g_strdup(pst_guest_state_name(guest));
    sight->reason = g_strdup(pst_domain_state_reason(guest->state, reason));
    sight->run = guest->sight.id;
    if (answered_us > 0)
        sight->answered_us = answered_us;
    if (guest->busy_ms >= PST_HOST_JUDGE_BUSY_MS)
        tell_busy(sweep, visit);
    else if (is_running(guest) && is_left_alone(sweep, sight))
        sight->left_alone = TRUE;
    else
        visit->asks = TRUE;
}

static void
run_lookup(gpointer place, gpointer user_data)
{
    Sweep *sweep = user_data;
    Visit *visit = &sweep->visits[GPOINTER_TO_UINT(place) - 1];
    guint n = (guint)g_atomic_int_add(&sweep->n_waiting, -1);
    gint64 now_us = g_get_monotonic_time();
    gint64 own_us = CLAMP(share_us(sweep->looked_up_us, n), MIN_LOOKUP_US, MAX_LOOKUP_US);
    gint64 until_us = MIN(now_us + own_us, sweep->looked_up_us);
    g_autoptr(GError) error = NULL;

    /* A thread that nobody would wait for is not begun. */
    if (now_us < sweep->looked_up_us)
        visit->guest = pst_guest_open(sweep->hypervisor, visit->sight->name, until_us, &error);
    if (visit->guest != NULL) {
        see_guest(sweep, visit);
        return;
    }
    visit->gone = g_error_matches(error, PST_ERROR, PST_ERROR_NO_DOMAIN);
    pst_health_sight_add(visit->sight, "host.could-not-look", PST_SEVERITY_UNKNOWN, "%s",
                         error != NULL ? error->message : "no time was left to look it up");
}

/* ---- asking ---- */

static void
ask_questions(Sweep *sweep, Visit *visit, gint64 deadline_us)
{
    g_autoptr(JsonObject) nobody = json_object_new();
    const PstDiagnoseWish wish = {.vantage = nobody, .passive = TRUE};
    gboolean looks = g_atomic_int_get(&sweep->n_stuck) < MAX_STUCK;
    PstReport *host = NULL;
    guint n = 0;
    PstAnswer **questions = pst_diagnose_questions(visit->guest->name, &wish, &n);

    sweep->plan->asking(visit->guest->name, n, sweep->plan->user_data);
    PstAnswer **answers =
        pst_ladder_ask(looks ? &whole_ladder : &short_ladder, visit->guest, questions, n,
                       sweep->plan->caller, deadline_us, NULL, &host);

    if (host != NULL && host->data != NULL && pst_host_judge_is_monitor_silent(host->data))
        g_atomic_int_inc(&sweep->n_stuck);
    pst_health_sight_take(visit->sight, answers, n, host);
}

/* What libvirt does with a guest that answers: it has a monitor that is well. */
static void
add_job(Visit *visit, gint64 deadline_us)
{
    gint64 until_us = MIN(deadline_us, g_get_monotonic_time() + JOB_US);
    g_autoptr(GError) unsaid = NULL;
    PstHostJob *job = pst_task_call(pst_host_devices_job, pst_guest_ref(visit->guest),
                                    (GDestroyNotify)pst_guest_unref, pst_host_devices_free_job,
                                    until_us, "libvirt, of its job,", &unsaid);

    if (job == NULL)
        return;
    if (job->operation != NULL)
        pst_health_sight_note_job(visit->sight, job->operation, job->running_ms);
    pst_host_devices_free_job(job);
}

/* They are harvested in passing; of a guest that was greeted it is known whether they arrive. */
static void
look_at_records(Visit *visit, gint64 deadline_us)
{
    g_autoptr(PstReport) report = NULL;

    if (visit->guest->xml.recorder && pst_guest_greeting(visit->guest) != NULL)
        report = pst_recorder_report_make(visit->guest, deadline_us);
    else
        pst_consult_harvest(visit->guest, deadline_us);
    for (guint i = 0; report != NULL && i < report->findings->len; i++) {
        const PstFinding *finding = report->findings->pdata[i];
        pst_health_sight_add(visit->sight, finding->id, finding->severity, "%s", finding->message);
    }
}

/* Nobody in it can be asked. */
static void
look_at_still(Sweep *sweep, Visit *visit, gint64 deadline_us)
{
    g_autoptr(GError) error = NULL;
    PstReport *host = NULL;

    if (visit->guest->state == VIR_DOMAIN_SHUTOFF || g_atomic_int_get(&sweep->n_stuck) < MAX_STUCK)
        host = pst_host_look_report(visit->guest, 0, deadline_us, &error);
    if (host != NULL && host->data != NULL && pst_host_judge_is_monitor_silent(host->data))
        g_atomic_int_inc(&sweep->n_stuck);
    if (host != NULL)
        pst_health_sight_take(visit->sight, g_new0(PstAnswer *, 1), 0, host);
    else
        pst_health_sight_add(visit->sight, "host.could-not-look", PST_SEVERITY_UNKNOWN,
                             "the guest is %s; %s", pst_guest_state_name(visit->guest),
                             error != NULL ? error->message
                                           : "too many look at such guests already");
}

static void
run_visit(gpointer place, gpointer user_data)
{
    Sweep *sweep = user_data;
    Visit *visit = &sweep->visits[GPOINTER_TO_UINT(place) - 1];
    guint n = (guint)g_atomic_int_add(&sweep->n_waiting, -1);
    gint64 begun_us = g_get_monotonic_time();
    gint64 own_us = CLAMP(share_us(sweep->deadline_us, n), MIN_OWN_US, MAX_OWN_US);
    gint64 until_us = MIN(begun_us + own_us, sweep->deadline_us);

    if (begun_us >= sweep->deadline_us) {
        pst_health_sight_add(visit->sight, "host.could-not-look", PST_SEVERITY_UNKNOWN,
                             "no time was left to ask it: say a longer --deadline");
        return;
    }
    if (is_running(visit->guest)) {
        ask_questions(sweep, visit, until_us);
        if (visit->sight->answered)
            add_job(visit, until_us);
        look_at_records(visit, until_us);
    } else {
        look_at_still(sweep, visit, until_us);
    }
    visit->sight->took_ms = (g_get_monotonic_time() - begun_us) / 1000;
}

/* ---- all of them ---- */

static gboolean
was_silent(const Sweep *sweep, const Visit *visit)
{
    const PstHealthEntry *entry =
        pst_health_memory_find(sweep->plan->memory, visit->sight->uuid, visit->sight->name);

    return entry != NULL && pst_health_memory_breaker(entry).misses > 0;
}

/* How many there are must be known before the first of them divides the time. */
static void
run_all(Sweep *sweep, GFunc run, const GArray *places)
{
    GThreadPool *pool = g_thread_pool_new(run, sweep, AT_ONCE, FALSE, NULL);

    g_atomic_int_set(&sweep->n_waiting, (gint)places->len);
    for (guint i = 0; i < places->len; i++)
        g_thread_pool_push(pool, GUINT_TO_POINTER(g_array_index(places, guint, i) + 1), NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
}

static void
look_up_all(Sweep *sweep)
{
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; i < sweep->n; i++)
        g_array_append_val(places, i);
    run_all(sweep, run_lookup, places);
}

/* Those that did not answer the last time come last: they hold nobody up. */
static void
visit_all(Sweep *sweep)
{
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(guint));

    for (int silent = 0; silent <= 1; silent++)
        for (guint i = 0; i < sweep->n; i++)
            if (sweep->visits[i].asks && was_silent(sweep, &sweep->visits[i]) == silent)
                g_array_append_val(places, i);
    run_all(sweep, run_visit, places);
}

/* It may have been named twice, by name and by UUID. */
static gboolean
is_told(const GPtrArray *sights, const PstHealthSight *sight)
{
    for (guint i = 0; sight->uuid != NULL && i < sights->len; i++)
        if (g_strcmp0(((PstHealthSight *)sights->pdata[i])->uuid, sight->uuid) == 0)
            return TRUE;
    return FALSE;
}

GPtrArray *
pst_sweep_make(PstHypervisor *hypervisor, char *const *names, const PstSweepPlan *plan,
               gint64 deadline_us, GError **missing)
{
    GPtrArray *sights = g_ptr_array_new_with_free_func((GDestroyNotify)pst_health_sight_free);
    Sweep sweep = {.hypervisor = hypervisor, .plan = plan, .deadline_us = deadline_us};

    gint64 now_us = g_get_monotonic_time();

    sweep.looked_up_us = now_us + (deadline_us - now_us) / 2;
    while (names[sweep.n] != NULL)
        sweep.n++;
    g_autofree Visit *visits = g_new0(Visit, sweep.n + 1);
    sweep.visits = visits;
    for (guint i = 0; i < sweep.n; i++)
        visits[i].sight = pst_health_sight_new(names[i]);
    look_up_all(&sweep);
    visit_all(&sweep);
    for (guint i = 0; i < sweep.n; i++) {
        g_clear_pointer(&visits[i].guest, pst_guest_unref);
        if (visits[i].gone && missing != NULL && *missing == NULL)
            g_set_error(missing, PST_ERROR, PST_ERROR_NO_DOMAIN, "no domain is called '%s'",
                        names[i]);
        if (visits[i].gone || is_told(sights, visits[i].sight))
            pst_health_sight_free(visits[i].sight);
        else
            g_ptr_array_add(sights, visits[i].sight);
    }
    return sights;
}
