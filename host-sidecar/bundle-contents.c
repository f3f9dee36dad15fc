// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/bundle-contents.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host-sidecar/archive.h"
#include "host-sidecar/bundle.h"
#include "protocol/error.h"

#define STEP 65536
/* A bundle that was added to still has its changes told. */
#define MAX_FILES (4 * PST_MANIFEST_MAX_PARTS)
#define MAX_TOTAL (2 * (gint64)PST_BUNDLE_MAX_TOTAL)
/* With the headers, of which libarchive itself bounds each. */
#define MAX_ARCHIVE (MAX_TOTAL + MAX_TOTAL / 8)
#define MAX_DEPTH 4

typedef struct {
    PstBundleContents *contents;
    gint64 total;
    char *top;          /* of an archive: what all names in it begin with */
    GPtrArray *folders; /* of an archive: their paths */
} Reading;

static const char empty_folder[] = "an empty folder";

static void
free_file(gpointer file)
{
    pst_manifest_file_free(file);
}

void
pst_bundle_contents_free(PstBundleContents *contents)
{
    g_ptr_array_unref(contents->files);
    g_clear_pointer(&contents->manifest, g_bytes_unref);
    g_free(contents);
}

static gboolean
fail(PstErrorCode code, const char *path, const char *why, GError **error)
{
    g_set_error(error, PST_ERROR, (int)code, "%s: %s", path, why);
    return FALSE;
}

static gboolean
is_known(const Reading *reading, const char *path)
{
    for (guint i = 0; i < reading->contents->files->len; i++)
        if (g_str_equal(((PstManifestFile *)reading->contents->files->pdata[i])->path, path))
            return TRUE;
    return g_str_equal(path, PST_MANIFEST_NAME) && reading->contents->manifest != NULL;
}

static gboolean
add_file(Reading *reading, const char *path, const char *odd, gint64 bytes, const char *sha256,
         GError **error)
{
    if (reading->contents->files->len == MAX_FILES)
        return fail(PST_ERROR_PROTOCOL, path, "there are too many files for a bundle", error);
    PstManifestFile *file = g_new0(PstManifestFile, 1);

    file->path = g_strdup(path);
    file->odd = g_strdup(odd);
    file->bytes = bytes;
    file->sha256 = g_strdup(sha256);
    g_ptr_array_add(reading->contents->files, file);
    return TRUE;
}

/* Its digest and its size; KEEP (may be NULL) takes its bytes, as far as a manifest's may go. */
static gboolean
digest(Reading *reading, const char *path, PstArchiveRead read_bytes, gpointer source,
       GChecksum *checksum, GByteArray *keep, gint64 *bytes, GError **error)
{
    g_autofree guint8 *buffer = g_malloc(STEP);
    gssize n;

    *bytes = 0;
    while ((n = read_bytes(source, buffer, STEP, error)) > 0) {
        g_checksum_update(checksum, buffer, n);
        *bytes += n;
        reading->total += n;
        if (reading->total > MAX_TOTAL)
            return fail(PST_ERROR_PROTOCOL, path, "there is more than a bundle can hold", error);
        if (keep != NULL && keep->len <= PST_MANIFEST_MAX_BYTES)
            g_byte_array_append(keep, buffer, (guint)n);
    }
    if (n == 0)
        return TRUE;
    g_prefix_error(error, "%s: ", path);
    return FALSE;
}

static gboolean
add_bytes(Reading *reading, const char *path, PstArchiveRead read_bytes, gpointer source,
          GError **error)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autoptr(GByteArray) keep = g_byte_array_new();
    gboolean manifest = g_str_equal(path, PST_MANIFEST_NAME);
    gint64 bytes = 0;

    if (is_known(reading, path))
        return add_file(reading, path, "there twice", 0, NULL, error);
    if (!digest(reading, path, read_bytes, source, checksum, manifest ? keep : NULL, &bytes, error))
        return FALSE;
    if (!manifest)
        return add_file(reading, path, NULL, bytes, g_checksum_get_string(checksum), error);
    reading->contents->manifest = g_byte_array_free_to_bytes(g_steal_pointer(&keep));
    return TRUE;
}

static gssize
read_fd(gpointer source, guint8 *buffer, gsize len, GError **error)
{
    gssize n;

    while ((n = read(GPOINTER_TO_INT(source), buffer, len)) < 0 && errno == EINTR)
        continue;
    if (n < 0)
        fail(PST_ERROR_UNAVAILABLE, "can't be read to its end", g_strerror(errno), error);
    return n;
}

static gboolean read_folder(Reading *reading, int fd, const char *prefix, guint depth,
                            GError **error);

/* O_NONBLOCK: a FIFO that somebody put there holds nobody up. */
static gboolean
read_entry(Reading *reading, int folder, const char *name, const char *path, guint depth,
           GError **error)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    gboolean done;

    if (fd < 0 && errno == ELOOP)
        return add_file(reading, path, "a link", 0, NULL, error);
    if (fd < 0 && (errno == ENXIO || errno == EOPNOTSUPP))
        return add_file(reading, path, "no file", 0, NULL, error);
    if (fd < 0 || fstat(fd, &st) < 0)
        return fail(PST_ERROR_UNAVAILABLE, path, g_strerror(errno), error);
    if (S_ISDIR(st.st_mode))
        return read_folder(reading, fd, path, depth + 1, error);
    if (S_ISREG(st.st_mode))
        done = add_bytes(reading, path, read_fd, GINT_TO_POINTER(fd), error);
    else
        done = add_file(reading, path, "no file", 0, NULL, error);
    close(fd);
    return done;
}

