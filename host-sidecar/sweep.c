// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/sweep.h"

#include "host-sidecar/diagnose.h"
#include "host-sidecar/host-judge.h"
#include "host-sidecar/turn.h"
#include "protocol/error.h"
#include "protocol/limits.h"

/* As many as `list` (overview.c): each may have a thread of libvirtd's, which has 20. */
#define AT_ONCE 8
/* A guest that was asked and gives no sign of life within that is waited for beside these, as long
 * as it is silent, and its place is another's: all that it has of libvirtd is a connection. What a
 * shim says first it says within milliseconds. With as many, there are no more conversations than
 * the daemon has at most (flights.h). */
#define QUIET_US (250 * G_GINT64_CONSTANT(1000))
#define MAX_QUIET 56
/* A QEMU that stands still keeps the thread of libvirtd's that looks at it. With these, as many
 * looks that were begun before that was known, and the agents' places, some are left for others. */
#define MAX_STUCK 4
/* What libvirt may take for a look-up, which needs milliseconds: one that a wedged domain holds up
 * is given up, and one on a busy host is not. */
#define MIN_LOOKUP_US G_USEC_PER_SEC
#define MAX_LOOKUP_US (2 * G_USEC_PER_SEC)
/* A guest's own time: at least what a slow one needs, at most what one question has by default. One
 * that had less, where the deadline left no more, and did not answer is not silent for that. */
#define MIN_OWN_US (2 * G_USEC_PER_SEC)
#define MAX_OWN_US (PST_LIMIT_DEADLINE_DEFAULT_MS * G_GINT64_CONSTANT(1000))

typedef struct {
    PstHealthSight *sight;
    PstGuest *guest; /* NULL where it could not be looked up */
    PstSweepLook look;
    gboolean gone;
    gboolean asks;  /* there is something to be asked, or looked at */
    gboolean quiet; /* it takes no place */
} Visit;

typedef struct {
    const PstSweepGuests *guests;
    const PstSweepPlan *plan;
    Visit *visits;
    guint n;
    gint64 deadline_us;
    gint64 looked_up_us; /* until then they are looked up; the rest is for asking */
    gint n_waiting;      /* visits that nobody has begun yet */
    gint n_stuck;        /* guests whose QEMU does not answer libvirt */
    GThreadPool *pool;   /* of this round */
    GMutex lock;         /* of what follows */
    GCond finished;
    guint n_unfinished; /* visits of this round */
    guint n_quiet;      /* of those, how many take no place */
} Sweep;

/* ---- places ---- */

typedef struct {
    Sweep *sweep;
    Visit *visit;
} Waiting;

static void
on_quiet(gboolean quiet, gpointer user_data)
{
    const Waiting *waiting = user_data;
    Sweep *sweep = waiting->sweep;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&sweep->lock);

    waiting->visit->quiet = quiet;
    if (quiet)
        sweep->n_quiet++;
    else
        sweep->n_quiet--;
    g_thread_pool_set_max_threads(sweep->pool, (gint)(AT_ONCE + MIN(sweep->n_quiet, MAX_QUIET)),
                                  NULL);
}

static void
finish_visit(Sweep *sweep)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&sweep->lock);

    sweep->n_unfinished--;
    g_cond_signal(&sweep->finished);
}

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

/* Whoever asks such a QEMU anything waits with it. */
static void
tell_busy(Sweep *sweep, Visit *visit)
{
    g_atomic_int_inc(&sweep->n_stuck);
    pst_health_sight_add(visit->sight, "host.monitor-silent", PST_SEVERITY_CRITICAL,
                         "its QEMU has not answered libvirt for %" G_GINT64_FORMAT " s",
                         visit->look.busy_ms / 1000);
}

static void
see_guest(Sweep *sweep, Visit *visit)
{
    PstHealthSight *sight = visit->sight;
    gint64 answered_us = pst_turn_last_answer_us(sight->uuid);

    if (answered_us > 0)
        sight->answered_us = answered_us;
    if (visit->look.busy_ms >= PST_HOST_JUDGE_BUSY_MS)
        tell_busy(sweep, visit);
    else if (visit->look.runs && is_left_alone(sweep, sight))
        sight->left_alone = TRUE;
    else
        visit->asks = TRUE;
}

