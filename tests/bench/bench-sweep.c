// SPDX-License-Identifier: LGPL-2.1-or-later
/* bench-sweep SHIM REAL QUICK SILENT SWEEPS PROBE-SECONDS: starts so many simulated guests
 * (tests/sim; SHIM is the program of the real ones), and sweeps over them as `postern health
 * --json` does: SWEEPS times, each knowing what the one before left. Then, for PROBE-SECONDS each
 * (0: not at all), puts the question `system` to one guest after another of those that answer:
 * alone, and beside sweeps that follow each other and know nothing. Prints one JSON object. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "host-sidecar/health.h"
#include "host-sidecar/render-health.h"
#include "host-sidecar/task.h"
#include "protocol/limits.h"
#include "tests/bench/bench.h"
#include "tests/sim/sim.h"

/* The longest that there is: what is measured is how long a sweep needs. Where somebody asks beside
 * it a small one has less, so that silent guests are not waited for in the most of the time. */
#define DEADLINE_US (PST_LIMIT_DEADLINE_MAX_MS * G_GINT64_CONSTANT(1000))
#define MIN_DEADLINE_US (4 * G_USEC_PER_SEC)
#define DEADLINE_OF_GUEST_US (G_USEC_PER_SEC / 10)
#define PROBE_US (10 * G_USEC_PER_SEC)
#define PAUSE_US 10000
#define SETTLE_US (15 * G_USEC_PER_SEC)

/* ---- a sweep, as the command makes it ---- */

typedef struct {
    gint64 took_us;
    gint64 others_us; /* until all that answer had */
    gint64 cpu_us;
    gint64 peak_kib, after_kib;
    guint answered, missed, left_alone;
} Sweep;

static gint64
cpu_us(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * G_USEC_PER_SEC + used.ru_utime.tv_usec +
           used.ru_stime.tv_usec;
}

static gint64
status_kib(const char *key)
{
    g_autofree char *text = NULL;

    if (!g_file_get_contents("/proc/self/status", &text, NULL, NULL))
        pst_bench_die("/proc/self/status", NULL);
    const char *line = strstr(text, key);
    return line != NULL ? g_ascii_strtoll(line + strlen(key), NULL, 10) : 0;
}

/* The peak of the memory counts anew from here (proc(5)). */
static void
reset_peak(void)
{
    int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, "5", 1) != 1)
        pst_bench_die("/proc/self/clear_refs", NULL);
    close(fd);
}

static void
say_nothing(const char *guest G_GNUC_UNUSED, guint n G_GNUC_UNUSED,
            gpointer user_data G_GNUC_UNUSED)
{
}

static void
count(const PstSim *sim, const GPtrArray *sights, gint64 begun_us, Sweep *sweep)
{
    for (guint i = 0; i < sights->len; i++) {
        const PstHealthSight *sight = sights->pdata[i];

        sweep->answered += sight->answered;
        sweep->missed += sight->missed;
        sweep->left_alone += sight->left_alone;
    }
    for (guint i = 0; i < pst_sim_size(sim); i++)
        sweep->others_us = MAX(sweep->others_us, pst_sim_guest(sim, i)->told_us - begun_us);
}

static Sweep
make_sweep(PstSim *sim, PstHealthMemory *memory, gint64 limit_us)
{
    const PstSweepPlan plan = {memory, FALSE, "bench", say_nothing, NULL};
    const PstSweepGuests guests = pst_sim_sweep_guests(sim);
    g_autoptr(GKeyFile) config = g_key_file_new();
    g_autoptr(PstExpect) expect = pst_expect_read(config, NULL);
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    const PstHealthView view = {memory, expect, now, TRUE};
    gint64 begun_us = g_get_monotonic_time(), used_us = cpu_us();
    gsize len;
    Sweep sweep = {0};

    g_autoptr(GPtrArray) sights =
        pst_sweep_make(&guests, pst_sim_names(sim), &plan, begun_us + limit_us, NULL);
    count(sim, sights, begun_us, &sweep);
    g_autoptr(PstHealth) health = pst_health_judge(sights, &view);
    pst_health_note(memory, health, sights, TRUE, g_get_real_time());
    g_autofree char *kept = pst_health_memory_to_text(memory, &len);
    g_autofree char *text = pst_render_health_json(health, FALSE);
    sweep.took_us = g_get_monotonic_time() - begun_us;
    sweep.cpu_us = cpu_us() - used_us;
    sweep.peak_kib = status_kib("VmHWM:");
    sweep.after_kib = status_kib("VmRSS:");
    return sweep;
}

/* What the sweep before left running ends first. */
static void
run_sweeps(PstSim *sim, int n)
{
    g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
    gint64 before_kib = status_kib("VmRSS:");

    reset_peak();
    printf("\"before_kib\":%ld,\"sweeps\":[", before_kib);
    for (int i = 0; i < n; i++) {
        Sweep sweep = make_sweep(sim, memory, DEADLINE_US);

        pst_task_settle(SETTLE_US);
        printf("%s{\"took_us\":%ld,\"others_us\":%ld,\"cpu_us\":%ld,\"peak_kib\":%ld,"
               "\"after_kib\":%ld,\"answered\":%u,\"missed\":%u,\"left_alone\":%u}",
               i > 0 ? "," : "", sweep.took_us, sweep.others_us, sweep.cpu_us, sweep.peak_kib,
               sweep.after_kib, sweep.answered, sweep.missed, sweep.left_alone);
    }
    printf("]");
}

/* ---- somebody who asks ---- */

