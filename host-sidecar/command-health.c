// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>

#include "host-sidecar/ask.h"
#include "host-sidecar/audit.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/config.h"
#include "host-sidecar/escape.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/health-file.h"
#include "host-sidecar/health.h"
#include "host-sidecar/metrics.h"
#include "host-sidecar/output.h"
#include "host-sidecar/render-health.h"
#include "host-sidecar/sweep-domains.h"
#include "protocol/error.h"
#include "protocol/report-host.h"

/* Of the deadline, for what comes after the last answer. */
#define MARGIN_US (200 * G_GINT64_CONSTANT(1000))

typedef struct {
    gboolean all, changes, plugin;
    char *metrics;
} Wanted;

static void
clear_wanted(Wanted *wanted)
{
    g_free(wanted->metrics);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wanted, clear_wanted)

/* Who sweeps, and with what. */
typedef struct {
    const char *verb;
    PstHypervisor *hypervisor;
    char *uri;
    PstExpect *expect;
    PstHealthFile *file; /* NULL where nothing can be kept */
    PstHealthMemory *memory;
    GPtrArray *notes; /* of char * */
    gint64 deadline_us;
    gint64 judged_us; /* real time */
} Sweeper;

static void
clear_sweeper(Sweeper *sweeper)
{
    g_clear_pointer(&sweeper->hypervisor, pst_hypervisor_unref);
    g_free(sweeper->uri);
    g_clear_pointer(&sweeper->expect, pst_expect_free);
    g_clear_pointer(&sweeper->file, pst_health_file_free);
    g_clear_pointer(&sweeper->memory, pst_health_memory_free);
    g_clear_pointer(&sweeper->notes, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sweeper, clear_sweeper)

static gboolean
refuse(GError **error, const char *why)
{
    g_set_error_literal(error, PST_ERROR, PST_ERROR_USAGE, why);
    return FALSE;
}

static gboolean
parse(const PstCommand *command, PstOptions *options, int *argc, char ***argv, Wanted *wanted,
      GError **error)
{
    const GOptionEntry entries[] = {
        {"all", 'a', 0, G_OPTION_ARG_NONE, &wanted->all,
         "Every domain of the hypervisor: also where no domain is named", NULL},
        {"changes", 0, 0, G_OPTION_ARG_NONE, &wanted->changes,
         "Only what is other than the last sweep told", NULL},
        {"plugin", 0, 0, G_OPTION_ARG_NONE, &wanted->plugin,
         "Print one line as monitoring plugins do, and end with 0 to 3 in any case", NULL},
        {"metrics", 0, 0, G_OPTION_ARG_FILENAME, &wanted->metrics,
         "Write metrics for Prometheus to this file too", "FILE"},
        {NULL},
    };

    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 0,
                           -1, argc, argv, error))
        return FALSE;
    if (wanted->all && *argc > 1)
        return refuse(error, "say domains or --all");
    if (wanted->plugin && (options->json || wanted->changes))
        return refuse(error, "--plugin goes with neither --json nor --changes");
    if (wanted->metrics != NULL && *argc > 1)
        return refuse(error, "--metrics is of all domains: name none");
    return TRUE;
}

/* ---- what there is to know before ---- */

/* Without a place for its memory a sweep is as good as the first one. */
static gboolean
open_memory(Sweeper *sweeper, const char *folder, GError **error)
{
    g_autoptr(GError) cause = NULL;

    sweeper->file = pst_health_file_open(folder, sweeper->uri, &cause);
    if (sweeper->file != NULL) {
        sweeper->memory = pst_health_file_read(sweeper->file);
        return TRUE;
    }
    if (cause->code == PST_ERROR_BUSY) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    g_ptr_array_add(sweeper->notes,
                    g_strdup_printf("nothing is kept for the next sweep: %s", cause->message));
    sweeper->memory = pst_health_memory_new();
    return TRUE;
}

