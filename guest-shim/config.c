// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "protocol/error.h"
#include "protocol/nearest.h"

#define FOLDER "/etc/postern"
#define DROP_INS PST_CONFIG_FILE ".d"
#define MAX_FILE (64 * 1024)
#define MAX_DROP_INS 100
#define MAX_LINES 4096
#define MAX_PROBLEMS 20

typedef struct {
    char *group, *key, *value;
    char *path;
    guint line;
} Line;

struct PstConfig {
    GPtrArray *lines;    /* of Line */
    GPtrArray *problems; /* of char *, ends in NULL */
};

/* Every group there is; `check *` stands for any `check NAME`. */
static const char *const groups[] = {"read", "private", "recorder", "exec", "check *"};
static const char *const keys_of[][6] = {
    {"allow", "deny", NULL},
    {"units", NULL},
    {"interval", "probes", "users", NULL},
    {"allow", "users", "programs", "folders", "environment", NULL},
    {"command", "description", "timeout", "user", NULL},
};

G_STATIC_ASSERT(G_N_ELEMENTS(keys_of) == G_N_ELEMENTS(groups));

static void
free_line(gpointer data)
{
    Line *line = data;

    g_free(line->group);
    g_free(line->key);
    g_free(line->value);
    g_free(line->path);
    g_free(line);
}

PstConfig *
pst_config_new(void)
{
    PstConfig *config = g_new0(PstConfig, 1);

    config->lines = g_ptr_array_new_with_free_func(free_line);
    config->problems = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(config->problems, NULL);
    return config;
}

void
pst_config_free(PstConfig *config)
{
    g_ptr_array_unref(config->lines);
    g_ptr_array_unref(config->problems);
    g_free(config);
}

const char *const *
pst_config_problems(const PstConfig *config)
{
    return config->problems->len > 1 ? (const char *const *)config->problems->pdata : NULL;
}

static void
add_text(PstConfig *config, const char *text)
{
    if (config->problems->len <= MAX_PROBLEMS)
        g_ptr_array_insert(config->problems, (int)config->problems->len - 1, g_strdup(text));
}

static void
add_problem(PstConfig *config, const char *path, guint line, const char *reason)
{
    g_autofree char *text = line > 0 ? g_strdup_printf("%s:%u: %s", path, line, reason)
                                     : g_strdup_printf("%s: %s", path, reason);

    add_text(config, text);
}

/* -1: there is none. */
static int
find_group(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(groups); i++) {
        gsize fixed = strcspn(groups[i], "*");

        if (groups[i][fixed] == '*' ? strncmp(name, groups[i], fixed) == 0 && name[fixed] != '\0'
                                    : g_str_equal(name, groups[i]))
            return (int)i;
    }
    return -1;
}

/* The name between the brackets; NULL with a problem where there is none that is known. */
static char *
take_group(PstConfig *config, const char *path, guint number, char *text)
{
    gsize len = strlen(text);

    if (text[len - 1] != ']') {
        add_problem(config, path, number, "the group's name has no closing bracket");
        return NULL;
    }
    text[len - 1] = '\0';
    g_autofree char *name = g_strdup(g_strstrip(text + 1));
    if (find_group(name) >= 0)
        return g_steal_pointer(&name);

    g_autofree char *hint = pst_nearest_hint(name, groups, G_N_ELEMENTS(groups));
    g_autofree char *reason = g_strdup_printf("unknown group '%.64s'%s", name, hint);
    add_problem(config, path, number, reason);
    return NULL;
}

static void
take_setting(PstConfig *config, const char *path, guint number, const char *group, char *text)
{
    char *equals = strchr(text, '=');

    if (equals == NULL || equals == text) {
        add_problem(config, path, number, "neither a comment, nor [GROUP], nor KEY=VALUE");
        return;
    }
    if (group == NULL) {
        add_problem(config, path, number, "the setting stands in no group that is known");
        return;
    }
    *equals = '\0';
    Line *line = g_new0(Line, 1);
    line->group = g_strdup(group);
    line->key = g_strdup(g_strchomp(text));
    line->value = g_strdup(g_strstrip(equals + 1));
    line->path = g_strdup(path);
    line->line = number;
    g_ptr_array_add(config->lines, line);
}

