// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/wait-words.h"

/* Of the jobs that a start waits for. */
#define MAX_JOBS 3

static gboolean
is_state(const PstSystemManager *manager, const char *state)
{
    return g_strcmp0(manager->state, state) == 0;
}

static gboolean
has_target(const PstSystemManager *manager)
{
    return manager->default_target != NULL && manager->targets != NULL &&
           g_strv_contains((const char *const *)manager->targets, manager->default_target);
}

gboolean
pst_wait_words_is_started(const PstSystemData *system)
{
    const PstSystemManager *manager = system->manager;

    return system->initramfs != PST_TRI_YES && manager != NULL && has_target(manager) &&
           (is_state(manager, "running") || is_state(manager, "degraded"));
}

/* Those that run first: the others wait for them. */
static void
append_jobs(GString *out, const PstSystemManager *manager)
{
    guint n = 0;

    for (guint round = 0; round < 2; round++) {
        for (guint i = 0; manager->jobs != NULL && i < manager->jobs->len; i++) {
            const PstSystemJob *job = manager->jobs->pdata[i];

            if (job->unit == NULL || (g_strcmp0(job->state, "running") == 0) != (round == 0))
                continue;
            if (n++ < MAX_JOBS)
                g_string_append_printf(out, "%s%s", n == 1 ? " (" : ", ", job->unit);
        }
    }
    if (n > 0)
        g_string_append(out, n > MAX_JOBS ? ", …)" : ")");
}

static void
append_manager(GString *out, const PstSystemManager *manager)
{
    if (manager->n_jobs > 0) {
        g_string_append_printf(out, ": %" G_GINT64_FORMAT " job%s queued", manager->n_jobs,
                               manager->n_jobs == 1 ? "" : "s");
        append_jobs(out, manager);
        return;
    }
    if (!is_state(manager, "running") && !is_state(manager, "degraded"))
        g_string_append_printf(out, ": systemd says %s",
                               manager->state != NULL ? manager->state : "nothing of its state");
    else
        g_string_append(out, has_target(manager) ? ": reached" : ": not active");
}

char *
pst_wait_words_target(const PstSystemData *system)
{
    const PstSystemManager *manager = system->manager;
    GString *out = g_string_new("target");

    if (manager != NULL && manager->default_target != NULL)
        g_string_append_printf(out, " %s", manager->default_target);
    if (system->initramfs == PST_TRI_YES)
        g_string_append(out, ": the guest is in its initramfs");
    else if (manager == NULL)
        g_string_append(out, ": systemd does not answer");
    else if (pst_wait_words_is_started(system))
        g_string_append(out, ": reached");
    else
        append_manager(out, manager);
    return g_string_free(out, FALSE);
}

char *
pst_wait_words_unit(const PstServicesUnit *unit)
{
    return g_strdup_printf("%s: %s%s%s%s", unit->name != NULL ? unit->name : unit->asked_as,
                           unit->active != NULL ? unit->active : "of unknown state",
                           unit->sub != NULL ? " (" : "", unit->sub != NULL ? unit->sub : "",
                           unit->sub != NULL ? ")" : "");
}

static gboolean
is_ssh(const PstAccessWay *way)
{
    return way->way != NULL && g_str_has_prefix(way->way, "ssh-");
}

/* Why logging in, or becoming root, is not open: the first way's reason of that verdict. */
static const char *
reason_of(const PstAccessData *access, gboolean ssh, int verdict)
{
    for (guint i = 0; access->ways != NULL && i < access->ways->len; i++) {
        const PstAccessWay *way = access->ways->pdata[i];

        if (is_ssh(way) == ssh && (ssh || g_strcmp0(way->way, "sudo") == 0) &&
            way->verdict == verdict && way->because != NULL)
            return way->because;
    }
    return NULL;
}

static void
append_way(GString *out, const char *name, const PstAccessData *access, gboolean ssh, int verdict)
{
    const char *because = verdict != PST_ACCESS_OPEN ? reason_of(access, ssh, verdict) : NULL;

    g_string_append_printf(out, "%s %s%s%s%s", name, pst_report_access_verdicts[verdict],
                           because != NULL ? " (" : "", because != NULL ? because : "",
                           because != NULL ? ")" : "");
}

char *
pst_wait_words_access(const PstAccessData *access)
{
    GString *out = g_string_new("access of ");

    g_string_append_printf(out, "%s: ", access->user != NULL ? access->user : "nobody");
    append_way(out, "login", access, TRUE, access->login);
    append_way(out, ", root", access, FALSE, access->root);
    return g_string_free(out, FALSE);
}

static const char *
why_not(const PstAnswer *answer, int via)
{
    for (guint i = 0; answer->attempts != NULL && i < answer->attempts->len; i++) {
        const PstAttempt *attempt = answer->attempts->pdata[i];

        if (attempt->via == via)
            return attempt->reason;
    }
    return NULL;
}

char *
pst_wait_words_shim(const PstAnswer *system)
{
    const PstSystemData *data = system->report->data;
    const char *why = why_not(system, PST_VIA_CHANNEL);

    if (system->via != PST_VIA_CHANNEL)
        return g_strdup_printf("only the guest agent answers%s%s", why != NULL ? ": " : "",
                               why != NULL ? why : "");
    GString *out = g_string_new("the shim answers");
    if (data->uptime_s != PST_INT_UNKNOWN)
        g_string_append_printf(out, ", up %" G_GINT64_FORMAT " s", data->uptime_s);
    if (data->initramfs == PST_TRI_YES)
        g_string_append(out, ", in its initramfs");
    return g_string_free(out, FALSE);
}

char *
pst_wait_words_silence(PstAnswer *const *answers, guint n)
{
    for (guint i = 0; i < n; i++)
        if (g_str_equal(answers[i]->probe, pst_report_system_kind.name) &&
            answers[i]->report == NULL)
            return pst_answer_explain(answers[i]);
    return g_strdup("neither the shim nor its program answers");
}
