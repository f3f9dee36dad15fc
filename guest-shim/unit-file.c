// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/unit-file.h"

#include <string.h>

#include "protocol/error.h"

#define MAX_FILE (64 * 1024)
#define MAX_FILES 256
#define MAX_NAMES 16
#define BLANKS " \t\r"

/* What systemd-analyze unit-paths says, the first of them first. */
const char *const pst_unit_file_folders[] = {
    "/etc/systemd/system.control", "/run/systemd/system.control",
    "/run/systemd/transient",      "/run/systemd/generator.early",
    "/etc/systemd/system",         "/etc/systemd/system.attached",
    "/run/systemd/system",         "/run/systemd/system.attached",
    "/run/systemd/generator",      "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",     "/lib/systemd/system",
    "/run/systemd/generator.late", NULL};

typedef struct {
    char *key;
    PstUnitFileValue *value;
} Assignment;

struct PstUnitFile {
    GPtrArray *names; /* the unit's own first, then what else it is called */
    char *section;    /* such as "[Service]" */
    GPtrArray *all;   /* of Assignment, in the order in which they hold */
};

void
pst_unit_file_value_free(gpointer value)
{
    PstUnitFileValue *own = value;

    g_free(own->value);
    g_free(own->path);
    g_free(own);
}

static void
free_assignment(gpointer data)
{
    Assignment *assignment = data;

    g_free(assignment->key);
    pst_unit_file_value_free(assignment->value);
    g_free(assignment);
}

void
pst_unit_file_free(PstUnitFile *file)
{
    g_ptr_array_unref(file->names);
    g_ptr_array_unref(file->all);
    g_free(file->section);
    g_free(file);
}

/* ---- lines ---- */

static void
take_line(PstUnitFile *file, const char *path, guint number, char *line, gboolean *counts)
{
    char *equals;

    g_strstrip(line);
    if (line[0] == '[') {
        *counts = g_str_equal(line, file->section);
        return;
    }
    equals = strchr(line, '=');
    if (!*counts || equals == NULL)
        return;
    *equals = '\0';
    Assignment *assignment = g_new0(Assignment, 1);
    assignment->key = g_strdup(g_strstrip(line));
    assignment->value = g_new0(PstUnitFileValue, 1);
    assignment->value->value = g_strdup(g_strstrip(equals + 1));
    assignment->value->path = g_strdup(path);
    assignment->value->line = number;
    g_ptr_array_add(file->all, assignment);
}

/* A line goes on where it ends in a backslash that is not itself behind one. */
static gboolean
goes_on(const char *line)
{
    gsize len = strlen(line), n_slashes = 0;

    while (n_slashes < len && line[len - n_slashes - 1] == '\\')
        n_slashes++;
    return n_slashes % 2 == 1;
}

/* A comment ends no line that goes on, and none goes on itself. */
static void
take_text(PstUnitFile *file, const char *path, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GString) joined = g_string_new(NULL);
    gboolean counts = FALSE;
    guint first = 0;

    for (guint i = 0; lines[i] != NULL; i++) {
        const char *line = lines[i] + strspn(lines[i], BLANKS);

        if (*line == '#' || *line == ';')
            continue;
        if (joined->len == 0)
            first = i + 1;
        g_string_append(joined, line);
        if (goes_on(joined->str)) {
            joined->str[joined->len - 1] = ' ';
            continue;
        }
        take_line(file, path, first, joined->str, &counts);
        g_string_truncate(joined, 0);
    }
    take_line(file, path, first, joined->str, &counts);
}

/* ---- files ---- */

static gboolean
is_absent(const GError *error)
{
    return g_error_matches(error, PST_ERROR, PST_ERROR_ABSENT);
}

/* What leads to /dev/null is there and says nothing. */
static gboolean
is_masked(const PstSysroot *sysroot, const char *path)
{
    g_autofree char *target = pst_sysroot_read_link(sysroot, path, NULL);

    return g_strcmp0(target, "/dev/null") == 0;
}

/* FALSE where it can't be read. *FOUND: there is such a file. */
static gboolean
take_file(PstUnitFile *file, const PstSysroot *sysroot, const char *path, gboolean *found,
          GError **error)
{
    g_autoptr(GError) cause = NULL;

    *found = TRUE;
    if (is_masked(sysroot, path))
        return TRUE;
    g_autofree char *text = pst_sysroot_read(sysroot, path, MAX_FILE, NULL, &cause);
    if (text != NULL) {
        take_text(file, path, text);
        return TRUE;
    }
    *found = FALSE;
    if (is_absent(cause))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}

