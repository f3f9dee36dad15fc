// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/bundle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host-sidecar/archive.h"
#include "host-sidecar/room.h"
#include "host-sidecar/sync.h"
#include "host-sidecar/write-all.h"
#include "protocol/error.h"

/* No part's path begins with a dot. */
#define UNDER_WAY ".under-way"
/* What parts that are still to come add to the manifest. */
#define SLACK (8 * 1024)
/* Of bundles that are named alike. */
#define MAX_BESIDE 99
#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)

struct PstBundle {
    char *path;
    char *folder;
    gboolean packed;  /* it is to be an archive */
    gboolean made;    /* the folder was not there */
    int fd;           /* of the folder */
    PstRoom *sealing; /* the manifest's: what found room is sealed all the same */
    GPtrArray *rooms; /* of PstRoom, of parts */
    PstManifest *manifest;
    gsize total, reserve;
};

static const PstRoomWish sealing_wish = {32 * 1024, 64 * 1024, 4};

static gboolean
fail(const char *what, const char *why, GError **error)
{
    g_set_error(error, PST_ERROR, PST_ERROR_OUTPUT, "%s: %s", what, why);
    return FALSE;
}

static gboolean
is_empty(int fd)
{
    int copy = dup(fd);
    DIR *folder = copy >= 0 ? fdopendir(copy) : NULL;
    guint n = 0;

    if (folder == NULL) {
        if (copy >= 0)
            close(copy);
        return FALSE;
    }
    for (const struct dirent *entry; n == 0 && (entry = readdir(folder)) != NULL;)
        n += !g_str_equal(entry->d_name, ".") && !g_str_equal(entry->d_name, "..");
    closedir(folder);
    return n == 0;
}

/* A folder that was there stays as it is: its mode is its owner's choice. */
static gboolean
take_folder(PstBundle *bundle, GError **error)
{
    gboolean made = mkdir(bundle->folder, 0700) == 0;
    struct stat st;

    if (!made && errno != EEXIST)
        return fail(bundle->folder, g_strerror(errno), error);
    if (!made && bundle->packed)
        return fail(bundle->folder, "a bundle was begun there and not ended: move it away", error);
    bundle->fd = open(bundle->folder, FOLDER_FLAGS);
    if (bundle->fd < 0 || fstat(bundle->fd, &st) < 0)
        return fail(bundle->folder,
                    errno == ELOOP || errno == ENOTDIR ? "no folder" : g_strerror(errno), error);
    bundle->made = made;
    if (made)
        return TRUE;
    if (st.st_uid != geteuid())
        return fail(bundle->folder, "the folder is somebody else's: name one that is not there",
                    error);
    if (!is_empty(bundle->fd))
        return fail(bundle->folder, "the folder is not empty: name one that is not there", error);
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return fail(bundle->folder, "others can write to the folder: name one that is not there",
                    error);
    return TRUE;
}

static gboolean
reserve(PstBundle *bundle, GError **error)
{
    bundle->sealing = pst_room_take(bundle->fd, PST_MANIFEST_NAME, &sealing_wish);
    int why = errno;

    if (bundle->sealing->fd >= 0)
        return TRUE;
    if (bundle->made)
        rmdir(bundle->folder);
    return fail(bundle->folder, g_strerror(why), error);
}

static gboolean
begin(PstBundle *bundle, GError **error)
{
    struct stat st;

    if (bundle->packed && lstat(bundle->path, &st) == 0)
        return fail(bundle->path, "is there already", error);
    return take_folder(bundle, error) && reserve(bundle, error);
}

static PstBundle *
bundle_new(PstManifest *manifest)
{
    PstBundle *bundle = g_new0(PstBundle, 1);

    bundle->fd = -1;
    bundle->rooms = g_ptr_array_new();
    bundle->reserve = PST_BUNDLE_RESERVE;
    bundle->manifest = manifest;
    return bundle;
}

