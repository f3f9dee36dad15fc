// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/pam-limits.h"

#include <string.h>

#include "guest-shim/pam-line.h"
#include "protocol/error.h"

#define CONF "/etc/security/limits.conf"
#define VENDOR_CONF "/usr/etc/security/limits.conf"
#define DROP_INS "/etc/security/limits.d"
#define MAX_CONF (256 * 1024)
#define MAX_MODULE (1024 * 1024)
#define SERVICE_ERR 3

/* A smaller number is a nearer rule: it stands, whatever comes after it. */
typedef enum { OF_USER, OF_GROUP, OF_ALL_OF_GROUP, OF_ALL, OF_NOBODY } Nearness;

/* Below `least` no shell can begin: sshd and it open their pipes and terminals, are processes of
 * the user's, and map the C library. Below `enough` that hangs on how they were built. Those of
 * logins refuse the session. */
static const struct {
    const char *item;
    gint64 least, enough;
    const char *unit;
    gboolean of_logins;
} items[] = {
    {"maxlogins", 1, 1, "logins", TRUE},
    {"maxsyslogins", 1, 1, "logins of everybody", TRUE},
    {"nproc", 2, 2, "processes", FALSE},
    {"nofile", 9, 32, "files", FALSE},
    {"as", 8192, 65536, "KiB", FALSE},
    {"data", 128, 16384, "KiB", FALSE},
    {"stack", 64, 256, "KiB", FALSE},
    {"nonewprivs", 0, 0, "", FALSE}, /* a switch: what counts is told apart */
};
#define SWITCH (G_N_ELEMENTS(items) - 1)

typedef struct {
    Nearness nearness;
    gint64 value; /* -1: without limit */
    char *path;
    char *text;
    guint line;
} Limit;

struct PstPamLimits {
    const PstPamSubject *subject;
    gboolean exempt; /* "NAME -": no limits at all */
    char *unread;    /* a file that could not be looked at, and why; NULL for none */
    GError *cause;
    Limit limits[G_N_ELEMENTS(items)];
};

PstPamLimits *
pst_pam_limits_new(const PstPamSubject *subject)
{
    PstPamLimits *limits = g_new0(PstPamLimits, 1);

    limits->subject = subject;
    for (guint i = 0; i < G_N_ELEMENTS(items); i++)
        limits->limits[i] = (Limit){OF_NOBODY, -1, NULL, NULL, 0};
    return limits;
}

void
pst_pam_limits_free(PstPamLimits *limits)
{
    for (guint i = 0; i < G_N_ELEMENTS(items); i++) {
        g_free(limits->limits[i].path);
        g_free(limits->limits[i].text);
    }
    g_free(limits->unread);
    g_clear_error(&limits->cause);
    g_free(limits);
}

/* "1000:2000", "1000:", ":2000", "1000". */
static gboolean
in_range(const char *text, gint64 id)
{
    g_auto(GStrv) ends = g_strsplit(text, ":", 2);
    guint64 low = 0, high = G_MAXUINT32;

    if (ends[0] == NULL || ends[1] == NULL || (ends[0][0] == '\0' && ends[1][0] == '\0'))
        return FALSE;
    if (ends[0][0] != '\0' && !g_ascii_string_to_unsigned(ends[0], 10, 0, high, &low, NULL))
        return FALSE;
    if (ends[1][0] != '\0' && !g_ascii_string_to_unsigned(ends[1], 10, 0, high, &high, NULL))
        return FALSE;
    /* ":ID" is that one alone (limits.conf(5)). */
    return (guint64)id <= high && (guint64)id >= (ends[0][0] == '\0' ? high : low);
}

static gboolean
group_in_range(const PstPamSubject *subject, const char *text)
{
    for (guint i = 0; subject->groups != NULL && i < subject->groups->len; i++)
        if (in_range(text, g_array_index(subject->groups, gid_t, i)))
            return TRUE;
    return FALSE;
}

