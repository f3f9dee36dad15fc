// SPDX-License-Identifier: LGPL-2.1-or-later
/* bench-neighbours SECONDS ROUNDS QEMU-PID TENTH SILENT GUEST…: asks the GUESTs round and round, a
 * thread for each, as a sweep does that forgets all it knows: look-up, ladder, answer. A thread
 * more asks one guest beside them, by turns: none, TENTH while it is sound, TENTH while its QEMU
 * (the process QEMU-PID) is stopped, SILENT. Each turn takes SECONDS, and there are ROUNDS of them.
 * Prints one JSON object: of each turn how many answers came and the quantiles of their times. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "host-sidecar/task.h"
#include "tests/bench/bench-guest.h"

#define LIMIT_US (10 * G_USEC_PER_SEC)
/* What is asked beside them may hang that long. */
#define BESIDE_US (2 * G_USEC_PER_SEC)

typedef enum { WITHOUT, SOUND, STOPPED, SILENT, N_TURNS } Turn;

static const char *const turn_names[] = {"without", "sound", "stopped", "silent"};

typedef struct {
    PstHypervisor *hypervisor;
    const char *guest;
    gint64 until_us;
    gint64 limit_us;
    GArray *times;
    guint answered, unanswered;
    char *reason; /* of the first that was not answered */
} Asker;

static pid_t stopped; /* to be woken however this ends */

static void
wake(void)
{
    if (stopped > 0)
        kill(stopped, SIGCONT);
    stopped = 0;
}

static void
on_signal(int number)
{
    wake();
    signal(number, SIG_DFL);
    raise(number);
}

static gpointer
ask_on(gpointer data)
{
    Asker *asker = data;

    while (g_get_monotonic_time() < asker->until_us) {
        g_autoptr(GError) error = NULL;
        PstVia via;
        gint64 took_us = pst_bench_guest_ask(asker->hypervisor, &pst_guest_ladder, asker->guest,
                                             "system", asker->limit_us, &via, &error);

        g_array_append_val(asker->times, took_us);
        if (via == PST_VIA_CHANNEL) {
            asker->answered++;
            continue;
        }
        asker->unanswered++;
        if (asker->reason == NULL)
            asker->reason = g_strdup(error != NULL ? error->message : "not by the channel");
    }
    return NULL;
}

/* The sound ones always answer and the bad ones never: else this measured something else. */
static void
check(const Asker *asker, Turn turn, gboolean beside)
{
    gboolean bad = beside && (turn == STOPPED || turn == SILENT);

    if (bad ? asker->answered == 0 : asker->unanswered == 0)
        return;
    g_autofree char *what =
        g_strdup_printf("%s %s, %s: %s", asker->guest, bad ? "answered" : "did not answer",
                        turn_names[turn], asker->reason != NULL ? asker->reason : "always");
    pst_bench_die(what, NULL);
}

static void
run_turn(PstHypervisor *hypervisor, Turn turn, gint64 length_us, char *const *names, guint n,
         const char *beside_name, GArray *times)
{
    g_autofree Asker *askers = g_new0(Asker, n + 1);
    g_autofree GThread **threads = g_new0(GThread *, n + 1);
    gint64 until_us = g_get_monotonic_time() + length_us;
    guint started = beside_name != NULL ? n + 1 : n;

    for (guint i = 0; i < started; i++) {
        gboolean beside = i == n;
        askers[i] = (Asker){
            .hypervisor = hypervisor,
            .guest = beside ? beside_name : names[i],
            .until_us = until_us,
            .limit_us = beside ? BESIDE_US : LIMIT_US,
            .times = pst_bench_times(),
        };
        threads[i] = g_thread_new("asker", ask_on, &askers[i]);
    }
    for (guint i = 0; i < started; i++)
        g_thread_join(threads[i]);
    wake();
    for (guint i = 0; i < started; i++) {
        check(&askers[i], turn, i == n);
        if (i < n)
            g_array_append_vals(times, askers[i].times->data, askers[i].times->len);
        g_array_unref(askers[i].times);
        g_free(askers[i].reason);
    }
}

static void
print_turn(const char *name, GArray *times, gboolean last)
{
    printf("\"%s\":{\"answers\":%u,\"median_us\":%ld,\"p99_us\":%ld,\"worst_us\":%ld}%s", name,
           times->len, pst_bench_quantile(times, 0.5), pst_bench_quantile(times, 0.99),
           pst_bench_quantile(times, 1), last ? "" : ",");
}

int
main(int argc, char **argv)
{
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new(NULL);
    GArray *times[N_TURNS];

    if (argc < 7) {
        fprintf(stderr, "usage: bench-neighbours SECONDS ROUNDS QEMU-PID TENTH SILENT GUEST...\n");
        return 64;
    }
    const char *const beside[N_TURNS] = {NULL, argv[4], argv[4], argv[5]};
    gint64 length_us = pst_bench_number(argv[1]) * G_USEC_PER_SEC;
    pid_t qemu = pst_bench_number(argv[3]);

    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    for (int turn = 0; turn < N_TURNS; turn++)
        times[turn] = pst_bench_times();
    for (int i = pst_bench_number(argv[2]) * N_TURNS; i > 0; i--) {
        Turn turn = (Turn)(i % N_TURNS);

        if (turn == STOPPED) {
            stopped = qemu;
            kill(qemu, SIGSTOP);
        }
        run_turn(hypervisor, turn, length_us, argv + 6, (guint)argc - 6, beside[turn], times[turn]);
        /* What was abandoned ends before the next turn begins. */
        pst_task_settle(LIMIT_US);
    }

    putchar('{');
    for (int turn = 0; turn < N_TURNS; turn++) {
        print_turn(turn_names[turn], times[turn], turn == N_TURNS - 1);
        g_array_unref(times[turn]);
    }
    puts("}");
    return 0;
}