PstBundle *
pst_bundle_new(const char *path, PstManifest *manifest, GError **error)
{
    g_autoptr(PstBundle) bundle = bundle_new(manifest);

    bundle->path = g_strdup(path);
    for (gsize n = strlen(path); n > 1 && bundle->path[n - 1] == '/'; n--)
        bundle->path[n - 1] = '\0';
    bundle->packed = g_str_has_suffix(bundle->path, PST_ARCHIVE_SUFFIX);
    bundle->folder =
        g_strconcat(bundle->path, bundle->packed ? PST_BUNDLE_PARTIAL_SUFFIX : NULL, NULL);
    if (!begin(bundle, error))
        return NULL;
    return g_steal_pointer(&bundle);
}

/* Made here: one that is there may be another's who is about to write to it. */
static gboolean
make_beside(PstBundle *bundle, const char *path)
{
    for (guint i = 1; i <= MAX_BESIDE; i++) {
        g_free(bundle->folder);
        bundle->folder = i == 1 ? g_strdup(path) : g_strdup_printf("%s-%u", path, i);
        bundle->made = mkdir(bundle->folder, 0700) == 0;
        if (bundle->made || errno != EEXIST)
            return bundle->made;
    }
    return FALSE;
}

PstBundle *
pst_bundle_new_beside(const char *path, PstManifest *manifest, GError **error)
{
    g_autoptr(PstBundle) bundle = bundle_new(manifest);

    if (!make_beside(bundle, path)) {
        fail(bundle->folder, g_strerror(errno), error);
        return NULL;
    }
    bundle->path = g_strdup(bundle->folder);
    bundle->fd = open(bundle->folder, FOLDER_FLAGS);
    if (bundle->fd < 0) {
        fail(bundle->folder, g_strerror(errno), error);
        return NULL;
    }
    return reserve(bundle, error) ? g_steal_pointer(&bundle) : NULL;
}

static void
free_rooms(PstBundle *bundle)
{
    for (guint i = 0; i < bundle->rooms->len; i++)
        pst_room_free(bundle->rooms->pdata[i], bundle->fd);
    g_ptr_array_set_size(bundle->rooms, 0);
}

void
pst_bundle_free(PstBundle *bundle)
{
    free_rooms(bundle);
    g_ptr_array_unref(bundle->rooms);
    if (bundle->sealing != NULL)
        pst_room_free(bundle->sealing, bundle->fd);
    if (bundle->fd >= 0)
        close(bundle->fd);
    pst_manifest_free(bundle->manifest);
    g_free(bundle->folder);
    g_free(bundle->path);
    g_free(bundle);
}

PstManifest *
pst_bundle_manifest(PstBundle *bundle)
{
    return bundle->manifest;
}

const char *
pst_bundle_path(const PstBundle *bundle)
{
    return bundle->path;
}

const char *
pst_bundle_folder(const PstBundle *bundle)
{
    return bundle->folder;
}

void
pst_bundle_keep(PstBundle *bundle, const char *path, gsize least, gsize most)
{
    g_return_if_fail(pst_manifest_is_path(path) && strchr(path, '/') == NULL);
    const PstRoomWish wish = {least, most, 8};

    g_ptr_array_add(bundle->rooms, pst_room_take(bundle->fd, path, &wish));
}

static PstRoom *
find_room(const PstBundle *bundle, const char *path)
{
    for (guint i = 0; i < bundle->rooms->len; i++) {
        PstRoom *room = bundle->rooms->pdata[i];

        if (room->fd >= 0 && g_str_equal(room->name, path))
            return room;
    }
    return NULL;
}

void
pst_bundle_end_gathering(PstBundle *bundle)
{
    gsize len = 0;
    g_autofree char *text = pst_manifest_to_text(bundle->manifest, &len);

    pst_room_shrink(bundle->sealing, len + SLACK);
}