/* The names in a folder, none where it is not there. NULL where it can't be listed. */
static char **
list_names(const PstSysroot *sysroot, const char *folder, GError **error)
{
    g_autoptr(GError) cause = NULL;
    char **names = pst_sysroot_list(sysroot, folder, &cause);

    if (names == NULL && is_absent(cause))
        return g_new0(char *, 1);
    if (names == NULL)
        g_propagate_error(error, g_steal_pointer(&cause));
    return names;
}

/* ---- names ---- */

static gboolean
knows_name(const PstUnitFile *file, const char *name)
{
    return g_ptr_array_find_with_equal_func(file->names, name, g_str_equal, NULL);
}

static void
add_name(PstUnitFile *file, const char *name)
{
    if (file->names->len < MAX_NAMES && !knows_name(file, name))
        g_ptr_array_add(file->names, g_strdup(name));
}

typedef struct {
    char *name, *target; /* names of units of one type */
} Link;

static void
free_link(gpointer data)
{
    Link *link = data;

    g_free(link->name);
    g_free(link->target);
    g_free(link);
}

static void
add_link(GPtrArray *links, const PstSysroot *sysroot, const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *target = pst_sysroot_read_link(sysroot, path, NULL);
    g_autofree char *other = target != NULL ? g_path_get_basename(target) : NULL;

    if (other == NULL || !g_str_has_suffix(other, strrchr(name, '.')))
        return;
    Link *link = g_new0(Link, 1);
    link->name = g_strdup(name);
    link->target = g_steal_pointer(&other);
    g_ptr_array_add(links, link);
}

static GPtrArray *
list_links(const PstSysroot *sysroot, const char *type, GError **error)
{
    g_autoptr(GPtrArray) links = g_ptr_array_new_with_free_func(free_link);

    for (guint i = 0; pst_unit_file_folders[i] != NULL; i++) {
        g_auto(GStrv) names = list_names(sysroot, pst_unit_file_folders[i], error);

        if (names == NULL)
            return NULL;
        for (guint j = 0; names[j] != NULL; j++)
            if (g_str_has_suffix(names[j], type))
                add_link(links, sysroot, pst_unit_file_folders[i], names[j]);
    }
    return g_steal_pointer(&links);
}

/* A link between two names of which one is known makes the other one known, until no link adds a
 * name any more: an alias may have one of its own. */
static gboolean
find_names(PstUnitFile *file, const PstSysroot *sysroot, const char *type, GError **error)
{
    g_autoptr(GPtrArray) links = list_links(sysroot, type, error);
    guint before = 0;

    while (links != NULL && before != file->names->len) {
        before = file->names->len;
        for (guint i = 0; i < links->len; i++) {
            const Link *link = links->pdata[i];

            if (knows_name(file, link->target))
                add_name(file, link->name);
            else if (knows_name(file, link->name))
                add_name(file, link->target);
        }
    }
    return links != NULL;
}

/* ---- drop-ins ---- */

typedef struct {
    const PstSysroot *sysroot;
    GPtrArray *names;  /* sorted in the end */
    GHashTable *paths; /* name → where the first of it is */
} DropIns;

/* A folder and a link to nowhere are none. FALSE where it can't be looked at. */
static gboolean
is_drop_in(const PstSysroot *sysroot, const char *path, gboolean *is, GError **error)
{
    g_autoptr(GError) cause = NULL;
    struct stat st;

    *is = is_masked(sysroot, path);
    if (*is)
        return TRUE;
    if (pst_sysroot_stat(sysroot, path, &st, &cause)) {
        *is = !S_ISDIR(st.st_mode);
        return TRUE;
    }
    if (is_absent(cause))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}

/* The first of a name counts. */
static gboolean
add_drop_in(DropIns *found, const char *folder, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    gboolean is;

    if (!g_str_has_suffix(name, ".conf") || g_hash_table_contains(found->paths, name))
        return TRUE;
    if (!is_drop_in(found->sysroot, path, &is, error))
        return FALSE;
    if (!is)
        return TRUE;
    char *own = g_strdup(name);
    g_hash_table_insert(found->paths, own, g_steal_pointer(&path));
    g_ptr_array_add(found->names, own);
    return TRUE;
}

