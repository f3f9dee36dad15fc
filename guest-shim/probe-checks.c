// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/probe-checks.h"

#include <string.h>

#include "guest-shim/accounts.h"
#include "guest-shim/checks-define.h"
#include "guest-shim/checks-output.h"
#include "guest-shim/program.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/nearest.h"

#define MAX_CHECKS 64
#define MAX_OUTPUT (64 * 1024)
#define LEAST_MS 100
#define MAX_ERROR 512
#define STATE_UNKNOWN 3

/* A plugin's exit status (Monitoring Plugins Development Guidelines, "Plugin Return Codes"). */
static const struct {
    const char *state;
    PstSeverity severity;
} states[] = {
    {"ok", PST_SEVERITY_INFORMATION},
    {"warning", PST_SEVERITY_WARNING},
    {"critical", PST_SEVERITY_CRITICAL},
    {"unknown", PST_SEVERITY_UNKNOWN},
};

typedef struct {
    const PstProbeContext *context;
    PstReport *report;
    PstAccounts *accounts; /* NULL where /etc/passwd can't be looked at */
} Probe;

static PstFinding *
blame(Probe *probe, const char *id, PstSeverity severity, const PstChecksCheck *check,
      const char *why)
{
    PstFinding *finding =
        pst_report_add(probe->report, id, severity, "check %s: %s", check->name, why);

    finding->evidence->name = g_strdup(check->name);
    finding->evidence->command = g_strdup(check->command);
    finding->evidence->user = g_strdup(check->user);
    return finding;
}

static void
say_not_runnable(Probe *probe, PstChecksCheck *check, const char *why)
{
    PstFinding *finding = blame(probe, "checks.not-runnable", PST_SEVERITY_UNKNOWN, check, why);

    check->state = g_strdup("not-runnable");
    finding->evidence->path = g_strdup(PST_CONFIG_FILE);
    finding->evidence->error = g_strdup(why);
    finding->remedy = g_strdup_printf("mend it, or the group [check %s] of %s or its drop-ins",
                                      check->name, PST_CONFIG_FILE);
}

static void
judge(Probe *probe, PstChecksCheck *check, const PstProgramResult *result)
{
    gboolean plugin = result->exit_status >= 0 && result->exit_status < (int)G_N_ELEMENTS(states);
    guint row = plugin ? (guint)result->exit_status : STATE_UNKNOWN;
    g_autofree char *text = NULL;

    check->state = g_strdup(states[row].state);
    if (row == 0)
        return;
    if (plugin)
        text = g_strdup(check->message != NULL && *check->message != '\0' ? check->message
                                                                          : check->state);
    else if (result->signal != 0)
        text = g_strdup_printf("it was ended by the signal %d", result->signal);
    else
        text = g_strdup_printf("its status %d is none of a check's", result->exit_status);
    PstFinding *finding = blame(probe, "checks.failed", states[row].severity, check, text);
    finding->evidence->exit_status = check->exit_status;
    finding->evidence->signal = check->signal;
    finding->evidence->text = g_strdup(check->message);
    g_autofree char *error = g_strndup(result->err->str, strcspn(result->err->str, "\n"));
    if (*error != '\0')
        finding->evidence->error = pst_json_clean_cut(error, MAX_ERROR, NULL);
    finding->remedy =
        check->description != NULL ? g_strdup_printf("it looks at: %s", check->description) : NULL;
}

static void
say_timed_out(Probe *probe, PstChecksCheck *check, gint64 limit_ms)
{
    g_autofree char *why =
        g_strdup_printf("it did not end within %" G_GINT64_FORMAT " ms, and was killed", limit_ms);
    PstFinding *finding = blame(probe, "checks.timed-out", PST_SEVERITY_UNKNOWN, check, why);

    check->state = g_strdup("timed-out");
    finding->remedy =
        g_strdup_printf("see what it waits for; give it more with timeout= in [check %s], and the "
                        "question a longer deadline",
                        check->name);
}

static void
take_result(Probe *probe, PstChecksCheck *check, const PstProgramResult *result, gint64 limit_ms)
{
    check->took_ms = result->took_ms;
    pst_checks_output_parse(result->out->str, check);
    probe->report->truncated |= result->truncated;
    if (result->timed_out) {
        say_timed_out(probe, check, limit_ms);
        return;
    }
    if (result->exit_status >= 0)
        check->exit_status = result->exit_status;
    if (result->signal != 0)
        check->signal = result->signal;
    judge(probe, check, result);
}

/* As a login of the user would have it: the group list is that of the files. */
static void
execute(Probe *probe, const PstChecksDefinition *definition, const PstAccount *account,
        PstChecksCheck *check)
{
    g_autoptr(GArray) groups = pst_accounts_groups(probe->accounts, account);
    const PstProgramUser user = {(uid_t)account->uid, (gid_t)account->gid,
                                 (const gid_t *)(gpointer)groups->data, groups->len};
    const char *const candidates[] = {definition->argv[0], NULL};
    gint64 limit_ms = pst_probe_time_left_ms(probe->context, definition->timeout_s * 1000);
    const PstProgram program = {
        .candidates = candidates,
        .argv = (const char *const *)definition->argv + 1,
        .user = &user,
        .any_address_space = TRUE,
        .timeout_ms = limit_ms,
        .max_output = MAX_OUTPUT,
    };
    g_autoptr(GError) cause = NULL;
    g_autoptr(PstProgramResult) result = pst_program_run(probe->context->sysroot, &program, &cause);

    if (result == NULL)
        say_not_runnable(probe, check, cause->message);
    else
        take_result(probe, check, result, limit_ms);
}