/* Groups and `*` do not mean root. A membership that is not known counts as none. */
static Nearness
nearness_of(const PstPamSubject *subject, const char *domain)
{
    const PstAccount *user = subject->user;

    if (g_ascii_strcasecmp(domain, user->name) == 0 || in_range(domain, user->uid))
        return OF_USER;
    if (user->uid == 0)
        return OF_NOBODY;
    if (domain[0] == '@' && (pst_pam_subject_is_in(subject, domain + 1) == PST_TRI_YES ||
                             group_in_range(subject, domain + 1)))
        return OF_GROUP;
    if (domain[0] == '%' && domain[1] != '\0')
        return pst_pam_subject_is_in(subject, domain + 1) == PST_TRI_YES ? OF_ALL_OF_GROUP
                                                                         : OF_NOBODY;
    return g_str_equal(domain, "*") || g_str_equal(domain, "%") ? OF_ALL : OF_NOBODY;
}

/* `%` counts the logins of all together, and is of no account to other items (limits.conf(5)). */
static gboolean
concerns(const char *domain, guint item)
{
    return domain[0] != '%' || items[item].of_logins;
}

static gboolean
parse_value(const char *text, gint64 *value)
{
    if (g_str_equal(text, "-") || g_ascii_strcasecmp(text, "unlimited") == 0 ||
        g_ascii_strcasecmp(text, "infinity") == 0) {
        *value = -1;
        return TRUE;
    }
    return g_ascii_string_to_signed(text, 10, -1, G_MAXINT64, value, NULL);
}

static void
take_limit(PstPamLimits *limits, Nearness nearness, char **words, const char *path, guint number,
           const char *text)
{
    gint64 value;

    if (!parse_value(words[3], &value))
        return;
    for (guint i = 0; i < G_N_ELEMENTS(items); i++) {
        Limit *limit = &limits->limits[i];

        if (g_ascii_strcasecmp(words[2], items[i].item) != 0 || limit->nearness < nearness ||
            !concerns(words[0], i))
            continue;
        g_free(limit->path);
        g_free(limit->text);
        *limit = (Limit){nearness, value, g_strdup(path), g_strdup(text), number};
    }
}

static char **
split(const char *text)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_auto(GStrv) all = g_strsplit_set(text, " \t\r", -1);

    for (guint i = 0; all[i] != NULL; i++)
        if (all[i][0] != '\0')
            g_strv_builder_add(words, all[i]);
    return g_strv_builder_end(words);
}

static void
take_line(PstPamLimits *limits, const char *path, guint number, char *line)
{
    line[strcspn(line, "#")] = '\0';
    if (line[0] == '\0')
        return;
    g_auto(GStrv) words = split(line);
    guint n = g_strv_length(words);
    Nearness nearness = n >= 2 ? nearness_of(limits->subject, words[0]) : OF_NOBODY;

    if (nearness == OF_NOBODY)
        return;
    if (n == 2 && words[1][0] == '-' && nearness <= OF_GROUP)
        limits->exempt = TRUE;
    if (n == 4)
        take_limit(limits, nearness, words, path, number, g_strstrip(line));
}

void
pst_pam_limits_take(PstPamLimits *limits, const char *path, char *text)
{
    char *rest = text, *line;

    for (guint number = 1; !limits->exempt && (line = strsep(&rest, "\n")) != NULL; number++)
        take_line(limits, path, number, line);
}

static int
tell(const PstPamLimits *limits, guint item, PstPamRuling *ruling)
{
    const Limit *limit = &limits->limits[item];
    gboolean logins = items[item].of_logins, sure = limit->value < items[item].least;

    pst_pam_ruling_set(ruling, logins ? PST_PAM_PERM_DENIED : PST_PAM_ANY, limit->path, limit->line,
                       limit->text,
                       g_strdup_printf("pam_limits gives %s %" G_GINT64_FORMAT " %s: %s",
                                       limits->subject->user->name, limit->value, items[item].unit,
                                       logins ? "every session is refused"
                                       : sure ? "no shell can begin"
                                              : "it may not be enough for a session"));
    ruling->lack = !sure;
    ruling->holds = sure;
    return ruling->answer;
}

/* A session that is let in, and can't become root. */
static int
judge_switch(const PstPamLimits *limits, PstPamRuling *ruling)
{
    const Limit *limit = &limits->limits[SWITCH];

    if (limit->value != 1)
        return ruling->answer;
    pst_pam_ruling_set(ruling, PST_PAM_ANY, limit->path, limit->line, limit->text,
                       g_strdup_printf("pam_limits lets sessions of %s gain no privileges: sudo "
                                       "refuses in them",
                                       limits->subject->user->name));
    ruling->id = "pam.no-new-privileges";
    ruling->holds = TRUE;
    return ruling->answer;
}

