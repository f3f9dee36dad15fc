// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/pam-blame.h"

#include <string.h>

#define MAX_NAMED 4 /* services in a message */

typedef struct {
    const char *id;
    char *key; /* what makes it one cause: a module, a file that is included, a place */
    PstSeverity harm;
    char *path; /* the place to mend */
    guint line;
    char *text;
    char *message; /* without what it harms */
    char *remedy;
    char *expected;
    char *error;
    char *user;
    char **undo;
    GPtrArray *services; /* harmed by it; of char *, owned */
    gboolean of_rule;    /* it does what its author wrote, and may have meant */
} Blame;

struct PstPamBlames {
    GPtrArray *all; /* of Blame */
};

/* What was told of it. */
static void
forget(Blame *blame)
{
    g_clear_pointer(&blame->path, g_free);
    g_clear_pointer(&blame->text, g_free);
    g_clear_pointer(&blame->message, g_free);
    g_clear_pointer(&blame->remedy, g_free);
    g_clear_pointer(&blame->expected, g_free);
    g_clear_pointer(&blame->error, g_free);
    g_clear_pointer(&blame->user, g_free);
    g_clear_pointer(&blame->undo, g_strfreev);
}

static void
blame_free(gpointer data)
{
    Blame *blame = data;

    forget(blame);
    g_free(blame->key);
    g_ptr_array_unref(blame->services);
    g_free(blame);
}

PstPamBlames *
pst_pam_blame_new(void)
{
    PstPamBlames *blames = g_new0(PstPamBlames, 1);

    blames->all = g_ptr_array_new_with_free_func(blame_free);
    return blames;
}

void
pst_pam_blame_free(PstPamBlames *blames)
{
    g_ptr_array_unref(blames->all);
    g_free(blames);
}

static Blame *
find(const PstPamBlames *blames, const char *id, const char *key)
{
    for (guint i = 0; i < blames->all->len; i++) {
        Blame *blame = blames->all->pdata[i];
        if (g_str_equal(blame->id, id) && g_str_equal(blame->key, key))
            return blame;
    }
    return NULL;
}

static Blame *
find_or_add(PstPamBlames *blames, const char *id, const char *key, gboolean of_rule)
{
    Blame *blame = find(blames, id, key);

    if (blame != NULL)
        return blame;
    blame = g_new0(Blame, 1);
    blame->id = id;
    blame->key = g_strdup(key);
    blame->of_rule = of_rule;
    blame->services = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(blames->all, blame);
    return blame;
}

/* Where a cause harms in several places, the worst one is told, or else the first. TRUE where this
 * one is to be. */
static gboolean
take(Blame *blame, PstSeverity harm, const char *service, const char *path, guint line,
     const char *text)
{
    gboolean first = blame->message == NULL;

    if ((harm > PST_SEVERITY_INFORMATION || blame->of_rule) &&
        !g_ptr_array_find_with_equal_func(blame->services, service, g_str_equal, NULL))
        g_ptr_array_add(blame->services, g_strdup(service));
    if (!first && harm <= blame->harm)
        return FALSE;
    blame->harm = harm;
    forget(blame);
    blame->path = g_strdup(path);
    blame->line = line;
    blame->text = g_strdup(text);
    return TRUE;
}

static const char *
id_of_line(const PstPamLine *line)
{
    if (line->no_include)
        return "pam.include-missing";
    if (line->must_fail)
        return "pam.line-faulty";
    if (line->state == PST_PAM_MODULE_MISSING)
        return "pam.module-missing";
    if (line->state == PST_PAM_MODULE_DAMAGED)
        return "pam.module-damaged";
    return "pam.never-succeeds";
}

static void
tell_line(Blame *blame, const PstPamLine *line)
{
    if (line->must_fail) {
        blame->message = g_strdup_printf("%s:%u fails: %s", line->file, line->line, line->fault);
        blame->remedy = g_strdup_printf("mend line %u of %s, or restore what is missing from its "
                                        "package",
                                        line->line, line->file);
        return;
    }
    blame->expected = g_strdup(line->path);
    if (line->state == PST_PAM_MODULE_MISSING) {
        blame->message = g_strdup_printf("%s:%u names the PAM module %s, which is not there",
                                         line->file, line->line, line->module);
        blame->remedy =
            g_strdup_printf("install the package that has %s, or take the line away", line->path);
    } else if (line->state == PST_PAM_MODULE_DAMAGED) {
        blame->message = g_strdup_printf("%s:%u names the PAM module %s, which can't be loaded: %s",
                                         line->file, line->line, line->path, line->reason);
        blame->error = g_strdup(line->reason);
        blame->remedy = g_strdup_printf("reinstall the package that has %s", line->path);
    } else {
        g_clear_pointer(&blame->expected, g_free);
        blame->message = g_strdup_printf("%s:%u makes the stack fail whatever the other modules "
                                         "say: %s",
                                         line->file, line->line, line->text);
        blame->remedy = g_strdup_printf("see what %s is for, or restore %s from its package",
                                        line->module, line->file);
    }
}