static gboolean
prepare(Sweeper *sweeper, const PstOptions *options, GError **error)
{
    g_autoptr(GKeyFile) config = pst_config_load(error);
    g_autofree char *folder = config != NULL ? pst_health_file_folder(config, error) : NULL;

    if (folder == NULL)
        return FALSE;
    sweeper->notes = g_ptr_array_new_with_free_func(g_free);
    sweeper->expect = pst_expect_read(config, error);
    if (sweeper->expect == NULL)
        return FALSE;
    sweeper->hypervisor = pst_hypervisor_new(options->connect);
    sweeper->uri = pst_hypervisor_ask_uri(sweeper->hypervisor, sweeper->deadline_us, error);
    return sweeper->uri != NULL && open_memory(sweeper, folder, error);
}

/* ---- the sweep ---- */

static void
audit_asking(const char *guest, guint n, gpointer user_data)
{
    static GMutex lock;
    const Sweeper *sweeper = user_data;
    g_autoptr(JsonObject) args = json_object_new();

    json_object_set_int_member(args, "questions", n);
    g_autoptr(PstAnswer) answer = pst_answer_new(guest, sweeper->verb, args);
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
    pst_ask_audit(sweeper->verb, &answer, 1);
}

/* One record a guest and not one a question: a sweep asks some twenty of each. */
static void
audit_answer(const Sweeper *sweeper, const PstHealthSight *sight, PstStatus status)
{
    g_autoptr(PstAnswer) answer = pst_answer_new(sight->name, sweeper->verb, NULL);

    for (int i = 0; sight->via != NULL && i < PST_VIA_NONE; i++)
        if (g_str_equal(sight->via, pst_answer_via_names[i]))
            answer->via = i;
    if (sight->answered) {
        answer->report = pst_report_new(&pst_report_host_kind);
        answer->report->status = status;
    } else {
        answer->error = g_error_new_literal(PST_ERROR, PST_ERROR_UNAVAILABLE, "no answer");
    }
    pst_ask_audit(sweeper->verb, &answer, 1);
}

static void
audit_all(const Sweeper *sweeper, const GPtrArray *sights, const PstHealth *health)
{
    for (guint i = 0; i < sights->len; i++) {
        const PstHealthSight *sight = sights->pdata[i];

        for (guint j = 0; sight->asked && j < health->domains->len; j++) {
            const PstHealthRow *row = health->domains->pdata[j];
            if (g_str_equal(row->name, sight->name))
                audit_answer(sweeper, sight, (PstStatus)row->status);
        }
    }
}

/* Of named domains the breaker learns, but what all sweeps told is no news for the next one. */
static void
keep(Sweeper *sweeper, const PstHealth *health, const GPtrArray *sights, gboolean complete)
{
    g_autoptr(GError) error = NULL;

    if (sweeper->file == NULL)
        return;
    pst_health_note(sweeper->memory, health, sights, complete, sweeper->judged_us);
    if (!pst_health_file_write(sweeper->file, sweeper->memory, &error))
        g_ptr_array_add(sweeper->notes,
                        g_strdup_printf("nothing is kept for the next sweep: %s", error->message));
}

static char **
list_domains(Sweeper *sweeper, int argc, char **argv, GError **error)
{
    if (argc > 1)
        return g_strdupv(argv + 1);
    return pst_hypervisor_list(sweeper->hypervisor, sweeper->deadline_us, error);
}

