// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/error.h"

#define STEP 65536
/* zstd makes 30,000 times as much of zeros. */
#define INPUT_STEP 4096

typedef struct archive Archive;
typedef struct archive_entry ArchiveEntry;

static void
free_archive(Archive *archive)
{
    archive_free(archive);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Archive, free_archive)

static void
free_entry(ArchiveEntry *entry)
{
    archive_entry_free(entry);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ArchiveEntry, free_entry)

static gboolean
fail(PstErrorCode code, const char *what, const char *why, GError **error)
{
    g_set_error(error, PST_ERROR, (int)code, "%s: %s", what, why != NULL ? why : "it is broken");
    return FALSE;
}

static gboolean
copy_file(Archive *archive, int fd, gint64 size, const char *path, GError **error)
{
    g_autofree guint8 *buffer = g_malloc(STEP);
    gint64 left = size;
    gssize n;

    while (left > 0 && (n = read(fd, buffer, (gsize)MIN(left, STEP))) > 0) {
        if (archive_write_data(archive, buffer, (gsize)n) != n)
            return fail(PST_ERROR_OUTPUT, path, archive_error_string(archive), error);
        left -= n;
    }
    return left == 0 || fail(PST_ERROR_OUTPUT, path, "it became shorter", error);
}

static gboolean
pack_open(Archive *archive, int fd, const char *name, const char *path, GError **error)
{
    g_autoptr(ArchiveEntry) entry = archive_entry_new();
    struct stat st;

    if (fstat(fd, &st) < 0)
        return fail(PST_ERROR_OUTPUT, path, g_strerror(errno), error);
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    archive_entry_set_size(entry, st.st_size);
    archive_entry_set_mtime(entry, st.st_mtim.tv_sec, 0);
    if (archive_write_header(archive, entry) != ARCHIVE_OK)
        return fail(PST_ERROR_OUTPUT, path, archive_error_string(archive), error);
    return copy_file(archive, fd, st.st_size, path, error);
}