/* Under a name that says so, then under its own. */
static gboolean
write_file(int fd, const char *name, gconstpointer data, gsize len)
{
    int file = openat(fd, UNDER_WAY, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (file < 0)
        return FALSE;
    gboolean written = pst_write_all(file, data, len);
    int why = errno;
    if (close(file) < 0 && written) {
        why = errno;
        written = FALSE;
    }
    if (written && renameat2(fd, UNDER_WAY, fd, name, RENAME_NOREPLACE) == 0)
        return TRUE;
    if (written)
        why = errno;
    unlinkat(fd, UNDER_WAY, 0);
    errno = why;
    return FALSE;
}

static gboolean
write_path(const PstBundle *bundle, const char *path, gconstpointer data, gsize len)
{
    PstRoom *room = find_room(bundle, path);
    const char *slash = strchr(path, '/');
    int fd = bundle->fd;

    if (room != NULL)
        return pst_room_fill(room, data, len) && pst_room_name(room, fd);

    if (slash == NULL)
        return write_file(fd, path, data, len);
    g_autofree char *name = g_strndup(path, (gsize)(slash - path));
    if (mkdirat(fd, name, 0700) < 0 && errno != EEXIST)
        return FALSE;
    int folder = openat(fd, name, FOLDER_FLAGS);
    if (folder < 0)
        return FALSE;
    gboolean written = write_file(folder, slash + 1, data, len);
    int why = errno;
    close(folder);
    /* A folder that is empty is none of a bundle's. */
    if (!written)
        unlinkat(fd, name, AT_REMOVEDIR);
    errno = why;
    return written;
}

static char *
digest(gconstpointer data, gsize len)
{
    return g_compute_checksum_for_data(G_CHECKSUM_SHA256, data, len);
}

static const char over_part[] = "too large for a bundle", over_total[] = "the bundle is full";

gboolean
pst_bundle_is_over_bounds(const PstManifestPart *part)
{
    return part->unwritten == PST_TRI_YES &&
           (g_strcmp0(part->error, over_part) == 0 || g_strcmp0(part->error, over_total) == 0);
}

static gboolean
refuse(PstManifestPart *part, const char *why)
{
    g_free(part->error);
    part->error = g_strdup(why);
    part->unwritten = PST_TRI_YES;
    return FALSE;
}

void
pst_bundle_release(PstBundle *bundle)
{
    bundle->reserve = 0;
}

gsize
pst_bundle_room(const PstBundle *bundle)
{
    return MIN(PST_BUNDLE_MAX_PART, PST_BUNDLE_MAX_TOTAL - bundle->reserve - bundle->total);
}

gboolean
pst_bundle_write(PstBundle *bundle, PstManifestPart *part, const char *path, gconstpointer data,
                 gsize len)
{
    g_return_val_if_fail(pst_manifest_is_path(path), FALSE);
    if (len > PST_BUNDLE_MAX_PART)
        return refuse(part, over_part);
    if (len > pst_bundle_room(bundle))
        return refuse(part, over_total);
    if (!write_path(bundle, path, data, len))
        return refuse(part, g_strerror(errno));
    if (part->unwritten == PST_TRI_YES)
        g_clear_pointer(&part->error, g_free);
    part->unwritten = PST_TRI_UNKNOWN;
    bundle->total += len;
    part->path = g_strdup(path);
    part->bytes = (gint64)len;
    part->sha256 = digest(data, len);
    return TRUE;
}

static GPtrArray *
paths_of(const PstManifest *manifest)
{
    GPtrArray *paths = g_ptr_array_new();

    for (guint i = 0; i < manifest->parts->len; i++) {
        PstManifestPart *part = manifest->parts->pdata[i];

        if (part->path != NULL)
            g_ptr_array_add(paths, part->path);
    }
    g_ptr_array_add(paths, (gpointer)PST_MANIFEST_NAME);
    return paths;
}

/* What this program put there and nothing else; a folder that is not empty then stays. */
static void
remove_folder(PstBundle *bundle, const GPtrArray *paths)
{
    for (guint i = 0; i < paths->len; i++)
        unlinkat(bundle->fd, paths->pdata[i], 0);
    for (guint i = 0; i < paths->len; i++) {
        const char *path = paths->pdata[i];
        const char *slash = strchr(path, '/');
        g_autofree char *name = slash != NULL ? g_strndup(path, (gsize)(slash - path)) : NULL;

        if (name != NULL)
            unlinkat(bundle->fd, name, AT_REMOVEDIR);
    }
    rmdir(bundle->folder);
}

static gboolean
pack_into(PstBundle *bundle, const char *name, const GPtrArray *paths, GError **error)
{
    g_autofree char *base = g_path_get_basename(bundle->path);
    g_autofree char *top = g_strndup(base, strlen(base) - strlen(PST_ARCHIVE_SUFFIX));
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return fail(name, g_strerror(errno), error);
    gboolean packed = pst_archive_pack(fd, bundle->fd, *top != '\0' ? top : "bundle", paths, error);
    if (close(fd) < 0 && packed)
        packed = fail(name, g_strerror(errno), error);
    if (packed && !pst_sync_path(name))
        packed = fail(name, g_strerror(errno), error);
    if (packed && renameat2(AT_FDCWD, name, AT_FDCWD, bundle->path, RENAME_NOREPLACE) < 0)
        packed = fail(bundle->path, g_strerror(errno), error);
    if (!packed)
        unlink(name);
    return packed;
}

/* The archive is made in the folder, which is on the same file system and nobody else's. */
static gboolean
pack(PstBundle *bundle, GError **error)
{
    g_autoptr(GPtrArray) paths = paths_of(bundle->manifest);
    g_autofree char *name = g_build_filename(bundle->folder, UNDER_WAY, NULL);

    if (!pack_into(bundle, name, paths, error))
        return FALSE;
    remove_folder(bundle, paths);
    return TRUE;
}

/* The parts and the folders that they are in, so that no seal tells of what was lost with the
 * power. What is to be packed has it done once, of the archive. */
static gboolean
sync_parts(const PstBundle *bundle)
{
    for (guint i = 0; i < bundle->manifest->parts->len && !bundle->packed; i++) {
        const PstManifestPart *part = bundle->manifest->parts->pdata[i];

        if (part->path == NULL)
            continue;
        g_autofree char *folder = g_path_get_dirname(part->path);
        if (!pst_sync_at(bundle->fd, part->path) || !pst_sync_at(bundle->fd, folder))
            return FALSE;
    }
    return TRUE;
}

/* The names of what was sealed. */
static gboolean
sync_names(const PstBundle *bundle)
{
    g_autofree char *parent = g_path_get_dirname(bundle->path);

    return (bundle->packed || pst_sync_fd(bundle->fd)) && pst_sync_path(parent);
}

static gboolean
write_manifest(const PstBundle *bundle, const char *text, gsize len)
{
    return sync_parts(bundle) && pst_room_fill(bundle->sealing, text, len) &&
           pst_sync_fd(bundle->sealing->fd) && pst_room_name(bundle->sealing, bundle->fd);
}

char *
pst_bundle_seal(PstBundle *bundle, GError **error)
{
    gsize len = 0;

    free_rooms(bundle);
    g_autofree char *text = pst_manifest_to_text(bundle->manifest, &len);
    gboolean sealed =
        write_manifest(bundle, text, len) || fail(PST_MANIFEST_NAME, g_strerror(errno), error);

    if (sealed && bundle->packed)
        sealed = pack(bundle, error);
    if (sealed && !sync_names(bundle)) {
        fail(bundle->path, g_strerror(errno), error);
        return NULL;
    }
    if (sealed)
        return digest(text, len);
    g_prefix_error(error, "what was gathered is in %s, but ", bundle->folder);
    return NULL;
}
