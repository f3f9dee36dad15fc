// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sudoers.h"

#include <string.h>

#include "guest-shim/sudoers-parse.h"
#include "protocol/error.h"

#define MAX_FILE (1024 * 1024)
#define MAX_FILES 2000
#define MAX_DEPTH 128 /* sudo's MAX_SUDOERS_DEPTH */
#define MAX_FAULTS 500

typedef struct {
    const PstSysroot *sysroot;
    PstSudoers *sudoers;
    const char *host;
} Reader;

static void read_file(Reader *reader, PstSudoersFile *file, guint depth);

static void
file_free(gpointer data)
{
    PstSudoersFile *file = data;

    g_free(file->path);
    g_free(file->error);
    g_free(file->from);
    g_free(file);
}

static void
fault_free(gpointer data)
{
    PstSudoersFault *fault = data;

    g_free(fault->text);
    g_free(fault->fault);
    g_free(fault);
}

PstSudoersFileState
pst_sudoers_judge(const struct stat *st, gboolean folder)
{
    if (folder ? !S_ISDIR(st->st_mode) : !S_ISREG(st->st_mode))
        return PST_SUDOERS_WRONG_TYPE;
    if (st->st_uid != 0)
        return PST_SUDOERS_WRONG_OWNER;
    if ((st->st_mode & S_IWOTH) != 0)
        return PST_SUDOERS_WORLD_WRITABLE;
    if ((st->st_mode & S_IWGRP) != 0 && st->st_gid != 0)
        return PST_SUDOERS_GROUP_WRITABLE;
    return PST_SUDOERS_COUNTS;
}

static void
look_at(const PstSysroot *sysroot, PstSudoersFile *file)
{
    g_autoptr(GError) cause = NULL;
    struct stat st;

    if (!pst_sysroot_stat(sysroot, file->path, &st, &cause)) {
        gboolean absent = cause->code == PST_ERROR_ABSENT;
        file->state = absent ? PST_SUDOERS_MISSING : PST_SUDOERS_UNLOOKED;
        file->error = g_strdup(cause->message);
        return;
    }
    file->mode = st.st_mode & 07777;
    file->uid = st.st_uid;
    file->gid = st.st_gid;
    file->state = pst_sudoers_judge(&st, file->folder);
}

static PstSudoersFile *
add_file(Reader *reader, const char *path, gboolean folder, const PstSudoersFile *from, guint line)
{
    PstSudoersFile *file = g_new0(PstSudoersFile, 1);

    file->path = g_strdup(path);
    file->folder = folder;
    file->mode = file->uid = file->gid = -1;
    file->from = from != NULL ? g_strdup(from->path) : NULL;
    file->from_line = line;
    look_at(reader->sysroot, file);
    file->counts = file->state == PST_SUDOERS_COUNTS && (from == NULL || from->counts);
    g_ptr_array_add(reader->sudoers->files, file);
    return file;
}

static void
add_fault(Reader *reader, const PstSudoersFile *file, guint line, const char *text, const char *why)
{
    if (reader->sudoers->faults->len >= MAX_FAULTS)
        return;

    PstSudoersFault *fault = g_new0(PstSudoersFault, 1);
    fault->file = file;
    fault->line = line;
    fault->text = g_strdup(text);
    fault->fault = g_strdup(why);
    g_ptr_array_add(reader->sudoers->faults, fault);
}

/* Relative to the including file's folder; `%h` is the host's name without its domain. */
static char *
expand_path(Reader *reader, const PstSudoersFile *file, const char *target)
{
    g_autofree char *host = g_strndup(reader->host, strcspn(reader->host, "."));
    g_auto(GStrv) parts = g_strsplit(target, "%h", -1);
    g_autofree char *path = g_strjoinv(host, parts);

    if (path[0] == '/')
        return g_steal_pointer(&path);
    g_autofree char *folder = g_path_get_dirname(file->path);
    return g_build_filename(folder, path, NULL);
}

static gboolean
has_room(Reader *reader, const PstSudoersFile *file, guint line, const char *text, guint depth)
{
    if (depth <= MAX_DEPTH && reader->sudoers->files->len < MAX_FILES)
        return TRUE;
    add_fault(reader, file, line, text, "too many levels of includes");
    return FALSE;
}

static gboolean
is_skipped_name(const char *name)
{
    return strchr(name, '.') != NULL || g_str_has_suffix(name, "~");
}

static void
include_folder(Reader *reader, const PstSudoersFile *from, guint line, const char *path,
               guint depth)
{
    PstSudoersFile *folder = add_file(reader, path, TRUE, from, line);
    g_autoptr(GError) cause = NULL;

    if (folder->state == PST_SUDOERS_MISSING || folder->state == PST_SUDOERS_UNLOOKED ||
        folder->state == PST_SUDOERS_WRONG_TYPE)
        return;
    g_auto(GStrv) names = pst_sysroot_list(reader->sysroot, path, &cause);
    if (names == NULL) {
        folder->state = PST_SUDOERS_UNLOOKED;
        folder->counts = FALSE;
        folder->error = g_strdup(cause->message);
        return;
    }
    for (guint i = 0; names[i] != NULL && reader->sudoers->files->len < MAX_FILES; i++) {
        g_autofree char *child = g_build_filename(path, names[i], NULL);
        struct stat st;

        /* What is no regular file, sudo passes over without a word. */
        if (!pst_sysroot_stat(reader->sysroot, child, &st, NULL) || !S_ISREG(st.st_mode))
            continue;
        PstSudoersFile *file = add_file(reader, child, FALSE, folder, 0);
        if (is_skipped_name(names[i])) {
            file->state = PST_SUDOERS_SKIPPED_NAME;
            file->counts = FALSE;
        }
        read_file(reader, file, depth + 1);
    }
}

