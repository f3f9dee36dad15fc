// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ladder.h"

#include "host-sidecar/task.h"

/* How long a rung may be silent before the next begins beside it. On a slow host a sound channel
 * can take longer: so a rung yields to a better one that comes to life before it costs the guest
 * anything. */
#define HEDGE_US (80 * G_GINT64_CONSTANT(1000))

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

PstAnswer **
pst_ladder_ask(const PstLadder *ladder, PstGuest *guest, PstAnswer **questions, guint n,
               const char *caller, gint64 deadline_us, const PstInquiryListener *listener,
               PstReport **host)
{
    g_autoptr(PstInquiry) inquiry = pst_inquiry_new(questions, n, caller, deadline_us);
    guint started = 0;

    pst_inquiry_listen(inquiry, listener);
    for (guint i = 0; i < ladder->n_rungs && !pst_inquiry_is_settled(inquiry); i++) {
        const PstBackend *backend = ladder->rungs[i];
        g_autoptr(GError) shut = NULL;

        if (!backend->is_open(guest, &shut)) {
            note_failure(inquiry, backend->via, 0, shut->message);
            continue;
        }
        /* Nobody would wait for it; what libvirt knows of the rungs below is still worth telling.
         */
        if (g_get_monotonic_time() >= deadline_us)
            continue;
        if (!start_rung(ladder, backend, guest, inquiry, &shut)) {
            note_failure(inquiry, backend->via, 0, shut->message);
            pst_inquiry_rung_ended(inquiry, backend->via);
        }
        started++;
        pst_inquiry_wait(inquiry, backend->via, g_get_monotonic_time() + HEDGE_US);
    }
    pst_inquiry_wait_all(inquiry, started);
    PstAnswer **answers = pst_inquiry_close(inquiry);
    if (host != NULL)
        *host = pst_inquiry_steal_host(inquiry);
    return answers;
}
