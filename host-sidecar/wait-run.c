// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/wait-run.h"

#include "host-sidecar/ask.h"
#include "host-sidecar/wait-gone.h"
#include "host-sidecar/wait-pace.h"
#include "host-sidecar/wake-events.h"
#include "protocol/error.h"

/* What one look may take of the time: libvirt, and a guest that does not answer. */
#define LOOK_US (5 * G_USEC_PER_SEC)
#define ASK_US (10 * G_USEC_PER_SEC)

typedef struct {
    const PstOptions *options;
    const char *method;
    char *domain; /* as the caller calls it */
    const PstWaitGoal *goal;
    PstWaitOutcome *outcome;
    gint64 begun_us, deadline_us;
    PstHypervisor *hypervisor;
    PstWake *wake;
    PstWakeEvents *events; /* NULL: there are none, or no more */
    guint64 n_lost;        /* when these were begun */
    guint64 n_breaks;      /* at the last look */
    gboolean blind;        /* libvirt does not let this caller in: it has the daemon alone */
    gboolean looked;       /* somebody answered once */
    gboolean ask_journal;
    char *boot_id; /* of the conversation before */
    PstWaitGone gone;
    PstWaitPace pace;
} Wait;

typedef enum {
    STEP_AGAIN, /* at once */
    STEP_WAIT,
    STEP_END,
    STEP_ERROR,
} Step;

static void
clear_wait(Wait *wait)
{
    g_clear_pointer(&wait->events, pst_wake_events_stop);
    g_clear_pointer(&wait->hypervisor, pst_hypervisor_unref);
    g_clear_pointer(&wait->wake, pst_wake_unref);
    g_free(wait->boot_id);
    g_free(wait->domain);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wait, clear_wait)

void
pst_wait_run_clear(PstWaitOutcome *outcome)
{
    g_free(outcome->guest);
    g_free(outcome->boot_id);
    g_free(outcome->seen);
}

static void
set(char **to, const char *text)
{
    g_free(*to);
    *to = g_strdup(text);
}

static gint64
within(const Wait *wait, gint64 span_us)
{
    return MIN(wait->deadline_us, g_get_monotonic_time() + span_us);
}

/* Of a look that may take WHOLE_US, has found nobody and had WINDOW_US. What was seen before one
 * that the deadline cut off tells more of the guest than its end does. */
static void
see_nobody(Wait *wait, const char *why, gint64 window_us, gint64 whole_us)
{
    gint64 left_us = wait->deadline_us - g_get_monotonic_time();

    if (wait->outcome->seen == NULL || !pst_wait_pace_is_cut(window_us, left_us, whole_us))
        set(&wait->outcome->seen, why);
}

/* ---- libvirt ---- */

/* What was told between two connections nobody knows: the next look finds it. */
static gboolean
listen_anew(Wait *wait, PstGuest *guest)
{
    if (wait->events != NULL && pst_wake_count(wait->wake).n_lost == wait->n_lost)
        return FALSE;
    g_clear_pointer(&wait->events, pst_wake_events_stop);
    wait->n_lost = pst_wake_count(wait->wake).n_lost;
    wait->events = pst_wake_events_start(guest, wait->wake, within(wait, LOOK_US), NULL);
    wait->outcome->by_event |= wait->events != NULL;
    return wait->events != NULL;
}

static PstWaitDomain
domain_of(const PstGuest *guest)
{
    return (PstWaitDomain){guest->state, (int)guest->sight.reason, guest->xml.shim,
                           guest->xml.agent};
}

/* Whoever may not ask libvirt, or finds none, may have a daemon that does; only where there was
 * never anything else is that the end. */
static Step
look_failed(Wait *wait, GError *cause, gint64 window_us, GError **error)
{
    if (cause->code == PST_ERROR_NO_DOMAIN) {
        g_propagate_error(error, cause);
        return STEP_ERROR;
    }
    wait->blind |= !wait->looked;
    see_nobody(wait, cause->message, window_us, LOOK_US);
    g_error_free(cause);
    return STEP_WAIT;
}

/* A domain has another number after each start. */
static void
keep_name(Wait *wait, const PstGuest *guest)
{
    set(&wait->outcome->guest, guest->name);
    if (g_ascii_string_to_unsigned(wait->domain, 10, 0, G_MAXUINT64, NULL, NULL))
        set(&wait->domain, guest->uuid);
}

/* STEP_AGAIN: the guest can be asked. */
static Step
look(Wait *wait, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *seen = NULL;
    gint64 window_us = wait->deadline_us - g_get_monotonic_time();
    g_autoptr(PstGuest) guest =
        pst_guest_open(wait->hypervisor, wait->domain, within(wait, LOOK_US), &cause);

    if (guest == NULL)
        return look_failed(wait, g_steal_pointer(&cause), window_us, error);
    wait->looked = TRUE;
    keep_name(wait, guest);
    if (listen_anew(wait, guest))
        return look(wait, error);
    guint64 n_breaks = pst_wake_count(wait->wake).n_breaks;
    const PstWaitDomain domain = domain_of(guest);
    gboolean began = n_breaks != wait->n_breaks;
    wait->n_breaks = n_breaks;
    gboolean gone =
        pst_wait_gone_note(&wait->gone, wait->goal, &domain, began, g_get_monotonic_time());
    if (pst_wait_gone_may_answer(wait->goal, &domain, &seen))
        return STEP_AGAIN;
    set(&wait->outcome->seen, seen);
    if (!gone)
        return STEP_WAIT;
    wait->outcome->end = PST_WAIT_GONE;
    return STEP_END;
}

/* ---- the guest ---- */

static void
free_answers(PstAnswer **answers, guint n)
{
    for (guint i = 0; i < n; i++)
        pst_answer_free(answers[i]);
    g_free(answers);
}