static PstHealth *
sweep(Sweeper *sweeper, int argc, char **argv, GError **error)
{
    const PstSweepPlan plan = {sweeper->memory, argc > 1, pst_audit_caller(), audit_asking,
                               sweeper};
    const PstSweepGuests guests = pst_sweep_domains(sweeper->hypervisor);
    g_auto(GStrv) names = list_domains(sweeper, argc, argv, error);
    g_autoptr(GError) missing = NULL;
    gint64 begun_us = g_get_monotonic_time();

    if (names == NULL)
        return NULL;
    g_autoptr(GPtrArray) sights =
        pst_sweep_make(&guests, names, &plan, sweeper->deadline_us - MARGIN_US, &missing);
    sweeper->judged_us = g_get_real_time();
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_local(sweeper->judged_us / G_USEC_PER_SEC);
    const PstHealthView view = {sweeper->memory, sweeper->expect, now, argc <= 1};
    g_autoptr(PstHealth) health = pst_health_judge(sights, &view);

    health->uri = g_strdup(sweeper->uri);
    health->took_ms = (g_get_monotonic_time() - begun_us) / 1000;
    health->begun_us = sweeper->judged_us - health->took_ms * 1000;
    audit_all(sweeper, sights, health);
    keep(sweeper, health, sights, argc <= 1);
    g_ptr_array_add(sweeper->notes, NULL);
    health->notes = g_strdupv((char **)sweeper->notes->pdata);
    /* The others were asked all the same, and what they said is kept. */
    if (argc > 1 && missing != NULL) {
        g_propagate_error(error, g_steal_pointer(&missing));
        return NULL;
    }
    return g_steal_pointer(&health);
}

/* ---- what is said ---- */

static char *
text_of(const PstOptions *options, const Wanted *wanted, const PstHealth *health)
{
    if (wanted->plugin)
        return pst_render_health_plugin(health);
    return options->json ? pst_render_health_json(health, wanted->changes)
                         : pst_render_health(health, wanted->changes);
}

static gboolean
is_quiet(const PstOptions *options, const Wanted *wanted, const PstHealth *health)
{
    if (!options->quiet)
        return FALSE;
    return wanted->changes ? !pst_health_has_news(health) : health->status == PST_STATUS_OK;
}

static gboolean
print(const PstOptions *options, const Wanted *wanted, const PstHealth *health, GError **error)
{
    if (wanted->metrics != NULL) {
        g_autofree char *metrics = pst_metrics_text(health);
        if (!pst_output_publish(wanted->metrics, metrics, error))
            return FALSE;
    }
    if (is_quiet(options, wanted, health))
        return TRUE;
    g_autofree char *text = text_of(options, wanted, health);
    return pst_output_write(options->output, text, error);
}

static PstHealth *
make(Sweeper *sweeper, const PstOptions *options, int argc, char **argv, GError **error)
{
    g_autoptr(GError) cause = NULL;
    PstHealth *health =
        prepare(sweeper, options, &cause) ? sweep(sweeper, argc, argv, &cause) : NULL;

    if (health != NULL)
        return health;
    if (cause->code == PST_ERROR_DEADLINE)
        cause->code = PST_ERROR_NO_HYPERVISOR;
    g_propagate_error(error, g_steal_pointer(&cause));
    return NULL;
}

/* A monitoring server reads the first line of standard output and four exit codes. */
static gboolean
fail_as_plugin(const PstOptions *options, const GError *cause, int *exit_code, GError **error)
{
    g_autofree char *text = pst_render_health_plugin_failure(cause->message);

    *exit_code = PST_EXIT_UNKNOWN;
    return pst_output_write(options->output, text, error);
}

gboolean
pst_command_health_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                       int *exit_code, GError **error)
{
    g_auto(Wanted) wanted = {0};
    g_auto(Sweeper) sweeper = {.verb = command->name};
    g_autoptr(GError) cause = NULL;

    if (!parse(command, options, &argc, &argv, &wanted, error))
        return FALSE;
    sweeper.deadline_us = g_get_monotonic_time() + options->deadline_us;
    g_autoptr(PstHealth) health = make(&sweeper, options, argc, argv, &cause);
    if (health != NULL && print(options, &wanted, health, &cause)) {
        *exit_code = pst_exit_code_of_status((PstStatus)health->status);
        return TRUE;
    }
    if (wanted.plugin)
        return fail_as_plugin(options, cause, exit_code, error);
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}
