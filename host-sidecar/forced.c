// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/forced.h"

#include <string.h>

#include "protocol/error.h"
#include "protocol/nearest.h"

#define PREFIX "key "
#define MAX_ORIGINAL 256
#define MAX_WORDS 8

/* What a verb stands for: words before the domain, and behind it. */
static const struct {
    const char *verb, *command, *more[2];
    gboolean graceful; /* may be asked for so */
} rows[] = {
    {"status", "power", {"status"}, FALSE},     {"diagnose", "diagnose", {NULL}, FALSE},
    {"records", "records", {NULL}, FALSE},      {"forensics", "forensics", {NULL}, FALSE},
    {"reset", "power", {"reset", "-y"}, TRUE},  {"stop", "power", {"stop", "-y"}, TRUE},
    {"start", "power", {"start", "-y"}, FALSE}, {"cycle", "power", {"cycle", "-y"}, TRUE},
};

static char **
refuse_config(const char *name, const char *why, GError **error)
{
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "configuration: [" PREFIX "%.64s] %s", name,
                why);
    return NULL;
}

static int
find_row(const char *verb)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (g_str_equal(rows[i].verb, verb))
            return (int)i;
    return -1;
}

/* ---- what the key may ---- */

static gboolean
check_keys(GKeyFile *config, const char *group, const char *name, GError **error)
{
    static const char *const known[] = {"domain", "verbs", NULL};
    g_auto(GStrv) keys = g_key_file_get_keys(config, group, NULL, NULL);

    for (char **key = keys; key != NULL && *key != NULL; key++) {
        if (g_strv_contains(known, *key))
            continue;
        g_autofree char *hint = pst_nearest_hint(*key, known, G_N_ELEMENTS(known) - 1);
        g_autofree char *why = g_strdup_printf("unknown key '%s'%s", *key, hint);
        refuse_config(name, why, error);
        return FALSE;
    }
    return TRUE;
}

/* The verbs, as they are known; a key that is not understood might have meant less. */
static char **
read_verbs(GKeyFile *config, const char *group, const char *name, GError **error)
{
    g_auto(GStrv) verbs = g_key_file_get_string_list(config, group, "verbs", NULL, NULL);

    for (char **verb = verbs; verb != NULL && *verb != NULL; verb++) {
        g_strstrip(*verb);
        if (find_row(*verb) >= 0)
            continue;
        g_autofree char *why = g_strdup_printf("verbs: there is no '%s'", *verb);
        return refuse_config(name, why, error);
    }
    if (verbs == NULL || verbs[0] == NULL)
        return refuse_config(name, "verbs: say which", error);
    return g_steal_pointer(&verbs);
}

/* ---- what was sent ---- */

static gboolean
is_plain(const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            return FALSE;
    return strlen(text) <= MAX_ORIGINAL;
}

static char **
split(const char *original)
{
    g_auto(GStrv) parts = g_strsplit(original, " ", -1);
    GStrvBuilder *builder = g_strv_builder_new();

    for (char **part = parts; *part != NULL; part++)
        if (**part != '\0')
            g_strv_builder_add(builder, *part);
    char **words = g_strv_builder_end(builder);
    g_strv_builder_unref(builder);
    return words;
}

static char **
refuse(char **verbs, GError **error)
{
    g_autofree char *list = g_strjoinv(", ", verbs);

    g_set_error(error, PST_ERROR, PST_ERROR_NOT_ALLOWED, "this key may say: %s", list);
    return NULL;
}

/* Behind the verb may stand the domain, which is the key's, and these options. */
static gboolean
take_rest(GStrvBuilder *builder, char **words, const char *domain, gboolean graceful)
{
    guint n = g_strv_length(words);

    if (n > MAX_WORDS)
        return FALSE;
    for (guint i = 1; i < n; i++) {
        if (i == 1 && g_str_equal(words[i], domain))
            continue;
        if (!g_str_equal(words[i], "--json") && !(graceful && g_str_equal(words[i], "--graceful")))
            return FALSE;
        g_strv_builder_add(builder, words[i]);
    }
    return TRUE;
}

static char **
build(int row, char **words, const char *domain)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    g_strv_builder_add_many(builder, rows[row].command, domain, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows[row].more) && rows[row].more[i] != NULL; i++)
        g_strv_builder_add(builder, rows[row].more[i]);
    if (!take_rest(builder, words, domain, rows[row].graceful))
        return NULL;
    return g_strv_builder_end(builder);
}

char **
pst_forced_argv(GKeyFile *config, const char *name, const char *original, char **domain,
                GError **error)
{
    g_autofree char *group = g_strconcat(PREFIX, name, NULL);

    if (!g_key_file_has_group(config, group))
        return refuse_config(name, "is not there", error);
    if (!check_keys(config, group, name, error))
        return NULL;
    *domain = g_key_file_get_string(config, group, "domain", NULL);
    /* As with the verbs: a blank behind it is nobody's name. */
    if (*domain != NULL)
        g_strstrip(*domain);
    /* What looks like an option would be one. */
    if (*domain == NULL || **domain == '\0' || **domain == '-')
        return refuse_config(name, "domain: say which", error);
    g_auto(GStrv) verbs = read_verbs(config, group, name, error);
    if (verbs == NULL)
        return NULL;
    if (original == NULL || !is_plain(original))
        return refuse(verbs, error);
    g_auto(GStrv) words = split(original);
    int row = words[0] != NULL && g_strv_contains((const char *const *)verbs, words[0])
                  ? find_row(words[0])
                  : -1;
    char **argv = row >= 0 ? build(row, words, *domain) : NULL;
    return argv != NULL ? argv : refuse(verbs, error);
}
