// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/doctor-profile.h"

#include <string.h>
#include <sys/stat.h>

#include "protocol/error.h"
#include "protocol/json.h"

/* Of a profile's lines that are told. */
#define MAX_CUTS 32
#define MAX_TEXT 200

/* Of words in a set, with the NULL behind them. */
#define MAX_WORDS 10

/* One of each set has to be among the words of a line. */
static const struct {
    const char *sets[3][MAX_WORDS];
    const char *cuts, *mend, *unsure;
} lines[] = {
    {{{"systemctl"}, {"stop", "disable", "mask"}, {"postern-shim", "postern-shim.service"}},
     "it takes the shim's service away: the channel is shut",
     "leave postern-shim out of it",
     NULL},
    {{{"systemctl"},
      {"stop", "disable", "mask"},
      {"postern-exec", "postern-exec.service", "postern-exec.socket"}},
     "it takes away what runs commands: exec and an undo of recover are shut",
     "leave postern-exec out of it",
     NULL},
    {{{"systemctl"}, {"stop", "disable", "mask"}, {"qemu-guest-agent", "qemu-guest-agent.service"}},
     "it takes the guest agent away: the paths by the agent are shut",
     "leave qemu-guest-agent out of it",
     NULL},
    {{{"apt", "apt-get", "dnf", "yum", "zypper", "rpm", "dpkg", "package_remove"},
      {"remove", "purge", "erase", "autoremove", "rm", "-e", "-r", "-P"},
      {"qemu-guest-agent", "postern-shim"}},
     "it removes the package: its path is shut",
     "leave that package out of it",
     NULL},
    {{{"install", "blacklist"}, {"virtio_console"}},
     "it keeps the driver of the ports from being loaded: the channel, the agent and the recorder "
     "are shut after the next boot",
     "leave virtio_console out of it",
     NULL},
    {{{"/usr", "/usr/sbin"}, {"noexec"}},
     "it mounts noexec what the shim's program is on: it can't be started any more",
     "leave that mount out of it",
     NULL},
    {{{"systemctl"}, {"enable", "start", "restart"}, {"fapolicyd", "fapolicyd.service"}},
     "it starts fapolicyd",
     "guest# fapolicyd-cli --file add /usr/sbin/postern-shim && fapolicyd-cli --update",
     "fapolicyd refuses programs that no package brought, and where the shim comes from is not "
     "known"},
};

/* What stands before it may be an editor's command, so it counts wherever it stands. */
static const char *const block_lists[] = {"block-rpcs", "blacklist", "BLOCK_RPCS", "BLACKLIST_RPC"};
static const char *const allow_lists[] = {"allow-rpcs", "ALLOW_RPCS"};

static gboolean
has_one(char *const *words, const char *const *set)
{
    for (; *set != NULL; set++)
        if (g_strv_contains((const char *const *)words, *set))
            return TRUE;
    return FALSE;
}

static gboolean
has_all(char *const *words, const char *const sets[3][MAX_WORDS])
{
    for (guint i = 0; i < 3 && sets[i][0] != NULL; i++)
        if (!has_one(words, sets[i]))
            return FALSE;
    return TRUE;
}

static void
add(PstDoctorProfile *profile, gint64 number, const char *line, const char *cuts, const char *mend,
    const char *unsure)
{
    PstDoctorCut *cut = pst_fields_append(&pst_report_doctor_cut_fields, &profile->cuts);

    cut->line = number;
    cut->text = pst_json_clean_cut(line, MAX_TEXT, NULL);
    cut->cuts = g_strdup(cuts);
    cut->mend = g_strdup(mend);
    cut->unsure = g_strdup(unsure);
}

static gboolean
blocks_exec(const char *line)
{
    gboolean named = strstr(line, "guest-exec") != NULL;

    for (guint i = 0; i < G_N_ELEMENTS(block_lists); i++)
        if (strstr(line, block_lists[i]) != NULL)
            return named;
    /* What is not in a list of what is allowed is blocked; a line that has no list is none. */
    for (guint i = 0; i < G_N_ELEMENTS(allow_lists); i++) {
        const char *list = strstr(line, allow_lists[i]);

        if (list != NULL && strchr(list, '=') != NULL)
            return strstr(list, "guest-") != NULL && !named;
    }
    return FALSE;
}

/* TRUE where it was one. */
static gboolean
look_at(PstDoctorProfile *profile, gint64 number, const char *line)
{
    g_auto(GStrv) words = g_strsplit_set(line, " \t,;'\"()&|", -1);

    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        if (!has_all(words, lines[i].sets))
            continue;
        add(profile, number, line, lines[i].cuts, lines[i].mend, lines[i].unsure);
        return TRUE;
    }
    if (!blocks_exec(line))
        return FALSE;
    add(profile, number, line, "it takes guest-exec from the guest agent: the path by it is shut",
        "let the agent run guest-exec and guest-exec-status", NULL);
    return TRUE;
}

PstDoctorProfile *
pst_doctor_profile_read(const char *path, const char *text)
{
    PstDoctorProfile *profile = pst_fields_new(&pst_report_doctor_profile_fields);
    g_auto(GStrv) all = g_strsplit(text, "\n", -1);
    guint n = 0;

    profile->path = g_strdup(path);
    for (guint i = 0; all[i] != NULL; i++) {
        const char *line = g_strstrip(all[i]);

        if (*line == '#' || *line == '\0')
            continue;
        if (n == MAX_CUTS) {
            profile->problem = g_strdup_printf("the first %d lines that cut a path are told, and "
                                               "what comes after them was not looked at",
                                               MAX_CUTS);
            return profile;
        }
        n += look_at(profile, i + 1, line);
    }
    return profile;
}

PstDoctorProfile *
pst_doctor_profile_load(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) cause = NULL;
    struct stat status;
    gsize len = 0;

    if (stat(path, &status) == 0 &&
        (!S_ISREG(status.st_mode) || status.st_size > PST_DOCTOR_PROFILE_MAX)) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "%s: it is no file, or more than 16 MiB",
                    path);
        return NULL;
    }
    if (!g_file_get_contents(path, &text, &len, &cause)) {
        gboolean absent = g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT);
        g_set_error(error, PST_ERROR, absent ? PST_ERROR_ABSENT : PST_ERROR_USAGE, "%s",
                    cause->message);
        return NULL;
    }
    if (strlen(text) == len && g_utf8_validate(text, (gssize)len, NULL))
        return pst_doctor_profile_read(path, text);
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "%s: it is no text", path);
    return NULL;
}