/* Free with g_free(). */
static char *
place(const char *path, guint line)
{
    return line > 0 ? g_strdup_printf("%s:%u", path, line) : g_strdup(path);
}

const char *
pst_pam_blame_line(PstPamBlames *blames, const PstPamLine *line, PstSeverity harm,
                   const char *service)
{
    const char *id = id_of_line(line);
    gboolean of_module = !line->must_fail && !g_str_equal(id, "pam.never-succeeds");
    g_autofree char *key = of_module          ? g_strdup(line->path)
                           : line->no_include ? g_strdup(line->fault)
                                              : place(line->file, line->line);
    Blame *blame = find_or_add(blames, id, key, FALSE);

    if (take(blame, harm, service, line->file, line->line, line->text))
        tell_line(blame, line);
    return id;
}

const char *
pst_pam_blame_truncated(PstPamBlames *blames, const PstPamLine *line, PstSeverity harm,
                        const char *service)
{
    Blame *blame = find_or_add(blames, "pam.module-truncated", line->path, FALSE);

    if (take(blame, harm, service, line->file, line->line, line->text)) {
        blame->expected = g_strdup(line->path);
        blame->error = g_strdup(line->reason);
        blame->message = g_strdup_printf("the PAM module %s is truncated: loading it kills the "
                                         "program (%s:%u)",
                                         line->path, line->file, line->line);
        blame->remedy = g_strdup_printf("reinstall the package that has %s", line->path);
    }
    return blame->id;
}

/* Where libpam looks for what a line includes. */
static char *
include_path(const char *target)
{
    if (target == NULL)
        return NULL;
    return target[0] == '/' ? g_strdup(target) : g_build_filename("/etc/pam.d", target, NULL);
}

const char *
pst_pam_blame_abort(PstPamBlames *blames, const PstPamStack *stack, PstSeverity harm)
{
    static const char *const ids[] = {
        [PST_PAM_ABORT_NO_INCLUDE] = "pam.include-missing",
        [PST_PAM_ABORT_LOOP] = "pam.include-loop",
        [PST_PAM_ABORT_NO_FILE] = "pam.service-empty",
    };
    Blame *blame = find_or_add(blames, ids[stack->abort_kind], stack->abort_reason, FALSE);

    if (take(blame, harm, stack->service, stack->abort_file, stack->abort_line, NULL)) {
        g_autofree char *where = place(stack->abort_file, stack->abort_line);
        blame->message = g_strdup_printf("PAM gives up at %s: %s", where, stack->abort_reason);
        blame->expected = include_path(stack->abort_target);
        blame->remedy =
            g_strdup_printf("restore what %s includes from its package", stack->abort_file);
    }
    return blame->id;
}

const char *
pst_pam_blame_empty(PstPamBlames *blames, const PstPamStack *stack, PstSeverity harm)
{
    g_autofree char *path = stack->file != NULL ? g_strdup(stack->file)
                                                : g_strconcat("/etc/pam.d/", stack->service, NULL);
    Blame *blame = find_or_add(blames, "pam.service-empty", path, FALSE);

    if (take(blame, harm, stack->service, path, 0, NULL)) {
        blame->message = g_strdup_printf("%s %s: PAM's service `other` stands in for it", path,
                                         stack->file != NULL ? "has no lines" : "is not there");
        blame->remedy = g_strdup_printf("restore %s from its package", path);
    }
    return blame->id;
}

const char *
pst_pam_blame_no_line(PstPamBlames *blames, const PstPamStack *stack, PstPamPhase phase,
                      PstSeverity harm)
{
    const char *path = stack->file != NULL ? stack->file : "/etc/pam.d/other";
    Blame *blame = find_or_add(blames, "pam.never-succeeds", path, FALSE);

    if (take(blame, harm, stack->service, path, 0, NULL)) {
        blame->message = g_strdup_printf("%s has no line for PAM's phase %s, nor has `other`, and "
                                         "so it fails",
                                         path, pst_pam_stack_phase_names[phase]);
        blame->remedy = g_strdup_printf("restore %s from its package", path);
    }
    return blame->id;
}

/* ---- rules ---- */

static const struct {
    const char *module;
    const char *id;
    const char *before, *after; /* the remedy, around the place */
} rules[] = {
    {"pam_access.so", "pam.access-denies", "put a rule that lets the user in before ", ""},
    {"pam_time.so", "pam.time-denies", "change the times in ",
     "; or set the clock, if it is wrong"},
    {"pam_nologin.so", "pam.nologin", "rm ", ", once whatever made it is over"},
    {"pam_limits.so", "pam.limits", "raise the limit in ", ""},
};