/* What more time does not mend. That nobody is there to be asked is so only at the beginning. */
static gboolean
is_final(const Wait *wait, const GError *error)
{
    switch (error->code) {
    case PST_ERROR_NO_HYPERVISOR:
        return !wait->looked && wait->outcome->n_asked == 1;
    case PST_ERROR_NO_DOMAIN:
    case PST_ERROR_NO_PERMISSION:
    case PST_ERROR_NOT_ALLOWED:
    case PST_ERROR_USAGE:
    case PST_ERROR_INVALID_PARAMS:
        return TRUE;
    default:
        return FALSE;
    }
}

static Step
ask_failed(Wait *wait, GError *cause, gint64 window_us, GError **error)
{
    if (is_final(wait, cause)) {
        g_propagate_error(error, cause);
        return STEP_ERROR;
    }
    see_nobody(wait, cause->message, window_us, ASK_US);
    g_error_free(cause);
    return STEP_WAIT;
}

/* A journal that was asked in vain, for want of time perhaps, tells less than one look ago. */
static void
see(Wait *wait, const PstWaitVerdict *verdict, gint64 window_us)
{
    if (verdict->silent)
        see_nobody(wait, verdict->seen, window_us, ASK_US);
    else if (!verdict->ask_journal || !wait->ask_journal)
        set(&wait->outcome->seen, verdict->seen);
}

static Step
weigh(Wait *wait, const PstWaitVerdict *verdict, guint64 n_breaks, gint64 window_us)
{
    const PstWaitTurn turn = {
        .broken = pst_wake_count(wait->wake).n_breaks != n_breaks,
        .events = wait->events != NULL,
        .asked_journal = wait->ask_journal,
        .boot_before = wait->boot_id,
    };
    PstWaitWeight weight = pst_wait_weigh(verdict, &turn);

    if (turn.broken) {
        set(&wait->outcome->seen, "it was reset, started or reverted while it was asked");
        return STEP_AGAIN;
    }
    see(wait, verdict, window_us);
    wait->ask_journal |= verdict->ask_journal;
    set(&wait->boot_id, verdict->boot_id);
    set(&wait->outcome->boot_id, verdict->boot_id);
    switch (weight) {
    case PST_WAIT_THERE:
        wait->outcome->end = PST_WAIT_REACHED;
        return STEP_END;
    case PST_WAIT_FOREIGN:
        wait->outcome->end = PST_WAIT_GONE;
        return STEP_END;
    case PST_WAIT_REPEAT:
        return STEP_AGAIN;
    case PST_WAIT_MISSING:
        break;
    }
    return STEP_WAIT;
}

static Step
ask(Wait *wait, GError **error)
{
    guint64 n_breaks = pst_wake_count(wait->wake).n_breaks;
    gint64 window_us = wait->deadline_us - g_get_monotonic_time();
    g_autoptr(PstAsk) ask =
        pst_ask_new(wait->options, wait->method, wait->domain, within(wait, ASK_US));
    guint n = 0;
    g_autoptr(GError) cause = NULL;
    PstAnswer **questions = pst_wait_questions(wait->goal, wait->domain, wait->ask_journal, &n);

    wait->outcome->n_asked++;
    PstAnswer **answers = pst_ask_questions(ask, questions, n, NULL, NULL, &cause);
    if (answers == NULL)
        return ask_failed(wait, g_steal_pointer(&cause), window_us, error);
    set(&wait->outcome->guest, pst_ask_name(ask));
    g_auto(PstWaitVerdict) verdict = pst_wait_judge(wait->goal, answers, n, n_breaks > 0);
    free_answers(answers, n);
    return weigh(wait, &verdict, n_breaks, window_us);
}

/* ---- the loop ---- */

static Step
step(Wait *wait, GError **error)
{
    if (!wait->blind) {
        Step next = look(wait, error);

        if (next != STEP_AGAIN && !wait->blind)
            return next;
    }
    return ask(wait, error);
}

/* Something that happens ends the pause, though not at once where a look has only just begun. */
static void
pause_until_due(Wait *wait, guint64 n_news, Step next)
{
    gint64 now_us = g_get_monotonic_time();

    if (next == STEP_AGAIN ||
        pst_wake_await(wait->wake, n_news,
                       MIN(wait->deadline_us, pst_wait_pace_next(&wait->pace, now_us)))) {
        gint64 due_us = MIN(wait->deadline_us, pst_wait_pace_wake(&wait->pace));
        now_us = g_get_monotonic_time();
        if (due_us > now_us)
            g_usleep((gulong)(due_us - now_us));
    }
}

gboolean
pst_wait_run(const PstOptions *options, const char *method, const char *domain,
             const PstWaitGoal *goal, PstWaitOutcome *outcome, GError **error)
{
    gint64 begun_us = g_get_monotonic_time();
    g_auto(Wait) wait = {
        .options = options,
        .method = method,
        .domain = g_strdup(domain),
        .goal = goal,
        .outcome = outcome,
        .begun_us = begun_us,
        .deadline_us = begun_us + options->deadline_us,
        .hypervisor = pst_hypervisor_new(options->connect),
        .wake = pst_wake_new(),
    };
    Step next = STEP_AGAIN;

    outcome->end = PST_WAIT_LATE;
    outcome->guest = g_strdup(domain);
    while (next < STEP_END && g_get_monotonic_time() < wait.deadline_us) {
        guint64 n_news = pst_wake_count(wait.wake).n_news;

        pst_wait_pace_begin(&wait.pace, g_get_monotonic_time());
        next = step(&wait, error);
        if (next < STEP_END)
            pause_until_due(&wait, n_news, next);
    }
    outcome->waited_us = g_get_monotonic_time() - begun_us;
    return next != STEP_ERROR;
}
