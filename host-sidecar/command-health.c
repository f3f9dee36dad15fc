// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask-daemon.h"
#include "host-sidecar/ask.h"
#include "host-sidecar/audit.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/config.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/fleet.h"
#include "host-sidecar/health-make.h"
#include "host-sidecar/metrics.h"
#include "host-sidecar/output.h"
#include "host-sidecar/render-fleet.h"
#include "host-sidecar/render-health.h"
#include "protocol/error.h"

typedef struct {
    gboolean all, changes, plugin;
    char *metrics, *fleet;
} Wanted;

static void
clear_wanted(Wanted *wanted)
{
    g_free(wanted->metrics);
    g_free(wanted->fleet);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wanted, clear_wanted)

static gboolean
refuse(GError **error, const char *why)
{
    g_set_error_literal(error, PST_ERROR, PST_ERROR_USAGE, why);
    return FALSE;
}

/* What another host's daemon sweeps is all that it has. */
static gboolean
check_hosts(const PstOptions *options, int argc, const Wanted *wanted, GError **error)
{
    if (wanted->fleet == NULL && options->host == NULL)
        return TRUE;
    if (wanted->fleet != NULL && (options->host != NULL || options->connect != NULL))
        return refuse(error, "--fleet goes with neither --host nor --connect");
    if (argc > 1)
        return refuse(error, "--host and --fleet sweep all domains: name none; of one, diagnose "
                             "DOMAIN --host HOST tells");
    if (wanted->metrics != NULL)
        return refuse(error, "--metrics goes with neither --host nor --fleet: each host writes its "
                             "own");
    return TRUE;
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
        {"fleet", 0, 0, G_OPTION_ARG_FILENAME, &wanted->fleet,
         "Have the daemon of each host that this file names sweep, by ssh", "FILE"},
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
    return check_hosts(options, *argc, wanted, error);
}

/* ---- a sweep by this process, or by a daemon ---- */

static void
audit_asking(const char *guest, guint n, gpointer user_data)
{
    static GMutex lock;
    const char *verb = user_data;
    g_autoptr(JsonObject) args = json_object_new();

    json_object_set_int_member(args, "questions", n);
    g_autoptr(PstAnswer) answer = pst_answer_new(guest, verb, args);
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
    pst_ask_audit(verb, &answer, 1);
}

static PstHealth *
sweep_here(const char *verb, const PstOptions *options, char *const *domains, gint64 deadline_us,
           GError **error)
{
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new(options->connect);
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func((GDestroyNotify)pst_answer_free);
    const PstHealthMaking making = {
        .hypervisor = hypervisor,
        .verb = verb,
        .caller = pst_audit_caller(),
        .domains = *domains != NULL ? domains : NULL,
        .deadline_us = deadline_us,
        .asking = audit_asking,
        .user_data = (gpointer)verb,
    };
    PstHealth *health = pst_health_make(&making, records, error);

    pst_ask_audit(verb, (PstAnswer **)records->pdata, records->len);
    return health;
}

/* NULL without an error where this process is to sweep: the daemon's sweeps are of all domains, and
 * by the host's expectations, not by the caller's own. */
static PstHealth *
sweep_by_daemon(const PstOptions *options, char *const *domains, gint64 deadline_us, GError **error)
{
    g_autoptr(GError) cause = NULL;
    gboolean lost = FALSE;

    if (*domains != NULL || pst_config_own_has(PST_EXPECT_GROUP))
        return NULL;
    g_autoptr(PstApiClient) client = pst_ask_daemon_find(options, deadline_us, NULL);
    if (client == NULL)
        return NULL;
    PstHealth *health = pst_ask_daemon_health(client, deadline_us, &lost, &cause);
    if (health == NULL && !lost)
        g_propagate_error(error, g_steal_pointer(&cause));
    return health;
}

static PstHealth *
make(const char *verb, const PstOptions *options, char *const *domains, GError **error)
{
    gint64 deadline_us = g_get_monotonic_time() + options->deadline_us;

    if (options->host != NULL)
        return pst_ask_daemon_health_of(options->host, deadline_us, error);
    g_autoptr(GError) cause = NULL;
    PstHealth *health = sweep_by_daemon(options, domains, deadline_us, &cause);
    if (health == NULL && cause == NULL)
        return sweep_here(verb, options, domains, deadline_us, error);
    if (health == NULL)
        g_propagate_error(error, g_steal_pointer(&cause));
    return health;
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

static gboolean
tell(const PstOptions *options, const Wanted *wanted, const char *verb, char *const *domains,
     int *exit_code, GError **error)
{
    g_autoptr(PstHealth) health = make(verb, options, domains, error);

    if (health == NULL || !print(options, wanted, health, error))
        return FALSE;
    *exit_code = pst_exit_code_of_status((PstStatus)health->status);
    return TRUE;
}

/* ---- of many hosts ---- */

static char *
fleet_text(const PstOptions *options, const Wanted *wanted, const PstFleet *fleet)
{
    if (wanted->plugin)
        return pst_render_fleet_plugin(fleet);
    return options->json ? pst_render_fleet_json(fleet, wanted->changes)
                         : pst_render_fleet(fleet, wanted->changes);
}

static gboolean
fleet_is_quiet(const PstOptions *options, const Wanted *wanted, const PstFleet *fleet)
{
    if (!options->quiet)
        return FALSE;
    return wanted->changes ? !pst_fleet_has_news(fleet) : fleet->status == PST_STATUS_OK;
}

static gboolean
tell_fleet(const PstOptions *options, const Wanted *wanted, int *exit_code, GError **error)
{
    gint64 deadline_us = g_get_monotonic_time() + options->deadline_us;
    g_auto(GStrv) hosts = pst_fleet_read_hosts(wanted->fleet, error);

    if (hosts == NULL)
        return FALSE;
    g_autoptr(PstFleet) fleet = pst_fleet_sweep(hosts, pst_ask_daemon_health_of, deadline_us);
    *exit_code = pst_exit_code_of_status((PstStatus)fleet->status);
    if (fleet_is_quiet(options, wanted, fleet))
        return TRUE;
    g_autofree char *text = fleet_text(options, wanted, fleet);
    return pst_output_write(options->output, text, error);
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
    g_autoptr(GError) cause = NULL;

    if (!parse(command, options, &argc, &argv, &wanted, error))
        return FALSE;
    if (wanted.fleet != NULL ? tell_fleet(options, &wanted, exit_code, &cause)
                             : tell(options, &wanted, command->name, argv + 1, exit_code, &cause))
        return TRUE;
    if (wanted.plugin)
        return fail_as_plugin(options, cause, exit_code, error);
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}
