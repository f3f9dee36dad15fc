// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/bench-guest.h"

#include "protocol/error.h"

#define OPEN_US (10 * G_USEC_PER_SEC)

PstGuest *
pst_bench_guest_open(PstHypervisor *hypervisor, const char *name)
{
    g_autoptr(GError) error = NULL;
    PstGuest *guest = pst_guest_open(hypervisor, name, g_get_monotonic_time() + OPEN_US, &error);

    if (guest == NULL)
        pst_bench_die(name, error);
    return guest;
}

static PstVia
ask(const PstLadder *ladder, PstGuest *guest, const char *probe, gint64 deadline_us, GError **error)
{
    PstAnswer **questions = g_new0(PstAnswer *, 1);

    questions[0] = pst_answer_new(guest->name, probe, NULL);
    g_autofree PstAnswer **answers =
        pst_ladder_ask(ladder, guest, questions, 1, "bench", deadline_us, NULL, NULL);
    g_autoptr(PstAnswer) answer = answers[0];

    if (answer->report != NULL)
        return (PstVia)answer->via;
    g_autofree char *reason = pst_answer_explain(answer);
    g_set_error_literal(error, PST_ERROR, PST_ERROR_UNAVAILABLE, reason);
    return PST_VIA_NONE;
}

gint64
pst_bench_guest_ask(PstHypervisor *hypervisor, const PstLadder *ladder, const char *name,
                    const char *probe, gint64 limit_us, PstVia *via, GError **error)
{
    gint64 start_us = g_get_monotonic_time();
    g_autoptr(PstGuest) guest = pst_guest_open(hypervisor, name, start_us + limit_us, error);

    *via = guest != NULL ? ask(ladder, guest, probe, start_us + limit_us, error) : PST_VIA_NONE;
    return g_get_monotonic_time() - start_us;
}
