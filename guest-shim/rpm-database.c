// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/rpm-database.h"

#include <unistd.h>

#include "guest-shim/bdb-hash.h"
#include "guest-shim/ndb-table.h"
#include "guest-shim/sqlite-table.h"
#include "protocol/error.h"

/* The largest headers are those of locales and firmware, of some 5 MiB. */
#define MAX_HEADER (32 * 1024 * 1024)
#define MAX_DATABASE (G_GINT64_CONSTANT(2) * 1024 * 1024 * 1024)

typedef struct {
    PstByteSourceEach each;
    gpointer user_data;
} Taker;

/* Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL): lib/backend/sqlite.c. */
static gboolean
take_row(gint64 id, const guint8 *record, gsize len, gpointer user_data, GError **error)
{
    const Taker *taker = user_data;
    gsize header_len = 0;
    const guint8 *header = pst_sqlite_table_bytes(record, len, 1, &header_len);

    /* What is no blob is no header either. */
    return taker->each(id, header != NULL ? header : record, header_len, taker->user_data, error);
}

static gboolean
read_sqlite(const PstByteSource *source, const Taker *taker, GError **error)
{
    return pst_sqlite_table_each(source, "Packages", MAX_HEADER, take_row, (gpointer)taker, error);
}

static gboolean
read_ndb(const PstByteSource *source, const Taker *taker, GError **error)
{
    return pst_ndb_table_each(source, MAX_HEADER, taker->each, taker->user_data, error);
}

/* Under the key 0 the highest number is kept that was given to a package: lib/backend/db3.c. */
static gboolean
take_pair(gint64 key, const guint8 *value, gsize len, gpointer user_data, GError **error)
{
    const Taker *taker = user_data;

    return key == 0 || taker->each(key, value, len, taker->user_data, error);
}

static gboolean
read_bdb(const PstByteSource *source, const Taker *taker, GError **error)
{
    return pst_bdb_hash_each(source, MAX_HEADER, take_pair, (gpointer)taker, error);
}

/* A system that was changed from one kind to another may have left the earlier one behind. */
static const struct {
    const char *path;
    gboolean (*read)(const PstByteSource *source, const Taker *taker, GError **error);
} kinds[] = {
    {"/usr/lib/sysimage/rpm/rpmdb.sqlite", read_sqlite},
    {"/var/lib/rpm/rpmdb.sqlite", read_sqlite},
    {"/usr/lib/sysimage/rpm/Packages.db", read_ndb},
    {"/var/lib/rpm/Packages.db", read_ndb},
    {"/var/lib/rpm/Packages", read_bdb},
};

/* Only an SQLite database has one. */
static gboolean
check_log(const PstSysroot *sysroot, const char *path, GError **error)
{
    g_autofree char *log = g_strconcat(path, "-wal", NULL);
    struct stat st;

    if (!pst_sysroot_stat(sysroot, log, &st, NULL) || st.st_size == 0)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_NOT_ALLOWED,
                "%s: rpm is at work, or did not end its last transaction", log);
    return FALSE;
}

static gboolean
read_kind(const PstSysroot *sysroot, guint kind, const Taker *taker, GError **error)
{
    const char *path = kinds[kind].path;
    gboolean done = FALSE;
    struct stat st;

    if (!check_log(sysroot, path, error))
        return FALSE;
    int fd = pst_sysroot_open_file(sysroot, path, 0, error);
    if (fd < 0)
        return FALSE;
    if (fstat(fd, &st) < 0 || st.st_size > MAX_DATABASE) {
        g_set_error(error, PST_ERROR, PST_ERROR_TOO_LARGE, "%s: no file that can be read whole",
                    path);
    } else {
        const PstByteSource source = pst_byte_source_of_file(fd, (guint64)st.st_size);
        done = kinds[kind].read(&source, taker, error);
        if (!done)
            g_prefix_error(error, "%s: ", path);
    }
    close(fd);
    return done;
}

gboolean
pst_rpm_database_each(const PstSysroot *sysroot, PstByteSourceEach each, gpointer user_data,
                      GError **error)
{
    const Taker taker = {each, user_data};

    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (pst_sysroot_exists(sysroot, kinds[i].path))
            return read_kind(sysroot, i, &taker, error);
    g_set_error(error, PST_ERROR, PST_ERROR_ABSENT, "rpm has no database here");
    return FALSE;
}
