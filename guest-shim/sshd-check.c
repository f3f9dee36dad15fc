// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sshd-check.h"

#include <string.h>

#include "guest-shim/program.h"
#include "protocol/error.h"

#define TIMEOUT_MS 5000
#define MAX_OUTPUT (16 * 1024)
#define MAX_KEPT 1024

const char *const pst_sshd_check_programs[] = {"/usr/sbin/sshd", "/usr/bin/sshd",
                                               "/run/current-system/sw/bin/sshd", NULL};

void
pst_sshd_check_free(PstSshdCheck *check)
{
    g_free(check->path);
    g_free(check->text);
    g_free(check->error);
    g_free(check);
}

gboolean
pst_sshd_check_is_installed(const PstSysroot *sysroot)
{
    for (guint i = 0; pst_sshd_check_programs[i] != NULL; i++)
        if (pst_sysroot_exists(sysroot, pst_sshd_check_programs[i]))
            return TRUE;
    return FALSE;
}

/* Named with file and line as errors are, and passed over by sshd. */
static gboolean
is_harmless(const char *line)
{
    return strstr(line, "Deprecated option") != NULL || strstr(line, "Unsupported option") != NULL;
}

/* OpenSSH says "PATH: line N: WORDS" of what it can't parse and "PATH line N: WORDS" of what it
 * does not allow (servconf.c). */
static gboolean
parse_line(const char *line, PstSshdCheck *check)
{
    static GRegex *regex;
    g_autoptr(GMatchInfo) match = NULL;

    if (regex == NULL)
        regex = g_regex_new("^(/[^:]*?):? line ([0-9]{1,9}): *(.+)$", G_REGEX_RAW, 0, NULL);
    if (!g_regex_match(regex, line, 0, &match))
        return FALSE;

    g_autofree char *number = g_match_info_fetch(match, 2);
    check->path = g_match_info_fetch(match, 1);
    check->line = (guint)g_ascii_strtoull(number, NULL, 10);
    check->text = g_match_info_fetch(match, 3);
    if (g_str_has_suffix(check->text, "."))
        check->text[strlen(check->text) - 1] = '\0';
    return TRUE;
}

/* Words that say how far sshd came: host keys and the folder are looked at after the files. */
static const struct {
    const char *words;
    PstSshdCheckVerdict verdict;
} recognised[] = {
    {"Missing privilege separation directory", PST_SSHD_CHECK_NO_FOLDER},
    {"no hostkeys available", PST_SSHD_CHECK_NO_KEYS},
};

static PstSshdCheckVerdict
recognise(const char *error)
{
    for (guint i = 0; i < G_N_ELEMENTS(recognised); i++)
        if (strstr(error, recognised[i].words) != NULL)
            return recognised[i].verdict;
    return PST_SSHD_CHECK_OTHER;
}

/* Root is refused only where this program and its children are confined (SELinux, AppArmor,
 * fapolicyd), which sshd itself need not be. */
static gboolean
is_refused(const char *words)
{
    return strstr(words, "Permission denied") != NULL ||
           strstr(words, "Operation not permitted") != NULL;
}

static char *
last_line(char **lines)
{
    for (guint i = g_strv_length(lines); i > 0; i--)
        if (*g_strstrip(lines[i - 1]) != '\0')
            return g_strdup(lines[i - 1]);
    return g_strdup("");
}

PstSshdCheck *
pst_sshd_check_parse(int exit_status, const char *error)
{
    PstSshdCheck *check = g_new0(PstSshdCheck, 1);
    /* Its lines end in CR LF. */
    g_auto(GStrv) parts = g_strsplit(error, "\r", -1);
    g_autofree char *plain = g_strjoinv("", parts);
    g_auto(GStrv) lines = g_strsplit(plain, "\n", -1);

    check->exit_status = exit_status;
    check->error = g_strchomp(g_strndup(plain, MAX_KEPT));
    if (exit_status == 0)
        return check;
    for (guint i = 0; lines[i] != NULL; i++) {
        if (!is_harmless(lines[i]) && parse_line(lines[i], check)) {
            check->verdict = is_refused(check->text) ? PST_SSHD_CHECK_BLIND : PST_SSHD_CHECK_LINE;
            return check;
        }
    }
    check->text = last_line(lines);
    /* sshd never fails without a word; what does is a program that could not be begun. */
    if (*check->text == '\0' || is_refused(plain))
        check->verdict = PST_SSHD_CHECK_BLIND;
    else
        check->verdict = recognise(plain);
    return check;
}

PstSshdCheck *
pst_sshd_check_run(const PstProbeContext *context, GError **error)
{
    static const char *const argv[] = {"-t", NULL};
    const PstProgram program = {
        .candidates = pst_sshd_check_programs,
        .argv = argv,
        .timeout_ms = pst_probe_time_left_ms(context, TIMEOUT_MS),
        .max_output = MAX_OUTPUT,
    };
    g_autoptr(PstProgramResult) result = pst_program_run(context->sysroot, &program, error);

    if (result == NULL)
        return NULL;
    if (result->timed_out || result->signal != 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: %s", PST_SSHD_CHECK_COMMAND,
                    result->timed_out ? "did not end in time" : g_strsignal(result->signal));
        return NULL;
    }
    return pst_sshd_check_parse(result->exit_status, result->err->str);
}