static void
look_up(Sweep *sweep, Visit *visit)
{
    guint n = (guint)g_atomic_int_add(&sweep->n_waiting, -1);
    gint64 now_us = g_get_monotonic_time();
    gint64 own_us = CLAMP(share_us(sweep->looked_up_us, n), MIN_LOOKUP_US, MAX_LOOKUP_US);
    gint64 until_us = MIN(now_us + own_us, sweep->looked_up_us);
    g_autoptr(GError) error = NULL;

    /* A thread that nobody would wait for is not begun. */
    if (now_us < sweep->looked_up_us)
        visit->guest = sweep->guests->look_up(sweep->guests->user_data, until_us, visit->sight,
                                              &visit->look, &error);
    if (visit->guest != NULL) {
        see_guest(sweep, visit);
        return;
    }
    visit->gone = g_error_matches(error, PST_ERROR, PST_ERROR_NO_DOMAIN);
    pst_health_sight_add(visit->sight, "host.could-not-look", PST_SEVERITY_UNKNOWN, "%s",
                         error != NULL ? error->message : "no time was left to look it up");
}

/* ---- asking ---- */

/* A guest is called silent, and left alone for it, where it was asked and had the time. */
static void
judge_silence(PstHealthSight *sight, const PstInquiryContact *contact, gint64 had_us)
{
    if (sight->answered)
        return;
    if (contact->late || had_us < MIN_OWN_US)
        pst_health_sight_rush(sight, "no time was left for its answer");
    else if (!contact->asked)
        sight->missed = FALSE;
}

static void
ask_questions(Sweep *sweep, Visit *visit, gint64 deadline_us)
{
    gint64 had_us = deadline_us - g_get_monotonic_time();
    g_autoptr(JsonObject) nobody = json_object_new();
    const PstDiagnoseWish wish = {.vantage = nobody, .passive = TRUE};
    gboolean looks = g_atomic_int_get(&sweep->n_stuck) < MAX_STUCK;
    Waiting waiting = {sweep, visit};
    PstInquiryContact contact = {0};
    const PstInquiryListener listener = {NULL, &waiting, on_quiet, QUIET_US, &contact};
    PstReport *host = NULL;
    guint n = 0;
    PstAnswer **questions = pst_diagnose_questions(visit->sight->name, &wish, &n);

    if (sweep->plan->asking != NULL)
        sweep->plan->asking(visit->sight->name, n, sweep->plan->user_data);
    PstAnswer **answers =
        pst_ladder_ask(looks ? sweep->guests->ladder : sweep->guests->short_ladder, visit->guest,
                       questions, n, sweep->plan->caller, deadline_us, &listener, &host);
    if (visit->quiet)
        on_quiet(FALSE, &waiting);

    if (host != NULL && host->data != NULL && pst_host_judge_is_monitor_silent(host->data))
        g_atomic_int_inc(&sweep->n_stuck);
    pst_health_sight_take(visit->sight, answers, n, host);
    judge_silence(visit->sight, &contact, had_us);
}

/* Nobody in it can be asked. */
static void
look_at_still(Sweep *sweep, Visit *visit, gint64 deadline_us)
{
    g_autoptr(GError) error = NULL;
    PstReport *host = NULL;

    if (visit->look.is_off || g_atomic_int_get(&sweep->n_stuck) < MAX_STUCK)
        host = sweep->guests->look_from_outside(visit->guest, deadline_us, &error);
    if (host != NULL && host->data != NULL && pst_host_judge_is_monitor_silent(host->data))
        g_atomic_int_inc(&sweep->n_stuck);
    if (host != NULL)
        pst_health_sight_take(visit->sight, g_new0(PstAnswer *, 1), 0, host);
    else
        pst_health_sight_add(visit->sight, "host.could-not-look", PST_SEVERITY_UNKNOWN,
                             "the guest is %s; %s", visit->sight->state,
                             error != NULL ? error->message
                                           : "too many look at such guests already");
}

