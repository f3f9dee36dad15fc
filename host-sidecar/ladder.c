// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ladder.h"

#include "host-sidecar/task.h"

/* How long a rung may be silent before the next begins beside it. On a slow host a sound channel
 * can take longer: so a rung yields to a better one that comes to life before it costs the guest
 * anything. */
#define HEDGE_US (80 * G_GINT64_CONSTANT(1000))
/* How long the guest is asked before what it told earlier is read beside that, and it is looked at
 * from outside, or half of a shorter deadline: a quick diagnosis costs neither, one that the guest
 * has no time for ends with what is known, and one in whose middle it dies is not waited for. */
#define BESIDE_US (2 * G_USEC_PER_SEC)

typedef struct {
    const PstLadder *ladder;
    const PstBackend *backend;
    PstGuest *guest;
    PstInquiry *inquiry;
} Climb;

static void
free_climb(gpointer data)
{
    Climb *climb = data;

    climb->ladder->unref(climb->guest);
    pst_inquiry_unref(climb->inquiry);
    g_free(climb);
}

/* Notes for every question that is still open why this rung did not answer it. */
static void
note_failure(PstInquiry *inquiry, PstVia via, gint64 took_ms, const char *reason)
{
    for (guint i = 0; i < pst_inquiry_size(inquiry); i++)
        if (pst_inquiry_is_open(inquiry, i))
            pst_inquiry_fail(inquiry, i, via, took_ms, reason);
}

static gpointer
climb_rung(gpointer data, GError **unused G_GNUC_UNUSED)
{
    Climb *climb = data;
    g_autoptr(GError) error = NULL;
    gint64 start_us = g_get_monotonic_time();

    if (!climb->backend->ask(climb->guest, climb->inquiry, &error))
        note_failure(climb->inquiry, climb->backend->via,
                     (g_get_monotonic_time() - start_us) / 1000, error->message);
    pst_inquiry_rung_ended(climb->inquiry, climb->backend->via);
    return NULL;
}

static gboolean
start_rung(const PstLadder *ladder, const PstBackend *backend, PstGuest *guest, PstInquiry *inquiry,
           GError **error)
{
    Climb *climb = g_new0(Climb, 1);

    climb->ladder = ladder;
    climb->backend = backend;
    climb->guest = ladder->ref(guest);
    climb->inquiry = pst_inquiry_ref(inquiry);
    pst_inquiry_rung_started(inquiry, backend->via);
    return pst_task_start(climb_rung, climb, free_climb, pst_answer_via_names[backend->via], error);
}

typedef struct {
    const PstLadder *ladder;
    PstGuest *guest;
    PstInquiry *inquiry;
    gint64 beside_us;             /* from then on nobody waits for the living alone */
    gboolean begun[PST_VIA_NONE]; /* of each rung */
    guint n_begun;
} Ascent;

/* A rung that could not be started has ended. */
static void
begin(Ascent *ascent, const PstBackend *backend)
{
    g_autoptr(GError) error = NULL;

    ascent->begun[backend->via] = TRUE;
    ascent->n_begun++;
    if (start_rung(ascent->ladder, backend, ascent->guest, ascent->inquiry, &error))
        return;
    note_failure(ascent->inquiry, backend->via, 0, error->message);
    pst_inquiry_rung_ended(ascent->inquiry, backend->via);
}

/* The rungs that cost the guest nothing. Why one is shut is told when its turn comes, if ever. */
static void
begin_beside(Ascent *ascent)
{
    for (guint i = 0; i < ascent->ladder->n_rungs; i++) {
        const PstBackend *backend = ascent->ladder->rungs[i];

        if (backend->asks_nobody && !ascent->begun[backend->via] &&
            backend->is_open(ascent->guest, NULL))
            begin(ascent, backend);
    }
}

/* Until the rung has ended, or long enough for the next to be begun. */
static void
await(Ascent *ascent, const PstBackend *backend)
{
    gint64 hedge_us = g_get_monotonic_time() + HEDGE_US;

    if (!pst_inquiry_wait(ascent->inquiry, backend->via, hedge_us,
                          MAX(hedge_us, ascent->beside_us)))
        return;
    begin_beside(ascent);
    pst_inquiry_wait(ascent->inquiry, backend->via, hedge_us, G_MAXINT64);
}

static void
climb_to(Ascent *ascent, const PstBackend *backend)
{
    g_autoptr(GError) shut = NULL;

    /* The guest had no time for what is open: what was recorded may still answer that. */
    if (pst_inquiry_is_exhausted(ascent->inquiry) && !backend->recalls)
        return;
    if (!ascent->begun[backend->via] && !backend->is_open(ascent->guest, &shut)) {
        note_failure(ascent->inquiry, backend->via, 0, shut->message);
        return;
    }
    if (!ascent->begun[backend->via]) {
        /* Nobody would wait for it; what libvirt knows of the rungs below is still worth telling.
         */
        if (g_get_monotonic_time() >= pst_inquiry_deadline_us(ascent->inquiry)) {
            if (ascent->n_begun == 0)
                note_failure(ascent->inquiry, backend->via, 0, "no time was left to ask it");
            return;
        }
        begin(ascent, backend);
    }
    await(ascent, backend);
}

PstAnswer **
pst_ladder_ask(const PstLadder *ladder, PstGuest *guest, PstAnswer **questions, guint n,
               const char *caller, gint64 deadline_us, const PstInquiryListener *listener,
               PstReport **host)
{
    g_autoptr(PstInquiry) inquiry = pst_inquiry_new(questions, n, caller, deadline_us);
    gint64 now_us = g_get_monotonic_time();
    Ascent ascent = {
        .ladder = ladder,
        .guest = guest,
        .inquiry = inquiry,
        .beside_us = now_us + MIN(BESIDE_US, (deadline_us - now_us) / 2),
    };

    pst_inquiry_listen(inquiry, listener);
    for (guint i = 0; i < ladder->n_rungs && !pst_inquiry_is_settled(inquiry); i++)
        climb_to(&ascent, ladder->rungs[i]);
    pst_inquiry_wait_all(inquiry, ascent.n_begun);
    PstAnswer **answers = pst_inquiry_close(inquiry);
    if (host != NULL)
        *host = pst_inquiry_steal_host(inquiry);
    return answers;
}
