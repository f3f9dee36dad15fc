// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/pam-env.h"

#include <string.h>

#include "guest-shim/pam-line.h"
#include "guest-shim/pam-path.h"
#include "protocol/error.h"

#define CONF "/etc/security/pam_env.conf"
#define ENVIRONMENT "/etc/environment"
#define USER_FILE ".pam_environment"
#define MAX_CONF (256 * 1024)
#define MAX_MODULE (1024 * 1024)
#define MAX_LINE 8192 /* the buffer of older versions */
#define ABORT 26

/* SKIPPED: pam_env says so to the journal, and goes on; where it is the last one, later versions
 * fail. */
typedef enum { SOUND, UNSET, SKIPPED, ENDS } Fate;

/* ---- one line ---- */

/* `${` or `@{` without its end. A backslash takes the sign's meaning away. */
static gboolean
is_open(const char *value, gsize len)
{
    for (gsize i = 0; i < len; i++) {
        if (value[i] == '\\') {
            i++;
        } else if ((value[i] == '$' || value[i] == '@') && i + 1 < len && value[i + 1] == '{') {
            const char *end = memchr(value + i + 2, '}', len - i - 2);
            if (end == NULL)
                return TRUE;
            i = (gsize)(end - value);
        }
    }
    return FALSE;
}

/* Steps over a value; FALSE where its quotation marks do not hold it. */
static gboolean
step_value(const char **at, const char **value, gsize *len)
{
    if (**at != '"') {
        *value = *at;
        *len = strcspn(*at, " \t");
        *at += *len;
        return TRUE;
    }
    const char *end = strchr(*at + 1, '"');
    if (end == NULL || strchr(" \t", end[1]) == NULL) /* the end of the line is one of them */
        return FALSE;
    *value = *at + 1;
    *len = (gsize)(end - *value);
    *at = end + 1;
    return TRUE;
}

/* TEXT is the whole of a line, without its comment and its end. */
static Fate
judge_line(const char *text)
{
    const char *at = text + strcspn(text, " \t");
    gboolean open = FALSE, defined = FALSE;
    gsize blanks;

    while ((blanks = strspn(at, " \t")) > 0) {
        const char *value;
        gsize len;

        at += blanks;
        if (g_str_has_prefix(at, "DEFAULT="))
            at += strlen("DEFAULT=");
        else if (g_str_has_prefix(at, "OVERRIDE="))
            at += strlen("OVERRIDE=");
        else
            return SKIPPED;
        gboolean quoted = at[0] == '"';
        if (!step_value(&at, &value, &len))
            return SKIPPED;
        open |= is_open(value, len);
        defined |= len > 0 || quoted;
    }
    if (open)
        return ENDS;
    if (text[0] == '=')
        return SKIPPED;
    return defined ? SOUND : UNSET;
}

/* Whether blanks before a name are taken off differs between later versions. */
static Fate
judge_indented(const char *text)
{
    Fate as_it_is = judge_line(text), trimmed = judge_line(text + strspn(text, " \t"));

    return as_it_is == trimmed || trimmed == ENDS ? trimmed : UNSET;
}

/* ---- a file ---- */

typedef struct {
    gboolean older;
    GString *joined; /* a line, and those that it goes on in */
    guint first;     /* the number of the first of them */
    Fate fate;       /* of the latest whole line */
    guint line;
    char *name;
    PstPamEnvVerdict verdict;
} Reader;

static void
note(Reader *reader, Fate fate)
{
    reader->fate = fate;
    reader->line = reader->first;
    g_free(reader->name);
    reader->name = g_strndup(reader->joined->str, strcspn(reader->joined->str, " \t"));
    if (fate == ENDS)
        reader->verdict = PST_PAM_ENV_FAILS;
}

/* One line as it stands in the file. */
static void
take(Reader *reader, const char *line, guint number)
{
    g_autofree char *said = g_strndup(line, strcspn(line, "#"));
    gsize len = strlen(said);

    if (reader->joined->len == 0)
        reader->first = number;
    if (reader->older && strlen(line) + reader->joined->len + 1 >= MAX_LINE) {
        note(reader, ENDS);
        return;
    }
    if (said[strspn(said, " \t")] == '\0')
        return;
    while (len > 0 && (said[len - 1] == ' ' || said[len - 1] == '\t'))
        len--;
    if (said[len - 1] == '\\' && strchr(line, '#') == NULL) {
        g_string_append_len(reader->joined, said, (gssize)len - 1);
        return;
    }
    g_string_append(reader->joined, said);
    note(reader,
         reader->older ? judge_line(reader->joined->str) : judge_indented(reader->joined->str));
    g_string_truncate(reader->joined, 0);
}