void
pst_config_add(PstConfig *config, const char *path, const char *text, gsize len)
{
    g_autofree char *group = NULL;
    const char *end = text + len, *start = text;

    if (!g_utf8_validate_len(text, len, NULL)) {
        add_problem(config, path, 0, "not a text in UTF-8");
        return;
    }
    for (guint number = 1; start < end; number++) {
        const char *stop = memchr(start, '\n', (gsize)(end - start));
        gsize n = stop != NULL ? (gsize)(stop - start) : (gsize)(end - start);
        g_autofree char *copy = g_strndup(start, n);
        char *line = g_strstrip(copy);

        start += n + 1;
        if (config->lines->len >= MAX_LINES) {
            add_problem(config, path, number, "too many settings: the rest was left out");
            return;
        }
        if (*line == '[') {
            g_free(group);
            group = take_group(config, path, number, line);
        } else if (*line != '\0' && *line != '#' && *line != ';') {
            take_setting(config, path, number, group, line);
        }
    }
}

/* In a test the superuser is whoever owns the folder that stands for the root. */
static gboolean
is_safe(const PstSysroot *sysroot, const struct stat *st)
{
    struct stat root = {.st_uid = 0};

    if (!pst_sysroot_is_live(sysroot) && fstat(pst_sysroot_fd(sysroot), &root) < 0)
        return FALSE;
    return st->st_uid == root.st_uid && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Looks at the descriptor that is read from, so that nothing can be changed between. */
static char *
read_safe(const PstSysroot *sysroot, const char *path, gsize *len, GError **error)
{
    struct stat st;
    int fd = pst_sysroot_open_file(sysroot, path, 0, error);

    if (fd < 0)
        return NULL;
    g_autofree char *text = g_malloc(MAX_FILE + 1);
    gssize n = 0;
    const char *reason = NULL;

    *len = 0;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        reason = "not a regular file";
    else if (!is_safe(sysroot, &st))
        reason = "not taken, because others than root can change it";
    while (reason == NULL && *len <= MAX_FILE &&
           (n = read(fd, text + *len, MAX_FILE + 1 - *len)) != 0) {
        if (n > 0)
            *len += (gsize)n;
        else if (errno != EINTR)
            reason = g_strerror(errno);
    }
    if (*len > MAX_FILE)
        reason = "larger than 64 KiB";
    close(fd);
    if (reason == NULL)
        return g_steal_pointer(&text);
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: %s", path, reason);
    return NULL;
}

static void
read_file(PstConfig *config, const PstSysroot *sysroot, const char *path)
{
    g_autoptr(GError) error = NULL;
    gsize len;
    g_autofree char *text = read_safe(sysroot, path, &len, &error);

    if (text != NULL)
        pst_config_add(config, path, text, len);
    else if (error->code != PST_ERROR_ABSENT)
        add_text(config, error->message);
}

/* Whoever may write to the folder may put another file in a file's place. FALSE where there is
 * nothing to be read. */
static gboolean
check_folder(PstConfig *config, const PstSysroot *sysroot, const char *path)
{
    g_autoptr(GError) error = NULL;
    struct stat st;

    if (!pst_sysroot_stat(sysroot, path, &st, &error)) {
        if (error->code != PST_ERROR_ABSENT)
            add_text(config, error->message);
        return FALSE;
    }
    if (S_ISDIR(st.st_mode) && is_safe(sysroot, &st))
        return TRUE;
    add_problem(config, path, 0,
                S_ISDIR(st.st_mode) ? "not taken, because others than root can change it"
                                    : "not a folder");
    return FALSE;
}

static void
read_drop_ins(PstConfig *config, const PstSysroot *sysroot)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) names = pst_sysroot_list(sysroot, DROP_INS, &error);
    guint n = 0;

    if (names == NULL)
        add_text(config, error->message);
    for (guint i = 0; names != NULL && names[i] != NULL; i++) {
        g_autofree char *path = g_strdup_printf(DROP_INS "/%s", names[i]);

        if (!g_str_has_suffix(names[i], ".conf"))
            continue;
        if (n++ == MAX_DROP_INS) {
            add_problem(config, DROP_INS, 0, "too many files: the rest was left out");
            return;
        }
        read_file(config, sysroot, path);
    }
}

