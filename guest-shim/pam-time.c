// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/pam-time.h"

#include <string.h>

#include "guest-shim/pam-line.h"
#include "protocol/error.h"

#define CONF "/etc/security/time.conf"
#define VENDOR_CONF "/usr/etc/security/time.conf"
#define MAX_CONF (256 * 1024)

typedef PstTri (*Agrees)(gconstpointer what, const char *word);

static gboolean
is_word(char c)
{
    return g_ascii_isalnum(c) || (c != '\0' && strchr("*_-./:", c) != NULL);
}

/* Words with `!`, joined by `&` and `|`, from left to right; what is garbled matches nothing. */
static PstTri
evaluate(const char *field, Agrees agrees, gconstpointer what)
{
    PstTri left = PST_TRI_NO;
    gboolean all = FALSE, negated = FALSE, wants_word = TRUE;

    for (const char *at = field; *at != '\0';) {
        if (is_word(*at) && wants_word) {
            gsize len = 1;
            while (is_word(at[len]))
                len++;
            g_autofree char *word = g_strndup(at, len);
            PstTri right = agrees(what, word);
            right = negated ? pst_pam_subject_not(right) : right;
            left = all ? pst_pam_subject_and(left, right) : pst_pam_subject_or(left, right);
            wants_word = FALSE;
            at += len;
            continue;
        }
        if (strchr("&|", *at) != NULL && !wants_word) {
            all = *at == '&';
            wants_word = TRUE;
        } else if (*at == '!' && wants_word) {
            negated = !negated;
        } else if (is_word(*at) || strchr("&|!", *at) != NULL) {
            return PST_TRI_NO;
        }
        at++;
    }
    return left;
}

/* A `*` stands for anything, once. */
static PstTri
is_same(gconstpointer what, const char *word)
{
    const char *text = what;
    const char *star = strchr(word, '*');

    if (g_str_equal(word, "*"))
        return PST_TRI_YES;
    if (text == NULL)
        return PST_TRI_UNKNOWN;
    if (star == NULL)
        return PST_TRI(g_str_equal(word, text));
    return PST_TRI(strncmp(word, text, (gsize)(star - word)) == 0 &&
                   g_str_has_suffix(text, star + 1));
}

/* ---- times, as "AlMo0800-1730" ---- */

static const struct {
    char name[3];
    guint days; /* a bit each, Sunday's first */
} day_names[] = {
    {"su", 0001}, {"mo", 0002}, {"tu", 0004}, {"we", 0010}, {"th", 0020},
    {"fr", 0040}, {"sa", 0100}, {"wk", 0076}, {"wd", 0101}, {"al", 0177},
};

/* A day that is named twice is taken away again. */
static gboolean
parse_days(const char **rest, guint *days)
{
    *days = 0;
    for (; g_ascii_isalpha((*rest)[0]); *rest += 2) {
        guint found = 0;

        for (guint i = 0; i < G_N_ELEMENTS(day_names); i++)
            if (g_ascii_strncasecmp(*rest, day_names[i].name, 2) == 0)
                found = day_names[i].days;
        if (found == 0)
            return FALSE;
        *days ^= found;
    }
    return *days != 0;
}

static gboolean
parse_span(const char *text, guint64 *start, guint64 *end)
{
    g_auto(GStrv) parts = g_strsplit(text, "-", 2);

    return parts[0] != NULL && parts[1] != NULL && strlen(parts[1]) == 4 &&
           g_ascii_string_to_unsigned(parts[0], 10, 0, 9999, start, NULL) &&
           g_ascii_string_to_unsigned(parts[1], 10, 0, 9999, end, NULL);
}