static void
run(Probe *probe, const PstChecksDefinition *definition, PstChecksCheck *check)
{
    const PstAccount *account =
        probe->accounts != NULL ? pst_accounts_find(probe->accounts, definition->user) : NULL;
    g_autoptr(GError) cause = NULL;

    if (definition->problem != NULL) {
        say_not_runnable(probe, check, definition->problem);
    } else if (account == NULL) {
        g_autofree char *why = g_strdup_printf(
            "the user %s, as whom it is to run, is not in /etc/passwd", definition->user);
        say_not_runnable(probe, check, why);
    } else if (!pst_checks_define_is_safe(probe->context->sysroot, definition->argv[0], &cause)) {
        say_not_runnable(probe, check, cause->message);
    } else if (pst_probe_time_left_ms(probe->context, LEAST_MS) < LEAST_MS) {
        check->state = g_strdup("not-run");
        blame(probe, "checks.timed-out", PST_SEVERITY_UNKNOWN, check,
              "the checks before it left no time for it");
    } else {
        execute(probe, definition, account, check);
    }
}

static PstChecksCheck *
add_check(PstChecksData *data, const PstChecksDefinition *definition)
{
    PstChecksCheck *check = pst_fields_append(&pst_report_checks_check_fields, &data->checks);

    check->name = g_strdup(definition->name);
    check->description = g_strdup(definition->description);
    check->command = definition->argv != NULL ? g_strdup(definition->argv[0]) : NULL;
    check->user = g_strdup(definition->user);
    check->timeout_s = definition->timeout_s;
    return check;
}

static void
say_unknown(PstReport *report, const GPtrArray *definitions, const char *name)
{
    g_autofree const char **names = g_new0(const char *, definitions->len + 1);

    for (guint i = 0; i < definitions->len; i++)
        names[i] = ((const PstChecksDefinition *)definitions->pdata[i])->name;
    g_autofree char *hint = pst_nearest_hint(name, names, definitions->len);
    PstFinding *finding =
        pst_report_add(report, "checks.unknown-name", PST_SEVERITY_UNKNOWN,
                       "the guest's configuration defines no check '%.64s'%s", name, hint);
    finding->evidence->path = g_strdup(PST_CONFIG_FILE);
}

static void
say_problems(PstReport *report, const PstConfig *config)
{
    const char *const *problems = pst_config_problems(config);

    for (guint i = 0; problems != NULL && problems[i] != NULL; i++) {
        PstFinding *finding =
            pst_report_add(report, "checks.could-not-look", PST_SEVERITY_UNKNOWN,
                           "the guest's configuration can't be taken as it is: %s", problems[i]);
        finding->evidence->path = g_strdup(PST_CONFIG_FILE);
        finding->evidence->error = g_strdup(problems[i]);
        finding->remedy = g_strdup("correct the line");
    }
}

static void
run_wanted(Probe *probe, const GPtrArray *definitions, const PstChecksArgs *asked)
{
    const char *name = asked != NULL ? asked->name : NULL;
    gboolean passive = asked != NULL && asked->passive == PST_TRI_YES;
    guint n = 0;

    for (guint i = 0; i < definitions->len; i++) {
        const PstChecksDefinition *definition = definitions->pdata[i];

        if (name != NULL && !g_str_equal(definition->name, name))
            continue;
        if (n++ >= MAX_CHECKS) {
            probe->report->truncated = TRUE;
            break;
        }
        PstChecksCheck *check = add_check(probe->report->data, definition);
        if (passive)
            check->state = g_strdup("not-run");
        else
            run(probe, definition, check);
    }
    if (name != NULL && n == 0)
        say_unknown(probe->report, definitions, name);
}

static char *
ok_summary(const PstChecksData *data, gboolean passive)
{
    guint n = data->checks != NULL ? data->checks->len : 0;

    if (n == 0)
        return g_strdup("no check is defined");
    if (passive)
        return g_strdup_printf("%u check%s defined, none was run", n, n == 1 ? " is" : "s are");
    if (n == 1)
        return g_strdup(((const PstChecksCheck *)data->checks->pdata[0])->message);
    return g_strdup_printf("%u checks say that all is well", n);
}

void
pst_probe_checks_run_configured(const PstProbeContext *context, PstConfig *config,
                                const PstChecksArgs *asked, PstReport *report)
{
    g_autoptr(GPtrArray) definitions = pst_checks_define_all(config);
    g_autoptr(PstAccounts) accounts = pst_accounts_load(context->sysroot, NULL);
    Probe probe = {context, report, accounts};

    run_wanted(&probe, definitions, asked);
    say_problems(report, config);

    g_autofree char *summary =
        ok_summary(report->data, asked != NULL && asked->passive == PST_TRI_YES);
    pst_report_conclude(report, summary != NULL ? summary : "the check says that all is well");
}

void
pst_probe_checks_run(const PstProbeContext *context, gconstpointer args, PstReport *report)
{
    g_autoptr(PstConfig) config = pst_config_read(context->sysroot);

    pst_probe_checks_run_configured(context, config, args, report);
}