PstConfig *
pst_config_read(const PstSysroot *sysroot)
{
    PstConfig *config = pst_config_new();

    if (!check_folder(config, sysroot, FOLDER))
        return config;
    read_file(config, sysroot, PST_CONFIG_FILE);
    if (check_folder(config, sysroot, DROP_INS))
        read_drop_ins(config, sysroot);
    return config;
}

void
pst_config_check_keys(PstConfig *config, const char *group)
{
    for (guint i = 0; i < config->lines->len; i++) {
        const Line *line = config->lines->pdata[i];
        const char *const *keys = keys_of[find_group(line->group)];

        if ((group != NULL && !g_str_equal(line->group, group)) || g_strv_contains(keys, line->key))
            continue;
        g_autofree char *hint = pst_nearest_hint(line->key, keys, g_strv_length((char **)keys));
        g_autofree char *reason = g_strdup_printf("unknown key '%.64s'%s", line->key, hint);
        add_problem(config, line->path, line->line, reason);
    }
}

static const Line *
last_line(const PstConfig *config, const char *group, const char *key)
{
    for (guint i = config->lines->len; i > 0; i--) {
        const Line *line = config->lines->pdata[i - 1];
        if (g_str_equal(line->group, group) && g_str_equal(line->key, key))
            return line;
    }
    return NULL;
}

void
pst_config_complain(PstConfig *config, const char *group, const char *key, const char *reason)
{
    const Line *line = last_line(config, group, key);

    add_problem(config, line != NULL ? line->path : PST_CONFIG_FILE, line != NULL ? line->line : 0,
                reason);
}

const char *
pst_config_value(const PstConfig *config, const char *group, const char *key)
{
    const Line *line = last_line(config, group, key);

    return line != NULL ? line->value : NULL;
}

static void
add_items(GPtrArray *items, const char *value)
{
    g_auto(GStrv) parts = g_strsplit(value, ";", -1);

    if (*value == '\0' || *value == ';')
        g_ptr_array_set_size(items, 0);
    for (guint i = 0; parts[i] != NULL; i++) {
        const char *item = g_strstrip(parts[i]);
        if (*item != '\0')
            g_ptr_array_add(items, g_strdup(item));
    }
}

char **
pst_config_list(const PstConfig *config, const char *group, const char *key,
                const char *const *defaults)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; defaults != NULL && defaults[i] != NULL; i++)
        g_ptr_array_add(items, g_strdup(defaults[i]));
    for (guint i = 0; i < config->lines->len; i++) {
        const Line *line = config->lines->pdata[i];
        if (g_str_equal(line->group, group) && g_str_equal(line->key, key))
            add_items(items, line->value);
    }
    g_ptr_array_add(items, NULL);
    g_ptr_array_set_free_func(items, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&items), FALSE);
}

char **
pst_config_names(const PstConfig *config, const char *kind)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    gsize len = strlen(kind);

    for (guint i = 0; i < config->lines->len; i++) {
        const Line *line = config->lines->pdata[i];

        if (strncmp(line->group, kind, len) != 0 || line->group[len] != ' ')
            continue;
        const char *name = line->group + len + 1;
        if (g_hash_table_add(seen, (gpointer)name))
            g_strv_builder_add(names, name);
    }
    return g_strv_builder_end(names);
}
