// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/doas-conf.h"
#include "guest-shim/probe-sudo-parts.h"
#include "protocol/error.h"

#define CONF "/etc/doas.conf"
#define DROP_INS "/etc/doas.d" /* Alpine's */
#define MAX_CONF (256 * 1024)

/* Why doas does not let the user through; all NULL where it does. */
typedef struct {
    char *path;
    guint line;
    char *text;
    char *why; /* NULL: it does */
} Refusal;

static void refuse(Refusal *refusal, const char *path, guint line, const char *text,
                   const char *format, ...) G_GNUC_PRINTF(5, 6);

static void
refuse(Refusal *refusal, const char *path, guint line, const char *text, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    *refusal = (Refusal){g_strdup(path), line, g_strdup(text), g_strdup_vprintf(format, args)};
    va_end(args);
}

/* doas takes only what root alone can change (doas.c, parseconfig()). */
static gboolean
is_safe(const PstSysroot *sysroot, const char *path, Refusal *refusal)
{
    struct stat st;

    if (!pst_sysroot_stat(sysroot, path, &st, NULL))
        return TRUE;
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        refuse(refusal, path, 0, NULL, "%s is writable by group or others", path);
    else if (st.st_uid != 0)
        refuse(refusal, path, 0, NULL, "%s does not belong to root", path);
    return refusal->why == NULL;
}

/* FALSE where doas would end here. */
static gboolean
read_file(PstProbeSudo *sudo, GPtrArray *rules, const char *path, Refusal *refusal)
{
    const PstSysroot *sysroot = sudo->context->sysroot;
    g_autoptr(GError) cause = NULL;
    g_autofree char *text = pst_sysroot_read(sysroot, path, MAX_CONF, NULL, &cause);

    if (text == NULL) {
        if (cause->code != PST_ERROR_ABSENT)
            refuse(refusal, path, 0, NULL, "%s", cause->message);
        return refusal->why == NULL;
    }
    if (!is_safe(sysroot, path, refusal))
        return FALSE;
    guint fault = pst_doas_conf_parse(rules, path, text);
    if (fault > 0)
        refuse(refusal, path, fault, NULL, "%s:%u is not valid, and so nothing of it counts", path,
               fault);
    return fault == 0;
}

static void
read_drop_ins(PstProbeSudo *sudo, GPtrArray *rules, Refusal *refusal)
{
    g_auto(GStrv) names = pst_sysroot_list(sudo->context->sysroot, DROP_INS, NULL);

    for (guint i = 0; names != NULL && names[i] != NULL && refusal->why == NULL; i++) {
        g_autofree char *path = g_build_filename(DROP_INS, names[i], NULL);
        if (g_str_has_suffix(names[i], ".conf"))
            read_file(sudo, rules, path, refusal);
    }
}

static void
judge_rule(PstProbeSudo *sudo, const GPtrArray *rules, Refusal *refusal)
{
    const PstDoasRule *rule =
        pst_doas_conf_match(rules, sudo->accounts, sudo->user, sudo->groups, sudo->data->command);
    PstSudoRule *report;

    if (rule == NULL) {
        refuse(refusal, CONF, 0, NULL, "no rule names %s", sudo->user->name);
        return;
    }
    report = sudo->data->doas_rule = pst_fields_new(&pst_report_sudo_rule_fields);
    report->path = g_strdup(rule->path);
    report->line = rule->line;
    report->text = g_strdup(rule->text);
    report->allows = PST_TRI(rule->permits);
    report->nopasswd = PST_TRI(rule->nopass);
    if (!rule->permits)
        refuse(refusal, rule->path, rule->line, rule->text, "%s:%u denies it", rule->path,
               rule->line);
    else if (!rule->nopass)
        refuse(refusal, rule->path, rule->line, rule->text, "%s:%u asks for a password", rule->path,
               rule->line);
}

static void
judge_program(PstProbeSudo *sudo, Refusal *refusal)
{
    struct stat st;

    if (pst_sysroot_stat(sudo->context->sysroot, sudo->data->doas, &st, NULL) &&
        (st.st_uid != 0 || (st.st_mode & S_ISUID) == 0))
        refuse(refusal, sudo->data->doas, 0, NULL, "%s is not setuid root", sudo->data->doas);
}

gboolean
pst_probe_sudo_doas(PstProbeSudo *sudo, gboolean alone)
{
    g_autoptr(GPtrArray) rules = pst_doas_conf_new();
    Refusal refusal = {0};

    if (sudo->data->doas == NULL || sudo->user == NULL)
        return FALSE;
    judge_program(sudo, &refusal);
    if (refusal.why == NULL && read_file(sudo, rules, CONF, &refusal))
        read_drop_ins(sudo, rules, &refusal);
    if (refusal.why == NULL)
        judge_rule(sudo, rules, &refusal);
    if (refusal.why == NULL)
        return TRUE;
    PstFinding *finding = pst_report_add(
        sudo->report, "sudo.doas-refuses",
        alone ? pst_probe_sudo_if_named(sudo, PST_SEVERITY_CRITICAL) : PST_SEVERITY_INFORMATION,
        "doas does not let %s become root without a password: %s", sudo->user->name, refusal.why);
    pst_probe_sudo_at(finding, refusal.path, refusal.line, refusal.text);
    finding->evidence->user = g_strdup(sudo->user->name);
    finding->remedy = g_strdup_printf("for a program: the line \"permit nopass %s\" at the end of "
                                      "%s, which is root's and of mode 0600",
                                      sudo->user->name, CONF);
    g_free(refusal.path);
    g_free(refusal.text);
    g_free(refusal.why);
    return FALSE;
}
