// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/commands.h"
#include "host-sidecar/doctor-look.h"
#include "host-sidecar/doctor-run.h"
#include "host-sidecar/output.h"

/* A guest whose only open path is its agent is slow to tell, and nobody waits for a doctor. */
#define DEFAULT_DEADLINE_US (20 * G_USEC_PER_SEC)
/* What the host itself may take of it. */
#define HOST_SHARE 3
/* Each holds a thread and two connections, of which libvirt serves 20 to 5,000. */
#define AT_ONCE 8

/* ---- all that run ---- */

typedef struct {
    const PstOptions *options;
    const char *method;
    char **names, **by_daemon;
    gint64 deadline_us;
    gint n_waiting;             /* that nobody has begun yet */
    PstDoctorRender **subjects; /* NULL for one that was gone when its turn came */
} Round;

static void
run_visit(gpointer place, gpointer user_data)
{
    Round *round = user_data;
    guint i = GPOINTER_TO_UINT(place) - 1;
    gint64 now_us = g_get_monotonic_time(), left_us = MAX(0, round->deadline_us - now_us);
    gint n_after = g_atomic_int_add(&round->n_waiting, -1) - 1;

    /* One that hangs leaves their share to those that come after it. */
    round->subjects[i] =
        pst_doctor_run_domain(round->options, round->method, round->names[i], round->by_daemon,
                              now_us + left_us / (n_after / AT_ONCE + 1), NULL);
}

static void
visit_all(Round *round, guint n)
{
    GThreadPool *pool = g_thread_pool_new(run_visit, round, AT_ONCE, FALSE, NULL);

    for (guint i = 0; i < n; i++)
        g_thread_pool_push(pool, GUINT_TO_POINTER(i + 1), NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
}

/* None where libvirt can't be asked: the host's report says so. */
static void
add_running(const PstOptions *options, const char *method, char **by_daemon, GPtrArray *subjects,
            gint64 deadline_us)
{
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new(options->connect);
    g_auto(GStrv) names = pst_doctor_look_running(hypervisor, deadline_us, NULL);
    guint n = names != NULL ? g_strv_length(names) : 0;
    g_autofree PstDoctorRender **made = g_new0(PstDoctorRender *, n + 1);
    Round round = {options, method, names, by_daemon, deadline_us, (gint)n, made};

    visit_all(&round, n);
    for (guint i = 0; i < n; i++)
        if (made[i] != NULL)
            g_ptr_array_add(subjects, made[i]);
}

/* ---- what is said ---- */

/* Of all domains each has a line; nothing else tells of the host, or of a profile. */
static char *
as_text(PstDoctorRender *const *subjects, guint n, gboolean one)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < n; i++) {
        gboolean short_of_it = subjects[i]->kind == PST_DOCTOR_RENDER_DOMAIN && !one;
        g_autofree char *text = short_of_it ? pst_doctor_render_line(subjects[i])
                                            : pst_doctor_render_whole(subjects[i]);
        g_string_append(out, text);
    }
    return g_string_free(out, FALSE);
}

static gboolean
print(const PstOptions *options, PstDoctorRender *const *subjects, guint n, gboolean one,
      int exit_code, GError **error)
{
    if (options->quiet && exit_code == 0)
        return TRUE;
    g_autofree char *text =
        options->json ? pst_doctor_render_json(subjects, n) : as_text(subjects, n, one);
    return pst_output_write(options->output, text, error);
}

/* What was asked for stands first. */
static gboolean
gather(const PstCommand *command, const PstOptions *options, const char *profile,
       const char *domain, GPtrArray *subjects, GError **error)
{
    gint64 now_us = g_get_monotonic_time(), deadline_us = now_us + options->deadline_us;
    g_auto(GStrv) by_daemon = NULL;
    PstDoctorRender *subject = NULL;

    if (profile != NULL) {
        subject = pst_doctor_run_profile(profile, error);
        if (subject == NULL)
            return FALSE;
        g_ptr_array_add(subjects, subject);
    }
    PstDoctorRender *host =
        pst_doctor_run_host(options, &by_daemon, now_us + options->deadline_us / HOST_SHARE);
    if (domain == NULL) {
        g_ptr_array_add(subjects, host);
        add_running(options, command->name, by_daemon, subjects, deadline_us);
        return TRUE;
    }
    subject = pst_doctor_run_domain(options, command->name, domain, by_daemon, deadline_us, error);
    if (subject != NULL)
        g_ptr_array_add(subjects, subject);
    g_ptr_array_add(subjects, host);
    return subject != NULL;
}

gboolean
pst_command_doctor_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                       int *exit_code, GError **error)
{
    g_autoptr(GPtrArray) subjects =
        g_ptr_array_new_with_free_func((GDestroyNotify)pst_doctor_render_free);
    g_autofree char *profile = NULL;
    const GOptionEntry entries[] = {
        {"profile", 0, 0, G_OPTION_ARG_FILENAME, &profile,
         "Also which lines of this script, a planned hardening, cut a path", "FILE"},
        {NULL},
    };

    options->default_deadline_us = DEFAULT_DEADLINE_US;
    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 0,
                           1, &argc, &argv, error))
        return FALSE;
    const char *domain = argc == 2 ? argv[1] : NULL;
    if (!gather(command, options, profile, domain, subjects, error))
        return FALSE;
    PstDoctorRender *const *all = (PstDoctorRender *const *)subjects->pdata;
    *exit_code = pst_doctor_render_exit_code(all, subjects->len);
    return print(options, all, subjects->len, domain != NULL, *exit_code, error);
}