static gboolean
read_names(Reading *reading, DIR *folder, const char *prefix, guint depth, GError **error)
{
    gboolean empty = TRUE;

    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (g_str_equal(entry->d_name, ".") || g_str_equal(entry->d_name, ".."))
            continue;
        g_autofree char *path = *prefix != '\0' ? g_strconcat(prefix, "/", entry->d_name, NULL)
                                                : g_strdup(entry->d_name);
        if (!read_entry(reading, dirfd(folder), entry->d_name, path, depth, error))
            return FALSE;
        empty = FALSE;
    }
    return !empty || *prefix == '\0' || add_file(reading, prefix, empty_folder, 0, NULL, error);
}

/* Takes FD over. */
static gboolean
read_folder(Reading *reading, int fd, const char *prefix, guint depth, GError **error)
{
    DIR *folder = depth <= MAX_DEPTH ? fdopendir(fd) : NULL;

    if (folder == NULL) {
        close(fd);
        return fail(PST_ERROR_PROTOCOL, *prefix != '\0' ? prefix : "it",
                    "folders in folders are no bundle", error);
    }
    gboolean done = read_names(reading, folder, prefix, depth, error);
    closedir(folder);
    return done;
}

/* TOP/path: all of them with the same TOP; what has another is told with its whole name. */
static const char *
inner_name(Reading *reading, const char *name)
{
    const char *slash = strchr(name, '/');

    if (slash == NULL)
        return name;
    g_autofree char *top = g_strndup(name, (gsize)(slash - name));
    if (reading->top == NULL)
        reading->top = g_steal_pointer(&top);
    else if (!g_str_equal(reading->top, top))
        return name;
    return slash + 1;
}

/* An archive that somebody else packed has its folders in it too: told are those with nothing in
 * them, and that is known at its end. */
static void
take_folder(Reading *reading, const char *name)
{
    g_autofree char *with_slash =
        g_str_has_suffix(name, "/") ? g_strdup(name) : g_strconcat(name, "/", NULL);

    g_ptr_array_add(reading->folders, g_strdup(inner_name(reading, with_slash)));
}

static gboolean
is_empty(const Reading *reading, const char *folder)
{
    const GPtrArray *files = reading->contents->files;

    for (guint i = 0; i < files->len; i++)
        if (g_str_has_prefix(((PstManifestFile *)files->pdata[i])->path, folder))
            return FALSE;
    return *folder != '\0';
}

static gboolean
tell_folders(Reading *reading, GError **error)
{
    for (guint i = 0; i < reading->folders->len; i++) {
        const char *folder = reading->folders->pdata[i];
        g_autofree char *path = g_strndup(folder, MAX(strlen(folder), 1) - 1);

        if (is_empty(reading, folder) && !add_file(reading, path, empty_folder, 0, NULL, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
take_entry(const char *name, PstArchiveKind kind, PstArchiveRead read_bytes, gpointer archive,
           gpointer user_data, GError **error)
{
    Reading *reading = user_data;

    if (kind == PST_ARCHIVE_FOLDER) {
        take_folder(reading, name);
        return TRUE;
    }
    const char *path = inner_name(reading, name);
    if (kind != PST_ARCHIVE_FILE)
        return add_file(reading, path, kind == PST_ARCHIVE_LINK ? "a link" : "no file", 0, NULL,
                        error);
    return add_bytes(reading, path, read_bytes, archive, error);
}

static gboolean
read_open(Reading *reading, int fd, const char *path, GError **error)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return fail(PST_ERROR_UNAVAILABLE, path, g_strerror(errno), error);
    if (S_ISDIR(st.st_mode)) {
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        return copy >= 0 ? read_folder(reading, copy, "", 1, error)
                         : fail(PST_ERROR_UNAVAILABLE, path, g_strerror(errno), error);
    }
    if (!S_ISREG(st.st_mode))
        return fail(PST_ERROR_PROTOCOL, path, "neither a folder nor an archive", error);
    return pst_archive_each(fd, MAX_FILES, MAX_ARCHIVE, take_entry, reading, error) &&
           tell_folders(reading, error);
}

PstBundleContents *
pst_bundle_contents_read(const char *path, GError **error)
{
    g_autoptr(PstBundleContents) contents = g_new0(PstBundleContents, 1);
    g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func(g_free);
    Reading reading = {.contents = contents, .folders = folders};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    contents->files = g_ptr_array_new_with_free_func(free_file);
    if (fd < 0) {
        fail(PST_ERROR_UNAVAILABLE, path, g_strerror(errno), error);
        return NULL;
    }
    gboolean done = read_open(&reading, fd, path, error);
    close(fd);
    g_free(reading.top);
    return done ? g_steal_pointer(&contents) : NULL;
}
