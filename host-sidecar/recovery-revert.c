// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/recovery-revert.h"

#include "host-sidecar/ask.h"
#include "host-sidecar/domain-busy.h"
#include "host-sidecar/domain-state.h"
#include "host-sidecar/power-proof.h"
#include "host-sidecar/recovery-ladder.h"
#include "host-sidecar/snapshot-run.h"
#include "host-sidecar/task.h"
#include "host-sidecar/wait.h"
#include "protocol/error.h"
#include "protocol/report-journal.h"

#define VERB "recover"
/* How long the guest may need to tell how it is: one that is broken tells nothing. */
#define LOOK_US (10 * (gint64)G_USEC_PER_SEC)
/* What a libvirt that was left alone with a revert may need for it. */
#define IDLE_US (120 * (gint64)G_USEC_PER_SEC)
#define IDLE_PAUSE_US 200000

static void
come_to(PstRecoveryRow *row, PstRecoveryOutcome outcome, char *detail)
{
    row->outcome = (int)outcome;
    g_free(row->detail);
    row->detail = detail;
}

/* ---- how it is ---- */

typedef struct {
    int state, reason;
} Reason;

static const Reason reverted[] = {
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_FROM_SNAPSHOT},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_FROM_SNAPSHOT},
    {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_FROM_SNAPSHOT},
};
static const Reason booted[] = {{VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED}};

/* By libvirt's words, since the door's libvirt may have told them. */
static PstTri
is_one_of(const char *said, const Reason *rows, guint n)
{
    if (said == NULL)
        return PST_TRI_UNKNOWN;
    for (guint i = 0; i < n; i++) {
        g_autofree char *words =
            g_strdup_printf("%s (%s)", pst_domain_state_name(rows[i].state),
                            pst_domain_state_reason(rows[i].state, rows[i].reason));
        if (g_str_equal(words, said))
            return PST_TRI_YES;
    }
    return PST_TRI_NO;
}

static PstTri
is_from_revert(const char *said)
{
    return is_one_of(said, reverted, G_N_ELEMENTS(reverted));
}

/* Which run of it this is: both unknown where libvirt does not let this caller look. */
static void
look_at_run(const PstOptions *options, const char *domain, gint64 *run, gint64 *host_boot)
{
    g_autoptr(PstGuest) guest =
        pst_ask_open(options, VERB, domain, g_get_monotonic_time() + LOOK_US, NULL);

    *run = guest != NULL ? guest->sight.id : PST_INT_UNKNOWN;
    *host_boot = guest != NULL ? guest->sight.host_boot : PST_INT_UNKNOWN;
}

/* Another one than when the run began, which was given its name. */
static gboolean
is_another(const PstRecoveryState *state, const PstSnapshotDone *seen)
{
    return seen->snapshot->created_us != state->snapshot_us &&
           seen->snapshot->created_us != PST_INT_UNKNOWN && state->snapshot_us != PST_INT_UNKNOWN;
}

void
pst_recovery_revert_prepare(const PstOptions *options, const char *domain, PstRecoveryState *state)
{
    g_auto(PstPowerSight) sight = {NULL};
    g_autoptr(PstSnapshotDone) preview =
        pst_snapshot_run_preview(options, domain, state->snapshot, NULL);

    pst_power_proof_take(options, VERB, domain, g_get_monotonic_time() + LOOK_US, &sight);
    g_clear_pointer(&state->mark, g_free);
    if (sight.mark != NULL)
        state->mark = pst_mark_to_text(sight.mark);
    if (preview == NULL || is_another(state, preview))
        return;
    g_free(state->state_before);
    state->state_before = g_strdup(preview->state_before);
    state->was_current = preview->snapshot->current;
    state->was_reverted = is_from_revert(preview->state_before);
    look_at_run(options, domain, &state->run_before, &state->host_boot);
    g_strfreev(state->lost);
    state->lost = g_strdupv(preview->lost);
}

/* ---- whether it was done ---- */

