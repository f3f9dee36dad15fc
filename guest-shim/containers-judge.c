// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/containers-judge.h"

#include <string.h>

#include "protocol/error.h"
#include "protocol/shell-word.h"

#define LOOP_RESTARTS 3
#define PATIENCE_MS 2000 /* a busy guest's runtime takes some hundred */
#define LOOP_US (G_GINT64_CONSTANT(10) * 60 * G_USEC_PER_SEC)

static gboolean
is(const char *value, const char *word)
{
    return g_strcmp0(value, word) == 0;
}

static gboolean
is_down(const PstContainersContainer *container)
{
    static const char *const words[] = {"exited", "stopped", "dead", "created", "configured", NULL};

    return container->state != NULL && g_strv_contains(words, container->state);
}

static gboolean
failed(const PstContainersContainer *container)
{
    return container->exit_code != PST_INT_UNKNOWN && container->exit_code != 0;
}

/* Whether somebody wants it to run. One that was only created was never started, or could not be:
 * then it says why. */
static gboolean
is_wanted(const PstContainersContainer *container)
{
    if (is(container->state, "created") || is(container->state, "configured"))
        return container->error != NULL;
    return container->unit != NULL || is(container->restart_policy, "always") ||
           is(container->restart_policy, "unless-stopped") ||
           (is(container->restart_policy, "on-failure") && failed(container));
}

/* Its own restarts only count as a loop while they go on. */
static gboolean
is_looping(const PstContainersContainer *container, gint64 now_us)
{
    if (is(container->state, "restarting"))
        return TRUE;
    return is(container->state, "running") && container->restarts >= LOOP_RESTARTS &&
           container->started_us != PST_INT_UNKNOWN && now_us - container->started_us < LOOP_US;
}

gboolean
pst_containers_judge_is_troubled(const PstContainersContainer *container)
{
    return (is_down(container) && is_wanted(container)) || is(container->health, "unhealthy") ||
           is(container->state, "restarting") || container->restarts >= LOOP_RESTARTS;
}

static const char *
name_of(const PstContainersContainer *container)
{
    return container->name != NULL ? container->name : container->id != NULL ? container->id : "?";
}

/* Its last complaint, or for want of one its last line. */
static const char *
last_line(const PstContainersContainer *container)
{
    const char *text = NULL;
    gboolean complains = FALSE;

    for (guint i = 0; container->lines != NULL && i < container->lines->len; i++) {
        const PstContainersLine *line = container->lines->pdata[i];

        if (complains && !is(line->stream, "stderr"))
            continue;
        complains = is(line->stream, "stderr");
        text = line->text;
    }
    return text;
}

static void
fill_in(PstFinding *finding, const PstContainersContainer *container)
{
    finding->evidence->source = g_strdup(container->runtime);
    finding->evidence->unit = g_strdup(container->unit);
    finding->evidence->name = g_strdup(name_of(container));
    finding->evidence->text = g_strdup(last_line(container));
    finding->evidence->error = g_strdup(container->error);
    if (container->exit_code != PST_INT_UNKNOWN && !is(container->state, "running"))
        finding->evidence->exit_status = container->exit_code;
}

/* Why it ended, in brackets: `exit code 3: its last line`. */
static char *
why(const PstContainersContainer *container)
{
    GString *text = g_string_new(NULL);

    if (container->error != NULL)
        g_string_append_printf(text, "; %s", container->error);
    else if (container->out_of_memory == PST_TRI_YES)
        g_string_append(text, "; the kernel killed it for want of memory");
    else if (container->exit_code != PST_INT_UNKNOWN)
        g_string_append_printf(text, " with the status %" G_GINT64_FORMAT, container->exit_code);
    if (last_line(container) != NULL)
        g_string_append_printf(text, ": %s", last_line(container));
    return g_string_free(text, FALSE);
}

static void
blame_down(const PstContainersContainer *container, PstReport *report)
{
    g_autofree char *reason = why(container);
    PstFinding *finding =
        pst_report_add(report, "containers.exited", PST_SEVERITY_WARNING,
                       "the container %s of %s is wanted and "
                       "does not run (%s)%s",
                       name_of(container), container->runtime, container->state, reason);

    fill_in(finding, container);
    g_autofree char *word =
        pst_shell_word(container->unit != NULL ? container->unit : name_of(container));
    if (container->unit != NULL)
        finding->remedy = g_strdup_printf("mend its cause, then: systemctl restart %s", word);
    else
        finding->remedy =
            g_strdup_printf("%s logs %s tells more; mend its cause, then: %s start %s",
                            container->runtime, word, container->runtime, word);
}

