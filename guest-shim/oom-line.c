// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/oom-line.h"

#include <string.h>

#define SUMMARY "oom-kill:constraint="
#define KILLED "Killed process "
#define MAX_NAME 64 /* 15 bytes, each as \xHH at worst */

void
pst_oom_line_clear(PstOomLine *line)
{
    g_free(line->name);
    g_free(line->group);
    g_free(line->limit_group);
    memset(line, 0, sizeof(*line));
}

static gboolean
parse_pid(const char *text, gint64 *pid)
{
    if (!g_ascii_isdigit(*text))
        return FALSE;
    *pid = g_ascii_strtoll(text, NULL, 10);
    return *pid > 0 && *pid <= G_MAXINT;
}

/* The text between the first START and the next END behind it; NULL where they are not there. */
static char *
between(const char *text, const char *start, const char *end)
{
    const char *from = strstr(text, start);
    const char *to = from != NULL ? strstr(from + strlen(start), end) : NULL;

    return to != NULL ? g_strndup(from + strlen(start), (gsize)(to - from) - strlen(start)) : NULL;
}

/* "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=GROUP,
 * task_memcg=GROUP,task=NAME,pid=PID,uid=UID", with "global_oom" for the oom_memcg where it is the
 * guest's memory. The name is before the last pid. */
static PstOomLineKind
parse_summary(const char *message, PstOomLine *line)
{
    const char *pid = g_strrstr(message, ",pid=");

    if (pid == NULL || !parse_pid(pid + strlen(",pid="), &line->pid))
        return PST_OOM_LINE_NONE;
    line->limit_group = between(message, ",oom_memcg=", ",task_memcg=");
    line->by_group = line->limit_group != NULL;
    line->group = between(message, ",task_memcg=", ",task=");
    line->rss_bytes = -1;
    const char *name = strstr(message, ",task=");
    if (name != NULL && name + strlen(",task=") <= pid)
        name += strlen(",task=");
    if (name != NULL && name <= pid && pid - name <= MAX_NAME)
        line->name = g_strndup(name, (gsize)(pid - name));
    return PST_OOM_LINE_SUMMARY;
}

/* The sum of what stands behind "anon-rss:", "file-rss:" and "shmem-rss:", in kB. */
static gint64
parse_rss(const char *text)
{
    static const char *const keys[] = {"anon-rss:", "file-rss:", "shmem-rss:"};
    gint64 sum = -1;

    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *at = strstr(text, keys[i]);
        gint64 kib = at != NULL ? g_ascii_strtoll(at + strlen(keys[i]), NULL, 10) : 0;

        if (at != NULL && kib >= 0 && kib < G_MAXINT64 / 8192)
            sum = MAX(sum, 0) + kib * 1024;
    }
    return sum;
}

/* "Out of memory: Killed process PID (NAME) total-vm:…", with "Memory cgroup o" for its beginning
 * where a group's limit was reached; before kernel 5.1 "Killed process" is all of it. */
static PstOomLineKind
parse_killed(const char *message, const char *killed, PstOomLine *line)
{
    const char *open = strstr(killed, " (");
    const char *close = g_strrstr(killed, ") total-vm:");

    if (close == NULL)
        close = g_strrstr(killed, "), UID");
    if (!parse_pid(killed + strlen(KILLED), &line->pid) || open == NULL || close == NULL ||
        close < open + 2 || close - open > MAX_NAME)
        return PST_OOM_LINE_NONE;
    line->name = g_strndup(open + 2, (gsize)(close - open - 2));
    line->rss_bytes = parse_rss(close);
    line->by_group = g_str_has_prefix(message, "Memory cgroup");
    return PST_OOM_LINE_KILLED;
}

PstOomLineKind
pst_oom_line_parse(const char *message, PstOomLine *line)
{
    static const char *const beginnings[] = {"", "Out of memory: ", "Memory cgroup out of memory: ",
                                             "Out of memory (oom_kill_allocating_task): "};

    if (g_str_has_prefix(message, SUMMARY))
        return parse_summary(message, line);
    for (guint i = 0; i < G_N_ELEMENTS(beginnings); i++) {
        const char *rest = message + strlen(beginnings[i]);

        if (g_str_has_prefix(message, beginnings[i]) && g_str_has_prefix(rest, KILLED))
            return parse_killed(message, rest, line);
    }
    return PST_OOM_LINE_NONE;
}