static void
visit_guest(Sweep *sweep, Visit *visit)
{
    guint n = (guint)g_atomic_int_add(&sweep->n_waiting, -1);
    gint64 begun_us = g_get_monotonic_time();
    gint64 own_us = CLAMP(share_us(sweep->deadline_us, n), MIN_OWN_US, MAX_OWN_US);
    gint64 until_us = MIN(begun_us + own_us, sweep->deadline_us);

    if (begun_us >= sweep->deadline_us) {
        pst_health_sight_rush(visit->sight, "no time was left to ask it");
        return;
    }
    if (visit->look.runs) {
        ask_questions(sweep, visit, until_us);
        if (visit->sight->answered)
            sweep->guests->note_job(visit->guest, visit->sight, until_us);
        if (sweep->guests->look_at_records != NULL)
            sweep->guests->look_at_records(visit->guest, visit->sight, until_us);
    } else {
        look_at_still(sweep, visit, until_us);
    }
    visit->sight->took_ms = (g_get_monotonic_time() - begun_us) / 1000;
}

/* ---- all of them ---- */

static void
run_lookup(gpointer place, gpointer user_data)
{
    Sweep *sweep = user_data;

    look_up(sweep, &sweep->visits[GPOINTER_TO_UINT(place) - 1]);
    finish_visit(sweep);
}

static void
run_visit(gpointer place, gpointer user_data)
{
    Sweep *sweep = user_data;
    Visit *visit = &sweep->visits[GPOINTER_TO_UINT(place) - 1];

    visit_guest(sweep, visit);
    /* What is known of a guest is larger than its sight. */
    sweep->guests->ladder->unref(g_steal_pointer(&visit->guest));
    finish_visit(sweep);
}

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
    sweep->pool = g_thread_pool_new(run, sweep, AT_ONCE, FALSE, NULL);
    sweep->n_quiet = 0;
    sweep->n_unfinished = places->len;
    g_atomic_int_set(&sweep->n_waiting, (gint)places->len);
    for (guint i = 0; i < places->len; i++)
        g_thread_pool_push(sweep->pool, GUINT_TO_POINTER(g_array_index(places, guint, i) + 1),
                           NULL);
    /* Until the last has ended the pool may still be given threads. */
    g_mutex_lock(&sweep->lock);
    while (sweep->n_unfinished > 0)
        g_cond_wait(&sweep->finished, &sweep->lock);
    g_mutex_unlock(&sweep->lock);
    g_thread_pool_free(sweep->pool, FALSE, TRUE);
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

/* FALSE where it was told before: it may have been named twice, by name and by UUID. */
static gboolean
is_news(GHashTable *told, const PstHealthSight *sight)
{
    return sight->uuid == NULL || g_hash_table_add(told, sight->uuid);
}

GPtrArray *
pst_sweep_make(const PstSweepGuests *guests, char *const *names, const PstSweepPlan *plan,
               gint64 deadline_us, GError **missing)
{
    GPtrArray *sights = g_ptr_array_new_with_free_func((GDestroyNotify)pst_health_sight_free);
    Sweep sweep = {.guests = guests, .plan = plan, .deadline_us = deadline_us};
    g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);
    gint64 now_us = g_get_monotonic_time();

    sweep.looked_up_us = now_us + (deadline_us - now_us) / 2;
    while (names[sweep.n] != NULL)
        sweep.n++;
    g_autofree Visit *visits = g_new0(Visit, sweep.n + 1);
    sweep.visits = visits;
    for (guint i = 0; i < sweep.n; i++)
        visits[i].sight = pst_health_sight_new(names[i]);
    g_mutex_init(&sweep.lock);
    g_cond_init(&sweep.finished);
    look_up_all(&sweep);
    visit_all(&sweep);
    g_mutex_clear(&sweep.lock);
    g_cond_clear(&sweep.finished);
    for (guint i = 0; i < sweep.n; i++) {
        if (visits[i].guest != NULL)
            guests->ladder->unref(visits[i].guest);
        if (visits[i].gone && missing != NULL && *missing == NULL)
            g_set_error(missing, PST_ERROR, PST_ERROR_NO_DOMAIN, "no domain is called '%s'",
                        names[i]);
        if (visits[i].gone || !is_news(told, visits[i].sight))
            pst_health_sight_free(visits[i].sight);
        else
            g_ptr_array_add(sights, visits[i].sight);
    }
    return sights;
}
