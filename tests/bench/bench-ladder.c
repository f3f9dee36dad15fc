// SPDX-License-Identifier: LGPL-2.1-or-later
/* bench-ladder GUEST PROBE ROUNDS: from a guest whose channel is dead to an answer by its agent, by
 * the whole ladder and by a ladder of the agent alone, turn by turn. Prints one JSON object. */
#include <stdio.h>

#include "host-sidecar/backend-agent.h"
#include "tests/bench/bench-guest.h"

#define LIMIT_US (20 * G_USEC_PER_SEC)

static const PstBackend *const agent_rung[] = {&pst_backend_agent};

static void
measure(PstHypervisor *hypervisor, const PstLadder *ladder, char **argv, GArray *times)
{
    g_autoptr(GError) error = NULL;
    PstVia via;
    gint64 took_us =
        pst_bench_guest_ask(hypervisor, ladder, argv[1], argv[2], LIMIT_US, &via, &error);

    if (via == PST_VIA_NONE)
        pst_bench_die("no answer", error);
    if (via != PST_VIA_AGENT)
        pst_bench_die("the answer did not come by way of the agent", NULL);
    g_array_append_val(times, took_us);
}

int
main(int argc, char **argv)
{
    const PstLadder agent_only = {
        .rungs = agent_rung,
        .n_rungs = 1,
        .ref = pst_guest_ladder.ref,
        .unref = pst_guest_ladder.unref,
    };
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new(NULL);
    g_autoptr(GArray) agent = pst_bench_times();
    g_autoptr(GArray) ladder = pst_bench_times();

    if (argc != 4) {
        fprintf(stderr, "usage: bench-ladder GUEST PROBE ROUNDS\n");
        return 64;
    }
    for (int i = pst_bench_number(argv[3]); i > 0; i--) {
        measure(hypervisor, &agent_only, argv, agent);
        measure(hypervisor, &pst_guest_ladder, argv, ladder);
    }
    printf("{\"agent_us\":%ld,\"ladder_us\":%ld}\n", pst_bench_quantile(agent, 0.5),
           pst_bench_quantile(ladder, 0.5));
    return 0;
}
