// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/key-lines.h"

#include <string.h>

#include "protocol/error.h"

typedef struct {
    GHashTable *known; /* a group, or a group and a key: the line where it stands */
    char *group;
    guint line;
} Lines;

G_GNUC_PRINTF(3, 4)
static gboolean
refuse(const Lines *lines, GError **error, const char *format, ...)
{
    va_list words;

    va_start(words, format);
    g_autofree char *what = g_strdup_vprintf(format, words);
    va_end(words);
    g_autofree char *valid = g_utf8_make_valid(what, -1);
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "line %u: %s", lines->line, valid);
    return FALSE;
}

/* Where NAME stands already; 0, and it is remembered, where it does not. */
static guint
line_of(const Lines *lines, const char *name)
{
    guint line = GPOINTER_TO_UINT(g_hash_table_lookup(lines->known, name));

    if (line == 0)
        g_hash_table_insert(lines->known, g_strdup(name), GUINT_TO_POINTER(lines->line));
    return line;
}

static gboolean
check_group(Lines *lines, const char *line, GError **error)
{
    const char *end = strrchr(line, ']');

    g_free(lines->group);
    lines->group = end != NULL ? g_strndup(line, (gsize)(end - line) + 1) : g_strdup(line);
    guint former = line_of(lines, lines->group);
    return former == 0 ||
           refuse(lines, error, "%.80s: this group begins in line %u already; make one of the two",
                  lines->group, former);
}

static gboolean
check_key(Lines *lines, const char *line, gsize len, GError **error)
{
    g_autofree char *key = g_strchomp(g_strndup(line, len));
    /* No line of the text has a line feed in it: no group is taken for a key of another. */
    g_autofree char *name = g_strconcat(lines->group, "\n", key, NULL);

    if (strchr(key, '[') != NULL)
        return refuse(lines, error, "%.80s %.80s: a key of one language is none of ours",
                      lines->group, key);
    guint former = line_of(lines, name);
    return former == 0 ||
           refuse(lines, error, "%.80s %.80s: it stands in line %u already; say it once",
                  lines->group, key, former);
}

/* As GKeyFile takes a line apart. */
static gboolean
check_line(Lines *lines, const char *line, GError **error)
{
    const char *is = strchr(line, '=');

    if (line[0] == '#' || line[0] == '\0')
        return TRUE;
    if (line[0] == '[')
        return check_group(lines, line, error);
    return is == NULL || lines->group == NULL || check_key(lines, line, (gsize)(is - line), error);
}

gboolean
pst_key_lines_check(const char *text, gsize len, GError **error)
{
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_auto(GStrv) split = g_strsplit(text, "\n", -1);
    Lines lines = {known, NULL, 0};
    gboolean fine = TRUE;

    for (char **line = split; fine && *line != NULL; line++) {
        lines.line++;
        fine = check_line(&lines, g_strstrip(*line), error);
    }
    /* What is behind it has not been looked at. */
    if (fine && strlen(text) != len)
        fine = refuse(&lines, error, "a NUL is in it");
    g_free(lines.group);
    return fine;
}
