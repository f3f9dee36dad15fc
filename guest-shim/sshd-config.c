// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sshd-config.h"

#include <fnmatch.h>
#include <string.h>

#include "protocol/error.h"

#define MAIN_FILE "/etc/ssh/sshd_config"
#define VENDOR_FILE "/usr/etc/ssh/sshd_config" /* SUSE's, where the other is absent */
#define MAX_FILE (256 * 1024)
#define MAX_DIRECTIVES 10000
#define MAX_INCLUDE_DEPTH 16 /* SERVCONF_MAX_DEPTH of OpenSSH's servconf.c */

struct PstSshdConfig {
    GPtrArray *directives;
    gboolean incomplete; /* something that is included could not be read */
    char *waits;         /* what is included of it that an open may wait for */
};

/* What is being read: a file, and the Match blocks that it was included from. */
typedef struct {
    PstSshdConfig *config;
    const PstSysroot *sysroot; /* NULL: nothing is included */
    const char *path;
    const char *const *around;
    guint depth;
} Reading;

static void
free_directive(gpointer data)
{
    PstSshdDirective *directive = data;

    g_free(directive->keyword);
    g_free(directive->value);
    g_free(directive->path);
    g_free(directive->text);
    g_strfreev(directive->conditions);
    g_free(directive);
}

void
pst_sshd_config_free(PstSshdConfig *config)
{
    g_ptr_array_unref(config->directives);
    g_free(config->waits);
    g_free(config);
}

static gboolean read_file(const Reading *reading, GError **error);

/* What is absent is passed over by sshd too. */
static void
note_failure(PstSshdConfig *config, const GError *error)
{
    if (error != NULL && error->code != PST_ERROR_ABSENT)
        config->incomplete = TRUE;
}

/* A FIFO has sshd wait for somebody who writes, and a device may never end. */
static gboolean
may_wait(const PstSysroot *sysroot, const char *path)
{
    struct stat st;

    return pst_sysroot_stat(sysroot, path, &st, NULL) &&
           (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode));
}

static void
include_one(const Reading *reading, const char *pattern, char **conditions)
{
    g_autofree char *whole =
        g_path_is_absolute(pattern) ? g_strdup(pattern) : g_strdup_printf("/etc/ssh/%s", pattern);
    g_autofree char *folder = g_path_get_dirname(whole);
    g_autofree char *base = g_path_get_basename(whole);
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) names = pst_sysroot_list(reading->sysroot, folder, &error);

    note_failure(reading->config, error);
    for (guint i = 0; names != NULL && names[i] != NULL; i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        const Reading inner = {reading->config, reading->sysroot, path,
                               (const char *const *)conditions, reading->depth + 1};
        g_autoptr(GError) cause = NULL;

        if (fnmatch(base, names[i], FNM_PERIOD) != 0 || read_file(&inner, &cause))
            continue;
        note_failure(reading->config, cause);
        if (reading->config->waits == NULL && may_wait(reading->sysroot, path))
            reading->config->waits = g_strdup(path);
    }
}

/* The patterns of one Include; a pattern with wildcards in its folders is not followed. */
static void
include_all(const Reading *reading, const PstSshdDirective *directive)
{
    g_auto(GStrv) patterns = g_strsplit_set(directive->value, " \t", -1);

    if (reading->sysroot == NULL)
        return;
    if (reading->depth >= MAX_INCLUDE_DEPTH) {
        reading->config->incomplete = TRUE;
        return;
    }
    for (guint i = 0; patterns[i] != NULL; i++)
        if (patterns[i][0] != '\0')
            include_one(reading, patterns[i], directive->conditions);
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
    directive->text = g_strchomp(g_strdup(text));
    return directive;
}

/* The blocks around the file, and CRITERIA of its own. */
static char **
conditions_with(const char *const *around, const char *criteria)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; around != NULL && around[i] != NULL; i++)
        g_strv_builder_add(builder, around[i]);
    g_strv_builder_add(builder, criteria);
    return g_strv_builder_end(builder);
}

/* A block lasts to the next Match or the end of its file. */
static void
read_text(const Reading *reading, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_auto(GStrv) conditions = g_strdupv((char **)reading->around);
    GPtrArray *directives = reading->config->directives;

    for (guint i = 0; lines[i] != NULL && directives->len < MAX_DIRECTIVES; i++) {
        PstSshdDirective *directive = parse_line(lines[i], reading->path, i + 1);

        if (directive == NULL)
            continue;
        if (g_str_equal(directive->keyword, "match")) {
            g_strfreev(conditions);
            conditions = conditions_with(reading->around, directive->value);
        }
        directive->conditions = g_strdupv(conditions);
        g_ptr_array_add(directives, directive);
        if (g_str_equal(directive->keyword, "include"))
            include_all(reading, directive);
    }
}