/* Whether the journal still holds the mark's entry, where it was asked for it. */
static PstTri
is_mark_found(PstAnswer *const *answers, guint n)
{
    const PstAnswer *journal = pst_mark_find(answers, n, pst_report_journal_kind.name);

    return journal != NULL && json_object_has_member(journal->args, "after")
               ? pst_mark_found(journal)
               : PST_TRI_UNKNOWN;
}

static PstRecoveryMark
look_at_mark(const PstOptions *options, const char *domain, const char *mark)
{
    g_auto(PstWaitGoal) goal = {.state = PST_WAIT_TARGET};
    g_autoptr(PstAsk) ask = pst_ask_new(options, VERB, domain, g_get_monotonic_time() + LOOK_US);
    PstRecoveryMark seen = PST_RECOVERY_MARK_UNTOLD;
    guint n = 0;

    goal.since = mark != NULL ? pst_mark_parse(mark, NULL) : NULL;
    if (goal.since == NULL)
        return seen;
    PstAnswer **asked = pst_wait_questions(&goal, domain, TRUE, &n);
    g_autofree PstAnswer **answers = pst_ask_questions(ask, asked, n, NULL, NULL, NULL);
    if (answers == NULL)
        return seen;
    seen = pst_recovery_ladder_mark(pst_mark_relate(goal.since, answers, n),
                                    is_mark_found(answers, n));
    for (guint i = 0; i < n; i++)
        pst_answer_free(answers[i]);
    return seen;
}

/* libvirt goes on with what was asked for by a client that is gone. */
static gpointer
wait_idle(gpointer data, GError **error)
{
    virDomainPtr domain = pst_guest_connect(data, error);

    if (domain == NULL)
        return NULL;
    gint64 until_us = g_get_monotonic_time() + IDLE_US;
    while (pst_domain_busy_is(domain) && g_get_monotonic_time() < until_us)
        g_usleep(IDLE_PAUSE_US);
    gboolean idle = !pst_domain_busy_is(domain);
    pst_guest_disconnect(domain);
    if (idle)
        return GINT_TO_POINTER(TRUE);
    g_set_error(error, PST_ERROR, PST_ERROR_BUSY, "libvirt is not done with this domain yet");
    return NULL;
}

static gboolean
is_idle(const PstOptions *options, const char *domain, GError **error)
{
    g_autoptr(PstGuest) guest =
        pst_ask_open(options, VERB, domain, g_get_monotonic_time() + LOOK_US, error);

    return guest != NULL &&
           pst_task_call(wait_idle, pst_guest_ref(guest), (GDestroyNotify)pst_guest_unref, NULL,
                         g_get_monotonic_time() + IDLE_US + LOOK_US, "libvirt", error) != NULL;
}

/* Of a snapshot that is gone meanwhile, or another, the guest's own time is all that can tell. */
static void
look_at_libvirt(const PstOptions *options, const char *domain, const PstRecoveryState *state,
                const PstSnapshotDone *now, PstRecoverySight *sight)
{
    if (now == NULL)
        return;
    sight->is_current = is_another(state, now) ? PST_TRI_UNKNOWN : now->snapshot->current;
    sight->is_reverted = is_from_revert(now->state_before);
    sight->is_booted = is_one_of(now->state_before, booted, G_N_ELEMENTS(booted));
    sight->state = now->state_before;
    look_at_run(options, domain, &sight->run, &sight->host_boot);
}