static void
tell_ruling(Blame *blame, const PstPamLine *line, guint rule, const char *user,
            const PstPamRuling *ruling)
{
    const char *before = rule < G_N_ELEMENTS(rules) ? rules[rule].before : "change ";
    const char *after =
        rule < G_N_ELEMENTS(rules) ? rules[rule].after : ", or what it asks of the user";
    g_autofree char *where = place(blame->path, blame->line);

    blame->user = g_strdup(user);
    blame->message =
        g_strdup_printf("%s (asked by %s:%u)", ruling->why != NULL ? ruling->why : line->text,
                        line->file, line->line);
    blame->remedy =
        ruling->remedy != NULL ? g_strdup(ruling->remedy) : g_strconcat(before, where, after, NULL);
    blame->undo = g_strdupv(ruling->undo);
}

const char *
pst_pam_blame_ruling(PstPamBlames *blames, const PstPamLine *line, PstSeverity harm,
                     const char *service, const char *user, const PstPamRuling *ruling)
{
    g_autofree char *name = g_path_get_basename(line->module);
    const char *path = ruling->path != NULL ? ruling->path : line->file;
    guint number = ruling->path != NULL ? ruling->line : line->line;
    g_autofree char *key = place(path, number);
    guint rule = 0;

    while (rule < G_N_ELEMENTS(rules) && !g_str_equal(name, rules[rule].module))
        rule++;
    const char *id = rule < G_N_ELEMENTS(rules) ? rules[rule].id : "pam.denies-user";
    if (ruling->answer == PST_PAM_ANY && g_str_equal(id, "pam.access-denies"))
        id = "pam.access-unsure";
    if (ruling->id != NULL)
        id = ruling->id;
    Blame *blame = find_or_add(blames, id, key, TRUE);
    if (take(blame, harm, service, path, number, ruling->text))
        tell_ruling(blame, line, rule, user, ruling);
    return id;
}

const char *
pst_pam_blame_hinge(PstPamBlames *blames, const PstPamLine *line, const char *service,
                    const char *user, const PstPamRuling *ruling)
{
    g_autofree char *where = place(line->file, line->line);

    if (ruling->path != NULL)
        return pst_pam_blame_ruling(
            blames, line, ruling->unlooked ? PST_SEVERITY_UNKNOWN : PST_SEVERITY_INFORMATION,
            service, user, ruling);
    Blame *blame = find_or_add(blames, "pam.depends", where, TRUE);

    if (take(blame, PST_SEVERITY_INFORMATION, service, line->file, line->line, line->text)) {
        blame->user = g_strdup(user);
        blame->message = g_strdup_printf("whether %s gets in hangs on what %s says, which no file "
                                         "tells (%s)",
                                         user, line->module, where);
        blame->remedy = g_strdup_printf("try a login; the journal has what %s said", line->module);
    }
    return blame->id;
}

/* ---- the findings ---- */

/* "sshd, login and sudo". Free with g_free(). */
static char *
list_services(const GPtrArray *services)
{
    GString *out = g_string_new(NULL);
    guint n = MIN(services->len, MAX_NAMED);

    for (guint i = 0; i < n; i++)
        g_string_append_printf(out, "%s%s",
                               i == 0                             ? ""
                               : i + 1 == n && n == services->len ? " and "
                                                                  : ", ",
                               (const char *)services->pdata[i]);
    if (n < services->len)
        g_string_append_printf(out, " and %u more", services->len - n);
    return g_string_free(out, FALSE);
}

static const char *const remove_nologin[] = {"/bin/rm", "/etc/nologin", NULL};

static void
report_one(const Blame *blame, PstReport *report)
{
    g_autofree char *services = list_services(blame->services);
    PstFinding *finding = pst_report_add(report, blame->id, blame->harm, "%s%s%s%s", blame->message,
                                         blame->services->len > 0 ? "; concerns " : "", services,
                                         blame->services->len == 0 ? "; nothing hangs on it" : "");

    finding->evidence->path = g_strdup(blame->path);
    if (blame->line > 0)
        finding->evidence->line = blame->line;
    finding->evidence->text = g_strdup(blame->text);
    finding->evidence->expected = g_strdup(blame->expected);
    finding->evidence->error = g_strdup(blame->error);
    finding->evidence->user = g_strdup(blame->user);
    finding->remedy = g_strdup(blame->remedy);
    if (g_str_equal(blame->id, "pam.nologin"))
        finding->caused_by = g_strdup("system.nologin");
    /* /run/nologin is systemd's, and it takes it away itself. */
    if (g_str_equal(blame->id, "pam.nologin") && g_str_equal(blame->path, "/etc/nologin"))
        pst_report_undo(finding, PST_UNDO_ARGV)->argv = g_strdupv((char **)remove_nologin);
    if (blame->undo != NULL)
        pst_report_undo(finding, PST_UNDO_ARGV)->argv = g_strdupv(blame->undo);
}

void
pst_pam_blame_report(const PstPamBlames *blames, PstReport *report)
{
    for (guint i = 0; i < blames->all->len; i++)
        report_one(blames->all->pdata[i], report);
}