static void
take_line(Reader *reader, const PstSudoersFile *file, guint line, const char *text, guint depth)
{
    g_autofree char *target = NULL;
    const char *why = NULL;
    PstSudoersParsed parsed =
        pst_sudoers_parse_line(reader->sudoers, file, line, text, &target, &why);

    if (parsed == PST_SUDOERS_FAULTY)
        add_fault(reader, file, line, text, why);
    if ((parsed != PST_SUDOERS_INCLUDE && parsed != PST_SUDOERS_INCLUDE_DIR) ||
        !has_room(reader, file, line, text, depth + 1))
        return;

    g_autofree char *path = expand_path(reader, file, target);
    if (parsed == PST_SUDOERS_INCLUDE_DIR)
        include_folder(reader, file, line, path, depth + 1);
    else
        read_file(reader, add_file(reader, path, FALSE, file, line), depth + 1);
}

/* A backslash at the end of a line joins the next one, whose leading blanks then mean nothing; also
 * one followed by blanks, which sudo allows. In a comment it joins nothing. */
static gboolean
goes_on(char *line)
{
    const char *start = line + strspn(line, " \t");
    gsize len = strlen(line);

    while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL)
        len--;
    if (len == 0 || line[len - 1] != '\\')
        return FALSE;
    if (start[0] == '#' && !g_ascii_isdigit(start[1]) && start[1] != '-')
        return FALSE;
    line[len - 1] = '\0';
    return TRUE;
}

static void
take_text(Reader *reader, const PstSudoersFile *file, char *text, guint depth)
{
    g_autoptr(GString) logical = g_string_new(NULL);
    char *rest = text, *line;
    guint first = 1;
    gboolean joined = FALSE;

    for (guint number = 1; (line = strsep(&rest, "\n")) != NULL; number++) {
        if (!joined)
            first = number;
        gboolean more = goes_on(line);
        if (joined)
            g_string_append_c(logical, ' ');
        g_string_append(logical, joined ? line + strspn(line, " \t") : line);
        joined = more && rest != NULL;
        if (joined)
            continue;
        if (more)
            g_string_append_c(logical, '\\');
        g_strchomp(logical->str);
        take_line(reader, file, first, logical->str, depth);
        g_string_truncate(logical, 0);
    }
}

static void
read_file(Reader *reader, PstSudoersFile *file, guint depth)
{
    g_autoptr(GError) cause = NULL;
    gsize len;

    if (file->state == PST_SUDOERS_MISSING || file->state == PST_SUDOERS_UNLOOKED ||
        file->state == PST_SUDOERS_WRONG_TYPE)
        return;
    g_autofree char *text = pst_sysroot_read(reader->sysroot, file->path, MAX_FILE, &len, &cause);
    if (text == NULL) {
        file->state = PST_SUDOERS_UNLOOKED;
        file->counts = FALSE;
        file->error = g_strdup(cause->message);
        return;
    }
    /* sudo's lexer reads over a NUL as over a blank. */
    for (gsize i = 0; i < len; i++)
        if (text[i] == '\0')
            text[i] = ' ';
    take_text(reader, file, text, depth);
}

PstSudoers *
pst_sudoers_new(void)
{
    PstSudoers *sudoers = g_new0(PstSudoers, 1);

    sudoers->files = g_ptr_array_new_with_free_func(file_free);
    sudoers->rules = g_ptr_array_new_with_free_func(pst_sudoers_parse_rule_free);
    sudoers->aliases = g_ptr_array_new_with_free_func(pst_sudoers_parse_alias_free);
    sudoers->defaults = g_ptr_array_new_with_free_func(pst_sudoers_parse_default_free);
    sudoers->faults = g_ptr_array_new_with_free_func(fault_free);
    return sudoers;
}

PstSudoers *
pst_sudoers_read(const PstSysroot *sysroot, const char *path, const char *host)
{
    PstSudoers *sudoers = pst_sudoers_new();
    Reader reader = {sysroot, sudoers, host};

    read_file(&reader, add_file(&reader, path, FALSE, NULL, 0), 0);
    return sudoers;
}

void
pst_sudoers_free(PstSudoers *sudoers)
{
    g_ptr_array_unref(sudoers->rules);
    g_ptr_array_unref(sudoers->aliases);
    g_ptr_array_unref(sudoers->defaults);
    g_ptr_array_unref(sudoers->faults);
    g_ptr_array_unref(sudoers->files);
    g_free(sudoers);
}
