// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/package-dpkg.h"

#include <string.h>

#include "guest-shim/package-dpkg-info.h"
#include "protocol/error.h"

#define FOLDER "/var/lib/dpkg"
#define MAX_STATUS (32 * 1024 * 1024)
#define MAX_LIST (16 * 1024 * 1024)
#define MD5_DIGITS 32

static const char format[] = "dpkg";

/* ---- diversions ---- */

typedef struct {
    char *to;
    char *package; /* whose diversion it is; ":" for the administrator's */
} Diversion;

static void
free_diversion(gpointer data)
{
    Diversion *diversion = data;

    g_free(diversion->to);
    g_free(diversion->package);
    g_free(diversion);
}

GHashTable *
pst_package_dpkg_parse_diversions(PstPackageDb *db, char *text)
{
    GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_diversion);
    char *rest = text, *from, *to, *package;

    while ((from = strsep(&rest, "\n")) != NULL && (to = strsep(&rest, "\n")) != NULL &&
           (package = strsep(&rest, "\n")) != NULL) {
        Diversion *diversion = g_new0(Diversion, 1);

        diversion->to = g_strdup(to);
        diversion->package = g_strdup(package);
        g_hash_table_replace(table, g_strdup(from), diversion);
        pst_package_db_expect(db, from);
    }
    return table;
}

/* The name without the architecture that files in info/ may carry. */
static char *
plain_name(const char *package)
{
    return g_strndup(package, strcspn(package, ":"));
}

/* Where PACKAGE's file PATH really is: whoever diverted it keeps the path to itself. */
static const char *
diverted(GHashTable *diversions, const char *package, const char *path)
{
    const Diversion *diversion = diversions != NULL ? g_hash_table_lookup(diversions, path) : NULL;
    g_autofree char *name = diversion != NULL ? plain_name(package) : NULL;

    if (diversion == NULL || g_str_equal(diversion->package, name))
        return path;
    return diversion->to;
}

/* ---- info/ ---- */

gboolean
pst_package_dpkg_parse_list(PstPackageDb *db, const char *package, char *text, gint64 unpacked_us,
                            GHashTable *diversions)
{
    g_autofree char *name = plain_name(package);
    gboolean found = FALSE;
    char *rest = text, *line;

    while ((line = strsep(&rest, "\n")) != NULL) {
        PstPackageFile *file;

        if (line[0] != '/' || !pst_package_db_may_be_wanted(db, line))
            continue;
        file = pst_package_db_wanted(db, diverted(diversions, package, line));
        if (file == NULL)
            continue;
        if (pst_package_db_claim(file, format, name, NULL)) {
            file->config = PST_TRI_NO;
            found = TRUE;
        }
        /* A conffile is its package's by the status file already. */
        if (file->of == format && g_str_equal(file->package, name))
            file->installed_us = unpacked_us;
    }
    return found;
}

static gboolean
is_md5(const char *text, gsize len)
{
    return len >= MD5_DIGITS && strspn(text, "0123456789abcdef") == MD5_DIGITS;
}

static void
set_digest(PstPackageFile *file, const char *digits)
{
    g_free(file->digest);
    file->digest_type = G_CHECKSUM_MD5;
    file->digest = g_strndup(digits, MD5_DIGITS);
}

void
pst_package_dpkg_parse_md5sums(PstPackageDb *db, const char *package, char *text,
                               GHashTable *diversions)
{
    g_autofree char *name = plain_name(package);
    char *rest = text, *line;

    while ((line = strsep(&rest, "\n")) != NULL) {
        gsize len = rest != NULL ? (gsize)(rest - line) - 1 : strlen(line);

        if (len < MD5_DIGITS + 2 || strncmp(line + MD5_DIGITS, "  ", 2) != 0)
            continue;
        /* The path is relative to the root; the second blank's place takes its slash. */
        char *path = line + MD5_DIGITS + 1;
        *path = '/';
        if (!pst_package_db_may_be_wanted(db, path) || !is_md5(line, len))
            continue;
        PstPackageFile *file = pst_package_db_wanted(db, diverted(diversions, package, path));
        if (file != NULL && g_strcmp0(file->package, name) == 0 && file->digest == NULL)
            set_digest(file, line);
    }
}

/* ---- status ---- */

typedef struct {
    const char *name, *version;
    GPtrArray *conffiles; /* lines, borrowed from the text */
} Stanza;

/* " PATH MD5", or " PATH MD5 obsolete". */
static void
note_conffile(PstPackageDb *db, const Stanza *stanza, char *line)
{
    char *path = line + 1, *blank = strchr(path, ' ');

    if (*path != '/' || blank == NULL)
        return;
    *blank = '\0';
    PstPackageFile *file = pst_package_db_wanted(db, path);
    if (file == NULL || !is_md5(blank + 1, strlen(blank + 1)))
        return;
    pst_package_db_claim(file, format, stanza->name, NULL);
    if (!g_str_equal(file->package, stanza->name))
        return;
    file->config = PST_TRI_YES;
    set_digest(file, blank + 1);
}

static void
end_stanza(PstPackageDb *db, Stanza *stanza, GHashTable *versions)
{
    for (guint i = 0; stanza->name != NULL && i < stanza->conffiles->len; i++)
        note_conffile(db, stanza, stanza->conffiles->pdata[i]);
    if (stanza->name != NULL && stanza->version != NULL)
        g_hash_table_insert(versions, (gpointer)stanza->name, (gpointer)stanza->version);
    stanza->name = stanza->version = NULL;
    g_ptr_array_set_size(stanza->conffiles, 0);
}

