// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sshd-config.h"

#include <fnmatch.h>
#include <string.h>

#define MAIN_FILE "/etc/ssh/sshd_config"
#define MAX_FILE (256 * 1024)
#define MAX_DIRECTIVES 10000
#define MAX_INCLUDE_DEPTH 16 /* SERVCONF_MAX_DEPTH of OpenSSH's servconf.c */

struct PstSshdConfig {
    GPtrArray *directives;
};

static void
free_directive(gpointer data)
{
    PstSshdDirective *directive = data;

    g_free(directive->keyword);
    g_free(directive->value);
    g_free(directive->path);
    g_free(directive);
}

void
pst_sshd_config_free(PstSshdConfig *config)
{
    g_ptr_array_unref(config->directives);
    g_free(config);
}

static gboolean read_file(PstSshdConfig *config, const PstSysroot *sysroot, const char *path,
                          guint depth, GError **error);

static void
include_one(PstSshdConfig *config, const PstSysroot *sysroot, const char *pattern, guint depth)
{
    g_autofree char *whole =
        g_path_is_absolute(pattern) ? g_strdup(pattern) : g_strdup_printf("/etc/ssh/%s", pattern);
    g_autofree char *folder = g_path_get_dirname(whole);
    g_autofree char *base = g_path_get_basename(whole);
    g_auto(GStrv) names = pst_sysroot_list(sysroot, folder, NULL);

    for (guint i = 0; names != NULL && names[i] != NULL; i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        if (fnmatch(base, names[i], FNM_PERIOD) == 0)
            read_file(config, sysroot, path, depth + 1, NULL);
    }
}

/* The patterns of one Include; a pattern with wildcards in its folders is not followed. */
static void
include_all(PstSshdConfig *config, const PstSysroot *sysroot, const char *value, guint depth)
{
    g_auto(GStrv) patterns = g_strsplit_set(value, " \t", -1);

    if (depth >= MAX_INCLUDE_DEPTH)
        return;
    for (guint i = 0; patterns[i] != NULL; i++)
        if (patterns[i][0] != '\0')
            include_one(config, sysroot, patterns[i], depth);
}

/* What stands between keyword and comment: quotation marks go, and a # that begins a word. */
static char *
clean_value(const char *value)
{
    g_autoptr(GString) clean = g_string_new(NULL);
    gboolean quoted = FALSE;

    for (const char *p = value; *p != '\0'; p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (*p == '#' && !quoted && (p == value || g_ascii_isspace(p[-1])))
            break;
        else
            g_string_append_c(clean, *p);
    }
    return g_strstrip(g_string_free(g_steal_pointer(&clean), FALSE));
}

/* The line as a directive; NULL where it is empty or a comment. Keyword and value are separated by
 * white space, or by one = with white space around it (sshd_config(5)). */
static PstSshdDirective *
parse_line(const char *text, const char *path, guint line)
{
    const char *end;

    while (g_ascii_isspace(*text))
        text++;
    end = text + strcspn(text, " \t\r\n=");
    if (*text == '#' || end == text)
        return NULL;

    PstSshdDirective *directive = g_new0(PstSshdDirective, 1);
    g_autofree char *keyword = g_strndup(text, (gsize)(end - text));
    directive->keyword = g_ascii_strdown(keyword, -1);
    while (g_ascii_isspace(*end))
        end++;
    directive->value = clean_value(*end == '=' ? end + 1 : end);
    directive->path = g_strdup(path);
    directive->line = line;
    return directive;
}

static gboolean
read_file(PstSshdConfig *config, const PstSysroot *sysroot, const char *path, guint depth,
          GError **error)
{
    g_autofree char *text = pst_sysroot_read(sysroot, path, MAX_FILE, NULL, error);

    if (text == NULL)
        return FALSE;

    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL && config->directives->len < MAX_DIRECTIVES; i++) {
        PstSshdDirective *directive = parse_line(lines[i], path, i + 1);

        if (directive == NULL)
            continue;
        g_ptr_array_add(config->directives, directive);
        if (g_str_equal(directive->keyword, "include"))
            include_all(config, sysroot, directive->value, depth);
        /* A block lasts to the next Match or the end of its file. */
        if (g_str_equal(directive->keyword, "match"))
            break;
    }
    return TRUE;
}

PstSshdConfig *
pst_sshd_config_load(const PstSysroot *sysroot, GError **error)
{
    g_autoptr(PstSshdConfig) config = g_new0(PstSshdConfig, 1);

    config->directives = g_ptr_array_new_with_free_func(free_directive);
    if (!read_file(config, sysroot, MAIN_FILE, 0, error))
        return NULL;
    return g_steal_pointer(&config);
}

const PstSshdDirective *
pst_sshd_config_get(const PstSshdConfig *config, const char *keyword, guint n)
{
    for (guint i = 0; i < config->directives->len; i++) {
        const PstSshdDirective *directive = config->directives->pdata[i];
        if (g_str_equal(directive->keyword, keyword) && n-- == 0)
            return directive;
    }
    return NULL;
}