int
pst_pam_limits_judge(const PstPamLimits *limits, PstPamRuling *ruling)
{
    guint doubtful = G_N_ELEMENTS(items);

    ruling->answer = PST_PAM_ANY;
    if (limits->exempt || limits->subject->user->uid == 0)
        return ruling->answer;
    for (guint i = 0; i < G_N_ELEMENTS(items); i++) {
        const Limit *limit = &limits->limits[i];

        if (limit->value < 0 || limit->value >= items[i].enough)
            continue;
        if (limit->value < items[i].least)
            return tell(limits, i, ruling);
        doubtful = MIN(doubtful, i);
    }
    return doubtful < G_N_ELEMENTS(items) ? tell(limits, doubtful, ruling)
                                          : judge_switch(limits, ruling);
}

/* FALSE where there is nothing to open. */
static gboolean
take_file(PstPamLimits *limits, const char *path)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *text =
        pst_sysroot_read(limits->subject->sysroot, path, MAX_CONF, NULL, &cause);

    if (text != NULL)
        pst_pam_limits_take(limits, path, text);
    else if (cause->code == PST_ERROR_ABSENT)
        return FALSE;
    else if (limits->unread == NULL) {
        limits->unread = g_strdup(path);
        limits->cause = g_steal_pointer(&cause);
    }
    return TRUE;
}

/* Up to Linux-PAM 1.5.2 a file that can't be opened refuses every session, root's too; later ones
 * pass over those that no argument names, and word it otherwise. */
static gboolean
wants_files(const PstPamLine *line, const PstPamSubject *subject)
{
    static const char words[] = "cannot read settings from %s: %m";
    gsize len;
    g_autofree char *bytes =
        line->path != NULL ? pst_sysroot_read(subject->sysroot, line->path, MAX_MODULE, &len, NULL)
                           : NULL;

    return bytes != NULL && memmem(bytes, len, words, strlen(words)) != NULL;
}

/* A drop-in that is not there is a link that leads nowhere. */
static int
refuse_without(const char *path, gboolean drop_in, PstPamRuling *ruling)
{
    const char *const undo[] = {drop_in ? "/bin/rm" : "/usr/bin/touch", path, NULL};

    pst_pam_ruling_set(ruling, SERVICE_ERR, path, 0, NULL,
                       g_strdup_printf("pam_limits can't open %s, which %s: every session is "
                                       "refused",
                                       path, drop_in ? "leads nowhere" : "is not there"));
    ruling->undo = g_strdupv((char **)undo);
    ruling->remedy = drop_in ? g_strdup_printf("put back what %s leads to, or take it away", path)
                             : g_strdup_printf("put %s back; an empty one is enough", path);
    return ruling->answer;
}

int
pst_pam_limits_answer(const PstPamLine *line, const PstPamSubject *subject, PstPamRuling *ruling)
{
    g_auto(GStrv) words = pst_pam_line_arguments(line->args);
    const char *named = pst_pam_line_value(words, "conf");
    g_autoptr(PstPamLimits) limits = pst_pam_limits_new(subject);
    g_auto(GStrv) names = named == NULL ? pst_sysroot_list(subject->sysroot, DROP_INS, NULL) : NULL;
    gboolean of_vendor = named == NULL && !pst_sysroot_exists(subject->sysroot, CONF) &&
                         pst_sysroot_exists(subject->sysroot, VENDOR_CONF);
    const char *conf = named != NULL ? named : of_vendor ? VENDOR_CONF : CONF;

    if (!take_file(limits, conf) && (named != NULL || wants_files(line, subject)))
        return refuse_without(conf, FALSE, ruling);
    for (guint i = 0; names != NULL && names[i] != NULL && !limits->exempt; i++) {
        g_autofree char *path = g_build_filename(DROP_INS, names[i], NULL);
        if (g_str_has_suffix(names[i], ".conf") && !take_file(limits, path) &&
            wants_files(line, subject))
            return refuse_without(path, TRUE, ruling);
    }
    int answer = pst_pam_limits_judge(limits, ruling);
    if (limits->unread != NULL && (answer == PST_PAM_SUCCESS || answer == PST_PAM_ANY))
        return pst_pam_ruling_set_unlooked(ruling, limits->unread, limits->cause);
    return answer;
}