static void
blame_loop(const PstContainersContainer *container, PstReport *report)
{
    g_autofree char *reason = why(container);
    g_autofree char *times =
        container->restarts > 0
            ? g_strdup_printf(", %" G_GINT64_FORMAT " times by now", container->restarts)
            : g_strdup("");
    PstFinding *finding = pst_report_add(report, "containers.restarting", PST_SEVERITY_WARNING,
                                         "the container %s of %s ends and is started again%s%s",
                                         name_of(container), container->runtime, times, reason);

    fill_in(finding, container);
    g_autofree char *word = pst_shell_word(name_of(container));
    finding->remedy = g_strdup_printf("%s logs %s tells why it ends", container->runtime, word);
}

static void
blame_health(const PstContainersContainer *container, PstReport *report)
{
    PstFinding *finding = pst_report_add(report, "containers.unhealthy", PST_SEVERITY_WARNING,
                                         "the container %s of %s runs, and its own check fails",
                                         name_of(container), container->runtime);

    fill_in(finding, container);
    g_autofree char *word = pst_shell_word(name_of(container));
    finding->remedy =
        g_strdup_printf("%s inspect %s has what the check said last", container->runtime, word);
}

static void
judge_container(const PstContainersContainer *container, gint64 now_us, PstReport *report)
{
    if (is_looping(container, now_us))
        blame_loop(container, report);
    else if (is_down(container) && is_wanted(container))
        blame_down(container, report);
    if (is(container->state, "running") && is(container->health, "unhealthy"))
        blame_health(container, report);
}

static void
judge_stopped(const PstContainersRuntime *runtime, PstReport *report)
{
    if (!is(runtime->state, "stopped"))
        return;
    PstFinding *finding = pst_report_add(
        report, "containers.runtime-stopped", PST_SEVERITY_INFORMATION,
        "%s is installed and does not run: its containers were not asked for", runtime->name);
    finding->evidence->unit = g_strdup_printf("%s.service", runtime->name);
}

static void
judge_rootless(const PstContainersData *data, PstReport *report)
{
    if (data->rootless_not_asked == NULL || data->rootless_not_asked[0] == NULL)
        return;
    g_autofree char *users = g_strjoinv(", ", data->rootless_not_asked);
    PstFinding *finding =
        pst_report_add(report, "containers.rootless-not-asked", PST_SEVERITY_INFORMATION,
                       "users run podman of their own, which was not asked: %s", users);
    finding->evidence->source = g_strdup("podman");
}

void
pst_containers_judge_failure(PstContainersRuntime *runtime, const GError *cause, PstReport *report)
{
    gboolean late = g_error_matches(cause, PST_ERROR, PST_ERROR_DEADLINE);
    gboolean hangs =
        late && (runtime->took_ms == PST_INT_UNKNOWN || runtime->took_ms >= PATIENCE_MS);
    PstFinding *finding =
        hangs ? pst_report_add(report, "containers.runtime-hangs", PST_SEVERITY_WARNING,
                               "%s gives no answer in time: %s", runtime->name, cause->message)
              : pst_report_add(report, "containers.could-not-look", PST_SEVERITY_UNKNOWN,
                               "could not ask %s: %s", runtime->name, cause->message);

    g_free(runtime->state);
    runtime->state = g_strdup(hangs ? "hangs" : "failed");
    finding->evidence->path = g_strdup(runtime->source);
    finding->evidence->error = g_strdup(cause->message);
    finding->remedy = hangs ? g_strdup("what runs in containers may go on; restart the runtime "
                                       "when that suits")
                            : NULL;
}

void
pst_containers_judge(PstReport *report, gint64 now_us)
{
    PstContainersData *data = report->data;

    data->n_running = 0;
    for (guint i = 0; data->containers != NULL && i < data->containers->len; i++) {
        const PstContainersContainer *container = data->containers->pdata[i];

        data->n_running += is(container->state, "running");
        judge_container(container, now_us, report);
    }
    for (guint i = 0; data->runtimes != NULL && i < data->runtimes->len; i++)
        judge_stopped(data->runtimes->pdata[i], report);
    judge_rootless(data, report);
}