PstPamEnvVerdict
pst_pam_env_read(const char *text, gboolean older, guint *line, char **name)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GString) joined = g_string_new(NULL);
    Reader reader = {.older = older, .joined = joined, .fate = SOUND};

    for (guint i = 0; lines[i] != NULL && reader.verdict != PST_PAM_ENV_FAILS; i++)
        take(&reader, lines[i], i + 1);
    if (reader.verdict != PST_PAM_ENV_FAILS && joined->len > 0)
        note(&reader, older ? ENDS : judge_indented(joined->str));
    if (!older && reader.fate == SKIPPED)
        reader.verdict = PST_PAM_ENV_FAILS;
    else if (!older && reader.fate == UNSET)
        reader.verdict = PST_PAM_ENV_UNSURE;
    *line = reader.line;
    *name = reader.name;
    return reader.verdict;
}

/* Up to Linux-PAM 1.5.2 it reads line by line; later ones word it otherwise. */
static gboolean
is_older(const PstPamLine *line, const PstPamSubject *subject)
{
    static const char words[] = "Unable to open config file: %s: %m";
    gsize len;
    g_autofree char *bytes =
        line->path != NULL ? pst_sysroot_read(subject->sysroot, line->path, MAX_MODULE, &len, NULL)
                           : NULL;

    return bytes != NULL && memmem(bytes, len, words, strlen(words)) != NULL;
}

/* FALSE where PATH is no obstacle. */
static gboolean
judge_file(const PstPamLine *line, const PstPamSubject *subject, const char *path,
           PstPamRuling *ruling)
{
    g_autofree char *text = pst_sysroot_read(subject->sysroot, path, MAX_CONF, NULL, NULL);
    g_autofree char *name = NULL;
    guint number;

    if (text == NULL)
        return FALSE;
    PstPamEnvVerdict verdict = pst_pam_env_read(text, is_older(line, subject), &number, &name);
    if (verdict == PST_PAM_ENV_PASSES)
        return FALSE;
    gboolean sure = verdict == PST_PAM_ENV_FAILS;
    /* What a variable is set to may be nobody else's to know. */
    pst_pam_ruling_set(
        ruling, sure ? ABORT : PST_PAM_ANY, path, number, NULL,
        g_strdup_printf("pam_env %s at %s:%u, about '%.64s': %s", sure ? "gives up" : "may give up",
                        path, number, name,
                        sure ? "no session is opened" : "it takes away what may not be set"));
    ruling->lack = !sure;
    ruling->id = "pam.env-faulty";
    ruling->remedy = g_strdup_printf("mend line %u of %s, or take it out", number, path);
    return TRUE;
}

int
pst_pam_env_answer(const PstPamLine *line, const PstPamSubject *subject, PstPamRuling *ruling)
{
    g_auto(GStrv) words = pst_pam_line_arguments(line->args);
    const char *conf = pst_pam_line_value(words, "conffile");
    const char *own = pst_pam_line_value(words, "user_envfile");
    const char *envfile = pst_pam_line_value(words, "envfile");

    ruling->answer = PST_PAM_ANY;
    if (judge_file(line, subject, conf != NULL && conf[0] != '\0' ? conf : CONF, ruling))
        return ruling->answer;
    if (g_strcmp0(pst_pam_line_value(words, "user_readenv"), "1") == 0) {
        g_autofree char *path =
            g_build_filename(subject->user->home, own != NULL ? own : USER_FILE, NULL);
        if (judge_file(line, subject, path, ruling))
            return ruling->answer;
    }
    if (g_strcmp0(pst_pam_line_value(words, "readenv"), "0") != 0)
        pst_pam_path_judge(subject, envfile != NULL && envfile[0] == '/' ? envfile : ENVIRONMENT,
                           ruling);
    return ruling->answer;
}