GHashTable *
pst_package_dpkg_parse_status(PstPackageDb *db, char *text)
{
    GHashTable *versions = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) conffiles = g_ptr_array_new();
    Stanza stanza = {NULL, NULL, conffiles};
    gboolean in_conffiles = FALSE;
    char *rest = text, *line;

    while ((line = strsep(&rest, "\n")) != NULL) {
        if (*line == '\0')
            end_stanza(db, &stanza, versions);
        else if (g_str_has_prefix(line, "Package: "))
            stanza.name = line + strlen("Package: ");
        else if (g_str_has_prefix(line, "Version: "))
            stanza.version = line + strlen("Version: ");
        else if (in_conffiles && *line == ' ')
            g_ptr_array_add(conffiles, line);
        in_conffiles = g_str_has_prefix(line, "Conffiles:") || (in_conffiles && *line == ' ');
    }
    end_stanza(db, &stanza, versions);
    return versions;
}

/* ---- statoverride ---- */

/* "USER GROUP MODE PATH", where a number has a # before it. */
void
pst_package_dpkg_parse_overrides(PstPackageDb *db, char *text)
{
    char *rest = text, *line;

    while ((line = strsep(&rest, "\n")) != NULL) {
        g_auto(GStrv) words = g_strsplit(line, " ", 4);
        guint64 mode;

        if (g_strv_length(words) != 4 || words[3][0] != '/' ||
            !g_ascii_string_to_unsigned(words[2], 8, 0, 07777, &mode, NULL))
            continue;
        PstPackageFile *file = pst_package_db_wanted(db, words[3]);
        if (file == NULL)
            continue;
        g_free(file->owner);
        file->mode = (gint64)mode;
        file->owner = g_strdup_printf("%s:%s", words[0] + (words[0][0] == '#'),
                                      words[1] + (words[1][0] == '#'));
    }
}

/* ---- the files ---- */

/* FALSE where it is there and can't be read; one that is not there is empty. */
static gboolean
read_text(PstPackageDb *db, const char *path, gsize max, char **text, GError **error)
{
    g_autoptr(GError) cause = NULL;

    *text = pst_sysroot_read(pst_package_db_sysroot(db), path, max, NULL, &cause);
    if (*text != NULL || cause->code == PST_ERROR_ABSENT)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}

static gboolean
read_package(PstPackageDb *db, const PstPackageDpkgInfo *info, const char *package,
             GHashTable *diversions, GError **error)
{
    g_autofree char *paths = NULL, *digests = NULL;
    gint64 unpacked_us, summed_us;

    if (!pst_package_db_check_time(db, error) ||
        !pst_package_dpkg_info_read(info, package, ".list", &paths, &unpacked_us, error))
        return FALSE;
    if (paths == NULL || !pst_package_dpkg_parse_list(db, package, paths, unpacked_us, diversions))
        return TRUE;
    if (!pst_package_dpkg_info_read(info, package, ".md5sums", &digests, &summed_us, error))
        return FALSE;
    if (digests != NULL)
        pst_package_dpkg_parse_md5sums(db, package, digests, diversions);
    return TRUE;
}

/* Of every package what is in its own files. */
static gboolean
read_packages(PstPackageDb *db, GHashTable *diversions, GError **error)
{
    g_autoptr(PstPackageDpkgInfo) info =
        pst_package_dpkg_info_open(pst_package_db_sysroot(db), FOLDER "/info", error);
    const GPtrArray *packages = info != NULL ? pst_package_dpkg_info_packages(info) : NULL;

    for (guint i = 0; info != NULL && i < packages->len; i++)
        if (!read_package(db, info, packages->pdata[i], diversions, error))
            return FALSE;
    return info != NULL;
}

static void
set_versions(PstPackageDb *db, GHashTable *versions)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, pst_package_db_files(db));
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        PstPackageFile *file = value;
        if (file->of == format && file->version == NULL)
            file->version = g_strdup(g_hash_table_lookup(versions, file->package));
    }
}

/* The configuration files come first, since the one file that has them is quickly read. */
gboolean
pst_package_dpkg_read(PstPackageDb *db, GError **error)
{
    g_autofree char *status = NULL, *diverted_text = NULL, *overrides = NULL;
    g_autoptr(GHashTable) diversions = NULL;

    status =
        pst_sysroot_read(pst_package_db_sysroot(db), FOLDER "/status", MAX_STATUS, NULL, error);
    if (status == NULL || !read_text(db, FOLDER "/diversions", MAX_LIST, &diverted_text, error) ||
        !read_text(db, FOLDER "/statoverride", MAX_LIST, &overrides, error))
        return FALSE;

    if (diverted_text != NULL && *diverted_text != '\0')
        diversions = pst_package_dpkg_parse_diversions(db, diverted_text);
    if (overrides != NULL)
        pst_package_dpkg_parse_overrides(db, overrides);
    g_autoptr(GHashTable) versions = pst_package_dpkg_parse_status(db, status);
    gboolean read = read_packages(db, diversions, error);
    set_versions(db, versions);
    return read;
}