static gboolean
read_file(const Reading *reading, GError **error)
{
    g_autofree char *text =
        pst_sysroot_read(reading->sysroot, reading->path, MAX_FILE, NULL, error);

    if (text != NULL)
        read_text(reading, text);
    return text != NULL;
}

static PstSshdConfig *
new_config(void)
{
    PstSshdConfig *config = g_new0(PstSshdConfig, 1);

    config->directives = g_ptr_array_new_with_free_func(free_directive);
    return config;
}

PstSshdConfig *
pst_sshd_config_load(const PstSysroot *sysroot, GError **error)
{
    g_autoptr(PstSshdConfig) config = new_config();
    g_autoptr(GError) cause = NULL;
    Reading reading = {config, sysroot, MAIN_FILE, NULL, 0};

    if (read_file(&reading, &cause))
        return g_steal_pointer(&config);
    reading.path = VENDOR_FILE;
    if (cause->code == PST_ERROR_ABSENT && read_file(&reading, NULL))
        return g_steal_pointer(&config);
    g_propagate_error(error, g_steal_pointer(&cause));
    return NULL;
}

const char *
pst_sshd_config_waits(const PstSysroot *sysroot, const PstSshdConfig *config)
{
    if (config != NULL)
        return config->waits;
    return may_wait(sysroot, MAIN_FILE) ? MAIN_FILE : NULL;
}

PstSshdConfig *
pst_sshd_config_parse(const char *text, const char *path)
{
    PstSshdConfig *config = new_config();
    const Reading reading = {config, NULL, path, NULL, 0};

    read_text(&reading, text);
    return config;
}

const PstSshdDirective *
pst_sshd_config_get(const PstSshdConfig *config, const char *keyword, guint n)
{
    for (guint i = 0; i < config->directives->len; i++) {
        const PstSshdDirective *directive = config->directives->pdata[i];
        if (directive->conditions == NULL && g_str_equal(directive->keyword, keyword) && n-- == 0)
            return directive;
    }
    return NULL;
}

static PstTri
holds_for(const PstSshdDirective *directive, const PstSshdConnection *connection)
{
    PstTri all = PST_TRI_YES;

    for (guint i = 0; directive->conditions != NULL && directive->conditions[i] != NULL; i++) {
        PstTri one = pst_sshd_match_holds(connection, directive->conditions[i]);

        if (one == PST_TRI_NO)
            return PST_TRI_NO;
        if (one == PST_TRI_UNKNOWN)
            all = PST_TRI_UNKNOWN;
    }
    return all;
}

GPtrArray *
pst_sshd_config_for(const PstSshdConfig *config, const PstSshdConnection *connection,
                    const char *keyword, gboolean *certain)
{
    g_autoptr(GPtrArray) outside = g_ptr_array_new(), inside = g_ptr_array_new();

    *certain = !config->incomplete;
    for (guint i = 0; i < config->directives->len; i++) {
        PstSshdDirective *directive = config->directives->pdata[i];

        if (!g_str_equal(directive->keyword, keyword))
            continue;
        PstTri holds = holds_for(directive, connection);
        if (holds == PST_TRI_YES)
            g_ptr_array_add(directive->conditions == NULL ? outside : inside, directive);
        if (holds == PST_TRI_UNKNOWN)
            *certain = FALSE;
    }
    return inside->len > 0 ? g_steal_pointer(&inside) : g_steal_pointer(&outside);
}

gboolean
pst_sshd_config_is_local(const PstSshdConfig *config, const PstSshdConnection *connection,
                         const char *keyword)
{
    for (guint i = 0; i < config->directives->len; i++) {
        const PstSshdDirective *directive = config->directives->pdata[i];

        if (!g_str_equal(directive->keyword, keyword) ||
            holds_for(directive, connection) != PST_TRI_UNKNOWN)
            continue;
        for (guint j = 0; directive->conditions[j] != NULL; j++)
            if (pst_sshd_match_is_local(directive->conditions[j]))
                return TRUE;
    }
    return FALSE;
}

const GPtrArray *
pst_sshd_config_all(const PstSshdConfig *config)
{
    return config->directives;
}

PstTri
pst_sshd_config_asks_pam(const PstSysroot *sysroot)
{
    g_autoptr(PstSshdConfig) config = pst_sshd_config_load(sysroot, NULL);
    const PstSshdDirective *directive =
        config != NULL ? pst_sshd_config_get(config, "usepam", 0) : NULL;

    if (config == NULL)
        return PST_TRI_UNKNOWN;
    return PST_TRI(directive != NULL && g_ascii_strcasecmp(directive->value, "yes") == 0);
}