static gboolean
pack_file(Archive *archive, int folder_fd, const char *top, const char *path, GError **error)
{
    g_autofree char *name = g_strconcat(top, "/", path, NULL);
    int fd = openat(folder_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return fail(PST_ERROR_OUTPUT, path, g_strerror(errno), error);
    gboolean packed = pack_open(archive, fd, name, path, error);
    close(fd);
    return packed;
}

gboolean
pst_archive_pack(int archive_fd, int folder_fd, const char *top, const GPtrArray *paths,
                 GError **error)
{
    g_autoptr(Archive) archive = archive_write_new();

    /* Where it can't compress by itself, libarchive would start a program: ARCHIVE_WARN. */
    if (archive_write_add_filter_zstd(archive) != ARCHIVE_OK ||
        archive_write_set_format_pax_restricted(archive) != ARCHIVE_OK ||
        archive_write_open_fd(archive, archive_fd) != ARCHIVE_OK)
        return fail(PST_ERROR_OUTPUT, "no archive can be begun", archive_error_string(archive),
                    error);
    for (guint i = 0; i < paths->len; i++)
        if (!pack_file(archive, folder_fd, top, paths->pdata[i], error))
            return FALSE;
    return archive_write_close(archive) == ARCHIVE_OK ||
           fail(PST_ERROR_OUTPUT, "the archive can't be ended", archive_error_string(archive),
                error);
}

static gssize
read_data(gpointer archive, guint8 *buffer, gsize len, GError **error)
{
    gssize n = archive_read_data(archive, buffer, len);

    if (n >= 0)
        return n;
    fail(PST_ERROR_PROTOCOL, "not a sound archive", archive_error_string(archive), error);
    return -1;
}

static PstArchiveKind
kind_of(ArchiveEntry *entry)
{
    if (archive_entry_hardlink(entry) != NULL || archive_entry_symlink(entry) != NULL)
        return PST_ARCHIVE_LINK;
    if (archive_entry_filetype(entry) == AE_IFDIR)
        return PST_ARCHIVE_FOLDER;
    return archive_entry_filetype(entry) == AE_IFREG ? PST_ARCHIVE_FILE : PST_ARCHIVE_OTHER;
}

static gboolean
tell_entry(Archive *archive, ArchiveEntry *entry, PstArchiveEach each, gpointer user_data,
           GError **error)
{
    const char *path = archive_entry_pathname(entry);

    if (path == NULL)
        return fail(PST_ERROR_PROTOCOL, "not a sound archive", "a name in it is no text", error);
    return each(path, kind_of(entry), read_data, archive, user_data, error);
}

/* What the archive is read from. */
typedef struct {
    int fd;
    gint64 max_bytes; /* of the archive, decompressed */
    gboolean full;    /* it has more */
    int failed;       /* errno, where the file could not be read */
    guint8 buffer[INPUT_STEP];
} Input;

/* Whatever libarchive reads past by itself (the data of a link, zeros without end) comes by here:
 * what one more step can be decompressed to is all that is over the limit. */
static la_ssize_t
read_input(Archive *archive, void *user_data, const void **buffer)
{
    Input *input = user_data;
    gssize n;

    input->full |= archive_filter_bytes(archive, 0) > input->max_bytes;
    if (input->full)
        return -1;
    while ((n = read(input->fd, input->buffer, sizeof(input->buffer))) < 0 && errno == EINTR)
        continue;
    if (n < 0) {
        input->failed = errno;
        archive_set_error(archive, errno, "%s", g_strerror(errno));
    }
    *buffer = input->buffer;
    return n;
}

static gboolean
open_read(Archive *archive, Input *input, GError **error)
{
    /* What stands behind the archive's end is looked at too. */
    if (archive_read_support_filter_zstd(archive) == ARCHIVE_OK &&
        archive_read_support_format_tar(archive) == ARCHIVE_OK &&
        archive_read_set_options(archive, "tar:read_concatenated_archives") == ARCHIVE_OK &&
        archive_read_open(archive, input, NULL, read_input, NULL) == ARCHIVE_OK)
        return TRUE;
    return fail(PST_ERROR_PROTOCOL, "not an archive", archive_error_string(archive), error);
}

/* libarchive, and who reads by it, have words of their own for a reading that fails: what stands in
 * their place where it is not the bytes that are to blame, or there are too many. */
static gboolean
blame(const Input *input, GError **error)
{
    if (!input->full && input->failed == 0)
        return FALSE;
    g_clear_error(error);
    if (input->full)
        return fail(PST_ERROR_PROTOCOL, "not a bundle", "there is more than a bundle can hold",
                    error);
    return fail(PST_ERROR_UNAVAILABLE, "can't be read to its end", g_strerror(input->failed),
                error);
}

static gboolean
tell_all(Archive *archive, const Input *input, guint max, PstArchiveEach each, gpointer user_data,
         GError **error)
{
    ArchiveEntry *entry = NULL;
    int outcome;

    for (guint i = 0; (outcome = archive_read_next_header(archive, &entry)) == ARCHIVE_OK; i++) {
        if (i == max)
            return fail(PST_ERROR_PROTOCOL, "not a bundle", "it has too many files", error);
        if (!tell_entry(archive, entry, each, user_data, error))
            return FALSE;
    }
    return (outcome == ARCHIVE_EOF && !input->full) ||
           fail(PST_ERROR_PROTOCOL, "not a sound archive", archive_error_string(archive), error);
}

gboolean
pst_archive_each(int fd, guint max, gint64 max_bytes, PstArchiveEach each, gpointer user_data,
                 GError **error)
{
    Input input = {.fd = fd, .max_bytes = max_bytes};
    g_autoptr(Archive) archive = archive_read_new();

    if (open_read(archive, &input, error) && tell_all(archive, &input, max, each, user_data, error))
        return TRUE;
    return blame(&input, error);
}