static PstTri
is_now(gconstpointer what, const char *word)
{
    GDateTime *now = (GDateTime *)what;
    guint64 start, end;
    guint days;

    if (now == NULL)
        return PST_TRI_UNKNOWN;
    if (!parse_days(&word, &days))
        return PST_TRI_NO;
    if (!parse_span(word, &start, &end))
        return PST_TRI_YES; /* pam_time logs it, and lets in */

    guint today = 1u << (g_date_time_get_day_of_week(now) % 7);
    guint64 minute =
        (guint64)g_date_time_get_hour(now) * 100 + (guint64)g_date_time_get_minute(now);
    if (start < end)
        return PST_TRI((today & days) != 0 && minute >= start && minute < end);
    /* Over midnight. */
    guint next = (days << 1 | days >> 6) & 0177;
    return PST_TRI(((today & days) != 0 && minute >= start) ||
                   ((today & next) != 0 && minute <= end));
}

/* ---- rules ---- */

static void
take_rule(const char *path, guint number, const char *text, const PstPamSubject *subject,
          PstPamRuling *ruling)
{
    g_auto(GStrv) fields = g_strsplit(text, ";", -1);

    if (g_strv_length(fields) != 4 || ruling->answer == PST_PAM_PERM_DENIED)
        return;
    PstTri user = g_strstrip(fields[2])[0] == '@'
                      ? PST_TRI_UNKNOWN
                      : evaluate(fields[2], is_same, subject->user->name);
    PstTri concerned = pst_pam_subject_and(evaluate(fields[0], is_same, subject->service),
                                           evaluate(fields[1], is_same, subject->origin.tty));
    PstTri shut =
        pst_pam_subject_and(pst_pam_subject_and(concerned, user),
                            pst_pam_subject_not(evaluate(fields[3], is_now, subject->now)));
    if (shut == PST_TRI_NO || (shut == PST_TRI_UNKNOWN && ruling->answer == PST_PAM_ANY))
        return;
    g_autofree char *clock =
        subject->now != NULL ? g_date_time_format(subject->now, "%a %H:%M %Z") : g_strdup("?");
    pst_pam_ruling_set(ruling, shut == PST_TRI_YES ? PST_PAM_PERM_DENIED : PST_PAM_ANY, path,
                       number, text,
                       g_strdup_printf("a rule of pam_time lets %s in at %s only, and the guest's "
                                       "clock says %s",
                                       subject->user->name, g_strstrip(fields[3]), clock));
}

/* Comments end lines, a backslash joins the next one. */
int
pst_pam_time_judge(const char *path, char *text, const PstPamSubject *subject, PstPamRuling *ruling)
{
    g_autoptr(GString) logical = g_string_new(NULL);
    char *rest = text, *line;
    guint first = 1;

    ruling->answer = PST_PAM_SUCCESS;
    for (guint number = 1; (line = strsep(&rest, "\n")) != NULL; number++) {
        gsize len = strcspn(line, "#");
        gboolean goes_on = line[len] == '\0' && len > 0 && line[len - 1] == '\\';

        if (logical->len == 0)
            first = number;
        g_string_append_len(logical, line, (gssize)(goes_on ? len - 1 : len));
        if (goes_on && logical->len < MAX_CONF)
            continue;
        take_rule(path, first, g_strstrip(logical->str), subject, ruling);
        g_string_truncate(logical, 0);
    }
    return ruling->answer;
}

int
pst_pam_time_answer(const PstPamLine *line, const PstPamSubject *subject, PstPamRuling *ruling)
{
    g_auto(GStrv) words = pst_pam_line_arguments(line->args);
    const char *named = pst_pam_line_value(words, "conffile");
    const char *path = named != NULL                                ? named
                       : pst_sysroot_exists(subject->sysroot, CONF) ? CONF
                                                                    : VENDOR_CONF;
    g_autoptr(GError) cause = NULL;
    g_autofree char *text = pst_sysroot_read(subject->sysroot, path, MAX_CONF, NULL, &cause);

    if (text != NULL)
        return pst_pam_time_judge(path, text, subject, ruling);
    return cause->code == PST_ERROR_ABSENT ? (ruling->answer = PST_PAM_SUCCESS)
                                           : pst_pam_ruling_set_unlooked(ruling, path, cause);
}