/* FALSE with the error where nobody could look. */
static gboolean
was_reverted(const PstOptions *options, const char *domain, const PstRecoveryState *state,
             PstTri *was, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (!is_idle(options, domain, error))
        return FALSE;
    g_autoptr(PstSnapshotDone) now =
        pst_snapshot_run_preview(options, domain, state->snapshot, &cause);
    if (now == NULL && !g_error_matches(cause, PST_ERROR, PST_ERROR_USAGE)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    PstRecoverySight sight = {
        .mark = look_at_mark(options, domain, state->mark),
        .is_current = PST_TRI_UNKNOWN,
        .is_reverted = PST_TRI_UNKNOWN,
        .is_booted = PST_TRI_UNKNOWN,
    };
    look_at_libvirt(options, domain, state, now, &sight);
    *was = pst_recovery_ladder_was_reverted(state, &sight);
    return TRUE;
}

/* ---- the step ---- */

static char *
back_words(const char *snapshot, const PstPowerProof *proof)
{
    if (proof == NULL)
        return g_strdup_printf("it was reverted to %s", snapshot);
    return g_strdup_printf("it was reverted to %s, and after %.1f s: %s", snapshot,
                           (double)proof->waited_ms / 1000,
                           proof->seen != NULL ? proof->seen : "nobody has answered");
}

/* Of one that was done by who was interrupted. */
static void
wait_back(const PstOptions *options, const char *domain, const PstRecoveryState *state,
          PstRecoveryRow *row)
{
    g_auto(PstPowerSight) before = {NULL};

    if (state->mark != NULL)
        before.mark = pst_mark_parse(state->mark, NULL);
    g_autoptr(PstPowerProof) proof = pst_power_proof_make(options, VERB, domain, &before, NULL);
    come_to(row, PST_RECOVERY_DONE, back_words(state->snapshot, proof));
}

/* Errors after which libvirt may yet have done it, or somebody else is at it. */
static gboolean
is_open(const GError *error)
{
    switch (error->code) {
    case PST_ERROR_DEADLINE:
    case PST_ERROR_UNAVAILABLE:
    case PST_ERROR_NO_HYPERVISOR:
    case PST_ERROR_BUSY:
    case PST_ERROR_PROTOCOL:
        return TRUE;
    default:
        return FALSE;
    }
}

/* The audit of who does it has the seal that this process made. */
static char *
reason_of(const PstRecoveryState *state)
{
    if (state->without_forensics != NULL)
        return g_strdup(state->without_forensics);
    return state->bundle_sha256 != NULL ? g_strdup_printf("recover %s has sealed it, manifest %s",
                                                          state->run, state->bundle_sha256)
                                        : NULL;
}

gboolean
pst_recovery_revert_look(const PstOptions *options, const char *domain,
                         const PstRecoveryState *state, PstRecoveryRow *row, gboolean *open,
                         GError **error)
{
    PstTri was = PST_TRI_UNKNOWN;

    if (!was_reverted(options, domain, state, &was, error))
        return FALSE;
    *open = was == PST_TRI_NO;
    if (was == PST_TRI_YES)
        wait_back(options, domain, state, row);
    else if (was == PST_TRI_UNKNOWN)
        come_to(row, PST_RECOVERY_UNKNOWN,
                g_strdup("it may have been reverted before this was interrupted, and neither "
                         "libvirt nor the guest tells: it is not reverted again"));
    return TRUE;
}

/* FALSE too where nobody can tell: then the revert says why. */
static gboolean
is_made_anew(const PstOptions *options, const char *domain, const PstRecoveryState *state)
{
    g_autoptr(PstSnapshotDone) now =
        pst_snapshot_run_preview(options, domain, state->snapshot, NULL);

    return now != NULL && is_another(state, now);
}

gboolean
pst_recovery_revert_run(const PstOptions *options, const char *domain,
                        const PstRecoveryState *state, PstRecoveryRow *row, GError **error)
{
    g_auto(PstSnapshotOutcome) outcome = {NULL};
    g_autofree char *reason = reason_of(state);
    g_autoptr(GError) cause = NULL;

    if (is_made_anew(options, domain, state)) {
        come_to(row, PST_RECOVERY_NOT_DONE,
                g_strdup_printf("the snapshot called %s is another one than when this was begun: "
                                "it is not reverted to",
                                state->snapshot));
        return TRUE;
    }
    gboolean well =
        pst_snapshot_run_revert(options, domain, state->snapshot, reason, &outcome, &cause);
    if (well || outcome.done != NULL) {
        come_to(row, PST_RECOVERY_DONE, back_words(state->snapshot, outcome.proof));
        return TRUE;
    }
    if (is_open(cause)) {
        g_propagate_prefixed_error(error, g_steal_pointer(&cause),
                                   "say the same again, and it is found out what came of it: ");
        return FALSE;
    }
    come_to(row, PST_RECOVERY_NOT_DONE, g_strdup(cause->message));
    return TRUE;
}