typedef struct {
    gint64 begun_us, took_us;
} Probe;

typedef struct {
    PstSim *sim;
    gint over;
    GArray *probes; /* of Probe, answered ones */
    guint unanswered;
} Asker;

static gboolean
answers(const PstGuest *guest)
{
    return guest->kind == PST_SIM_REAL || guest->kind == PST_SIM_QUICK;
}

static void
ask(Asker *asker, PstGuest *guest)
{
    PstAnswer **questions = g_new0(PstAnswer *, 1);
    gint64 begun_us = g_get_monotonic_time();

    questions[0] = pst_answer_new(guest->name, "system", NULL);
    g_autofree PstAnswer **told = pst_ladder_ask(&pst_sim_guest_ladder, guest, questions, 1,
                                                 "bench", begun_us + PROBE_US, NULL, NULL);
    const Probe probe = {begun_us, g_get_monotonic_time() - begun_us};

    if (told[0]->report != NULL)
        g_array_append_val(asker->probes, probe);
    else
        asker->unanswered++;
    pst_answer_free(told[0]);
}

static gpointer
ask_on(gpointer data)
{
    Asker *asker = data;
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);

    while (!g_atomic_int_get(&asker->over)) {
        guint i = (guint)g_rand_int_range(rand, 0, (gint32)pst_sim_size(asker->sim));

        if (!answers(pst_sim_guest(asker->sim, i)))
            continue;
        ask(asker, pst_sim_guest(asker->sim, i));
        g_usleep(PAUSE_US);
    }
    return NULL;
}

/* The times of what was asked from BEGUN_US on, before END_US. */
static void
take_times(const Asker *asker, gint64 begun_us, gint64 end_us, GArray *times)
{
    for (guint i = 0; i < asker->probes->len; i++) {
        const Probe *probe = &g_array_index(asker->probes, Probe, i);

        if (probe->begun_us >= begun_us && probe->begun_us < end_us)
            g_array_append_val(times, probe->took_us);
    }
}

typedef struct {
    gint64 begun_us, end_us; /* until all that answer had */
} Busy;

static GArray *
sweep_on(PstSim *sim, gint64 until_us)
{
    gint64 limit_us = CLAMP(pst_sim_size(sim) * DEADLINE_OF_GUEST_US, MIN_DEADLINE_US, DEADLINE_US);
    GArray *busy = g_array_new(FALSE, FALSE, sizeof(Busy));

    while (g_get_monotonic_time() < until_us) {
        g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
        gint64 begun_us = g_get_monotonic_time();
        const Busy one = {begun_us, begun_us + make_sweep(sim, memory, limit_us).others_us};
        g_array_append_val(busy, one);
    }
    return busy;
}

/* Only what was asked while guests that answer were swept over counts as beside a sweep. */
static void
run_asker(PstSim *sim, const char *name, gint64 length_us, gboolean sweeping)
{
    Asker asker = {.sim = sim, .probes = g_array_new(FALSE, FALSE, sizeof(Probe))};
    GThread *thread = g_thread_new("asker", ask_on, &asker);
    g_autoptr(GArray) times = pst_bench_times();
    g_autoptr(GArray) busy = sweeping ? sweep_on(sim, g_get_monotonic_time() + length_us) : NULL;

    if (!sweeping)
        g_usleep((gulong)length_us);
    g_atomic_int_set(&asker.over, 1);
    g_thread_join(thread);
    if (!sweeping)
        take_times(&asker, 0, G_MAXINT64, times);
    for (guint i = 0; sweeping && i < busy->len; i++) {
        const Busy *one = &g_array_index(busy, Busy, i);
        take_times(&asker, one->begun_us, one->end_us, times);
    }
    if (times->len == 0)
        pst_sim_end(sim, NULL);
    printf(",\"%s\":{\"n\":%u,\"unanswered\":%u,\"sweeps\":%u,\"median_us\":%ld,\"p99_us\":%ld,"
           "\"worst_us\":%ld}",
           name, times->len, asker.unanswered, sweeping ? busy->len : 0,
           pst_bench_quantile(times, 0.5), pst_bench_quantile(times, 0.99),
           pst_bench_quantile(times, 1));
    g_array_unref(asker.probes);
}

/* A number that may be 0. */
static guint
number(const char *text)
{
    return g_str_equal(text, "0") ? 0 : (guint)pst_bench_number(text);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    PstSimUsage used;

    if (argc != 7) {
        fprintf(stderr, "usage: bench-sweep SHIM REAL QUICK SILENT SWEEPS PROBE-SECONDS\n");
        return 64;
    }
    const PstSimPlan plan = {
        .shim = argv[1],
        .n = {[PST_SIM_REAL] = number(argv[2]),
              [PST_SIM_QUICK] = number(argv[3]),
              [PST_SIM_SILENT] = number(argv[4])},
    };
    gint64 length_us = number(argv[6]) * (gint64)G_USEC_PER_SEC;
    PstSim *sim = pst_sim_new(&plan, &error);

    if (sim == NULL)
        pst_bench_die("the guests", error);
    putchar('{');
    run_sweeps(sim, (int)number(argv[5]));
    if (length_us > 0) {
        run_asker(sim, "alone", length_us, FALSE);
        run_asker(sim, "beside", length_us, TRUE);
    }
    pst_task_settle(SETTLE_US);
    pst_sim_end(sim, &used);
    printf(",\"shims_us\":%ld,\"scripts_us\":%ld}\n", used.shims_us, used.scripts_us);
    return 0;
}
