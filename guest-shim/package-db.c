// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/package-db.h"

#include <string.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/package-apk.h"
#include "guest-shim/package-dpkg.h"
#include "guest-shim/package-rpm.h"
#include "guest-shim/probe.h"
#include "protocol/error.h"

#define MAX_ASKED 100000
#define MAX_RECENT 1000
#define TAILS (1U << 16)

/* Folders that a merged system has as links; the later ones are reached through the earlier. */
static const char *const mergeable[] = {"/bin",   "/sbin",   "/lib",      "/lib32",
                                        "/lib64", "/libx32", "/usr/sbin", "/usr/lib64"};

/* In the order in which they are asked: the first that has a file keeps it. */
static const struct {
    const char *name;
    gboolean (*read)(PstPackageDb *db, GError **error);
} formats[] = {
    {"dpkg", pst_package_dpkg_read},
    {"rpm", pst_package_rpm_read},
    {"apk", pst_package_apk_read},
};

struct PstPackageDb {
    const PstSysroot *sysroot;
    gint64 recent_us, deadline_us;
    GHashTable *files;       /* real path → PstPackageFile */
    guint8 tails[TAILS / 8]; /* a bit for each way that a path of interest may end */
    GPtrArray *recent;
    char *merged[G_N_ELEMENTS(mergeable)]; /* where the link leads; NULL: it is no link */
    const char *names[G_N_ELEMENTS(formats) + 1];
};

static void
free_file(gpointer data)
{
    PstPackageFile *file = data;

    g_free(file->package);
    g_free(file->version);
    g_free(file->owner);
    g_free(file->digest);
    g_free(file);
}

static void
free_install(gpointer data)
{
    PstPackageInstall *install = data;

    g_free(install->package);
    g_free(install->version);
    g_free(install);
}

static char *
link_below(const PstSysroot *sysroot, const char *folder)
{
    g_autofree char *target = pst_sysroot_read_link(sysroot, folder, NULL);
    g_autofree char *parent = g_path_get_dirname(folder);

    return target != NULL ? g_canonicalize_filename(target, parent) : NULL;
}

PstPackageDb *
pst_package_db_new(const PstSysroot *sysroot, gint64 recent_us, gint64 deadline_us)
{
    PstPackageDb *db = g_new0(PstPackageDb, 1);

    db->sysroot = sysroot;
    db->recent_us = recent_us;
    db->deadline_us = deadline_us;
    db->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_file);
    db->recent = g_ptr_array_new_with_free_func(free_install);
    for (guint i = 0; i < G_N_ELEMENTS(mergeable); i++)
        db->merged[i] = link_below(sysroot, mergeable[i]);
    return db;
}

void
pst_package_db_free(PstPackageDb *db)
{
    for (guint i = 0; i < G_N_ELEMENTS(mergeable); i++)
        g_free(db->merged[i]);
    g_hash_table_unref(db->files);
    g_ptr_array_unref(db->recent);
    g_free(db);
}

/* The path without merged links; PATH itself, or *owned. */
static const char *
real_path(const PstPackageDb *db, const char *path, char **owned)
{
    for (guint i = 0; i < G_N_ELEMENTS(mergeable); i++) {
        gsize len = strlen(mergeable[i]);

        if (db->merged[i] == NULL || strncmp(path, mergeable[i], len) != 0 || path[len] != '/')
            continue;
        char *longer = g_strconcat(db->merged[i], path + len, NULL);
        g_free(*owned);
        path = *owned = longer;
    }
    return path;
}

/* A number for a path's last name, which no merged folder changes. A database names tens of
 * thousands of paths of which a few are wanted: this spares them the rest. */
static guint
tail_of(const char *path)
{
    guint32 tail = 0;

    for (gsize len = strlen(path); len > 0 && path[len - 1] != '/'; len--)
        tail = tail * 31 + (guint8)path[len - 1];
    return tail * 2654435761U >> 16; /* Knuth's multiplicative hashing */
}

void
pst_package_db_ask(PstPackageDb *db, const char *path)
{
    g_autofree char *owned = NULL;
    const char *real = real_path(db, path, &owned);

    if (g_hash_table_size(db->files) >= MAX_ASKED || g_hash_table_contains(db->files, real))
        return;
    PstPackageFile *file = g_new0(PstPackageFile, 1);
    file->mode = -1;
    file->installed_us = PST_INT_UNKNOWN;
    g_hash_table_insert(db->files, g_strdup(real), file);
    pst_package_db_expect(db, real);
}

void
pst_package_db_expect(PstPackageDb *db, const char *path)
{
    guint tail = tail_of(path);

    db->tails[tail / 8] |= (guint8)(1U << tail % 8);
}

gboolean
pst_package_db_may_be_wanted(const PstPackageDb *db, const char *path)
{
    guint tail = tail_of(path);

    return (db->tails[tail / 8] & 1U << tail % 8) != 0;
}

PstPackageFile *
pst_package_db_wanted(PstPackageDb *db, const char *path)
{
    g_autofree char *owned = NULL;

    if (!pst_package_db_may_be_wanted(db, path))
        return NULL;
    return g_hash_table_lookup(db->files, real_path(db, path, &owned));
}

const PstPackageFile *
pst_package_db_find(const PstPackageDb *db, const char *path)
{
    g_autofree char *owned = NULL;

    if (!pst_package_db_may_be_wanted(db, path))
        return NULL;
    return g_hash_table_lookup(db->files, real_path(db, path, &owned));
}

gboolean
pst_package_db_claim(PstPackageFile *file, const char *of, const char *package, const char *version)
{
    if (file->package != NULL)
        return FALSE;
    file->of = of;
    file->package = g_strdup(package);
    file->version = g_strdup(version);
    return TRUE;
}

void
pst_package_db_note_install(PstPackageDb *db, const char *package, const char *version,
                            gint64 installed_us)
{
    if (installed_us < db->recent_us || db->recent->len >= MAX_RECENT)
        return;
    PstPackageInstall *install = g_new0(PstPackageInstall, 1);
    install->package = g_strdup(package);
    install->version = g_strdup(version);
    install->installed_us = installed_us;
    g_ptr_array_add(db->recent, install);
}

gboolean
pst_package_db_check_time(const PstPackageDb *db, GError **error)
{
    if (pst_boot_clock_us() < db->deadline_us)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_DEADLINE,
                "the package database could not be read in time");
    return FALSE;
}

gboolean
pst_package_db_read(PstPackageDb *db, GError **error)
{
    g_autoptr(GError) first = NULL;
    guint n = 0;

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autoptr(GError) cause = NULL;

        if (formats[i].read(db, &cause))
            db->names[n++] = formats[i].name;
        else if (cause->code != PST_ERROR_ABSENT && first == NULL)
            first = g_steal_pointer(&cause);
    }
    if (first != NULL) {
        g_propagate_error(error, g_steal_pointer(&first));
        return FALSE;
    }
    if (n == 0)
        g_set_error(error, PST_ERROR, PST_ERROR_ABSENT, "there is no package database");
    return n > 0;
}

const char *const *
pst_package_db_names(const PstPackageDb *db)
{
    return db->names;
}

const GPtrArray *
pst_package_db_recent(const PstPackageDb *db)
{
    return db->recent;
}

GHashTable *
pst_package_db_files(const PstPackageDb *db)
{
    return db->files;
}

const PstSysroot *
pst_package_db_sysroot(const PstPackageDb *db)
{
    return db->sysroot;
}