static gboolean
list_folder(DropIns *found, const char *folder, const char *unit, GError **error)
{
    g_autofree char *whole = g_strdup_printf("%s/%s.d", folder, unit);
    g_auto(GStrv) names = list_names(found->sysroot, whole, error);

    for (guint i = 0; names != NULL && names[i] != NULL; i++)
        if (!add_drop_in(found, whole, names[i], error))
            return FALSE;
    return names != NULL;
}

/* Of a-b.service that is a-b.service.d, then a-.service.d. */
static gboolean
list_beginnings(DropIns *found, const char *folder, const char *unit, GError **error)
{
    const char *type = strrchr(unit, '.');
    g_autofree char *prefix = g_strndup(unit, (gsize)(type - unit));
    gsize len = strlen(prefix);

    if (!list_folder(found, folder, unit, error))
        return FALSE;
    while (len > 1) {
        len--;
        /* Not of a dash at either end. */
        if (prefix[len - 1] != '-' || len == 1)
            continue;
        prefix[len] = '\0';
        g_autofree char *name = g_strconcat(prefix, type, NULL);
        if (!list_folder(found, folder, name, error))
            return FALSE;
    }
    return TRUE;
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What is of the unit's own name goes before what is of another one, or of all of its type. */
static gboolean
list_drop_ins(const PstUnitFile *file, DropIns *found, const char *type, GError **error)
{
    for (guint n = 0; n < file->names->len; n++)
        for (guint i = 0; pst_unit_file_folders[i] != NULL; i++)
            if (!list_beginnings(found, pst_unit_file_folders[i], file->names->pdata[n], error))
                return FALSE;
    for (guint i = 0; pst_unit_file_folders[i] != NULL; i++)
        if (!list_folder(found, pst_unit_file_folders[i], type + 1, error))
            return FALSE;
    if (found->names->len > MAX_FILES) {
        g_set_error(error, PST_ERROR, PST_ERROR_TOO_LARGE, "%s: has more than %u drop-ins",
                    (const char *)file->names->pdata[0], (guint)MAX_FILES);
        return FALSE;
    }
    g_ptr_array_sort(found->names, compare_names);
    return TRUE;
}

static gboolean
take_drop_ins(PstUnitFile *file, const PstSysroot *sysroot, const char *type, GError **error)
{
    g_autoptr(GHashTable) paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    DropIns found = {sysroot, names, paths};
    gboolean there;

    if (!list_drop_ins(file, &found, type, error))
        return FALSE;
    for (guint i = 0; i < names->len; i++)
        if (!take_file(file, sysroot, g_hash_table_lookup(paths, names->pdata[i]), &there, error))
            return FALSE;
    return TRUE;
}

static gboolean
take_all(PstUnitFile *file, const PstSysroot *sysroot, const char *type, GError **error)
{
    gboolean found = FALSE;

    if (!find_names(file, sysroot, type, error))
        return FALSE;
    for (guint i = 0; !found && pst_unit_file_folders[i] != NULL; i++) {
        g_autofree char *path =
            g_build_filename(pst_unit_file_folders[i], file->names->pdata[0], NULL);

        if (!take_file(file, sysroot, path, &found, error))
            return FALSE;
    }
    return take_drop_ins(file, sysroot, type, error);
}

PstUnitFile *
pst_unit_file_load(const PstSysroot *sysroot, const char *unit, GError **error)
{
    const char *type = strrchr(unit, '.');
    g_autoptr(PstUnitFile) file = g_new0(PstUnitFile, 1);

    file->names = g_ptr_array_new_with_free_func(g_free);
    file->all = g_ptr_array_new_with_free_func(free_assignment);
    if (type == NULL || type == unit || strchr(unit, '/') != NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%.64s: is no unit's name", unit);
        return NULL;
    }
    file->section =
        g_strdup_printf("[%c%s]", g_ascii_toupper(type[1]), type[1] != '\0' ? type + 2 : "");
    add_name(file, unit);
    return take_all(file, sysroot, type, error) ? g_steal_pointer(&file) : NULL;
}

GPtrArray *
pst_unit_file_values(const PstUnitFile *file, const char *key)
{
    GPtrArray *values = g_ptr_array_new();

    for (guint i = 0; i < file->all->len; i++) {
        const Assignment *assignment = file->all->pdata[i];

        if (!g_str_equal(assignment->key, key))
            continue;
        if (assignment->value->value[0] == '\0')
            g_ptr_array_set_size(values, 0);
        else
            g_ptr_array_add(values, assignment->value);
    }
    return values;
}
