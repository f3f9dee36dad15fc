// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/log-lines.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixinputstream.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP 65536

typedef struct {
    const PstLogFile *file;
    PstLogLines each;
    gpointer user_data;
    GString *line;
    gboolean done;
} Reading;

static void
free_log_file(gpointer data)
{
    PstLogFile *file = data;

    if (file->fd >= 0)
        close(file->fd);
    g_free(file->path);
    g_free(file);
}

/* .1, .2.gz, -20260101, -20260101.gz */
static gboolean
is_rotated(const char *suffix)
{
    gsize digits = strspn(suffix + 1, "0123456789-");

    return (suffix[0] == '.' || suffix[0] == '-') && digits > 0 &&
           (suffix[1 + digits] == '\0' || g_str_equal(suffix + 1 + digits, ".gz"));
}

static void
add_log_file(GPtrArray *files, const char *path)
{
    PstLogFile *file = NULL;
    struct stat st = {0};

    if (lstat(path, &st) < 0 && errno == ENOENT)
        return;
    file = g_new0(PstLogFile, 1);
    file->path = g_strdup(path);
    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    file->why = file->fd < 0 || fstat(file->fd, &st) < 0 ? errno : 0;
    file->plain = S_ISREG(st.st_mode);
    file->written_us = st.st_mtim.tv_sec * (gint64)G_USEC_PER_SEC + st.st_mtim.tv_nsec / 1000;
    file->bytes = st.st_size;
    g_ptr_array_add(files, file);
}

static gint
compare_files(gconstpointer a, gconstpointer b)
{
    const PstLogFile *one = *(PstLogFile *const *)a, *other = *(PstLogFile *const *)b;

    return (one->written_us > other->written_us) - (one->written_us < other->written_us);
}

static gboolean
is_regular(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

GPtrArray *
pst_log_lines_open(const char *file)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(free_log_file);
    g_autofree char *folder = g_path_get_dirname(file);
    g_autofree char *base = g_path_get_basename(file);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);

    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (g_str_has_prefix(name, base) && is_rotated(name + strlen(base)) && is_regular(path))
            add_log_file(files, path);
    }
    g_ptr_array_sort(files, compare_files);
    add_log_file(files, file);
    return files;
}

static void
end_line(Reading *reading, gboolean whole)
{
    const PstLogLine line = {reading->file->path, reading->line->str, reading->line->len, whole};

    reading->done = !reading->each(&line, reading->user_data);
    g_string_truncate(reading->line, 0);
}

static void
take_bytes(Reading *reading, const char *bytes, gsize len)
{
    while (len > 0 && !reading->done) {
        const char *end = memchr(bytes, '\n', len);
        gsize n = end != NULL ? (gsize)(end - bytes) : len;

        g_string_append_len(reading->line, bytes,
                            (gssize)MIN(n, PST_LOG_LINES_MAX - reading->line->len));
        if (end == NULL)
            return;
        end_line(reading, TRUE);
        bytes += n + 1;
        len -= n + 1;
    }
}

static char *
tell_fault(const PstLogFile *file, const char *why)
{
    return g_strdup_printf("the audit log can't be read: %s: %s", file->path, why);
}

static char *
read_stream(Reading *reading, GInputStream *stream, gint64 bytes)
{
    g_autofree char *buffer = g_malloc(STEP);
    g_autoptr(GError) cause = NULL;
    gssize n = 0;

    while (bytes > 0 && !reading->done &&
           (n = g_input_stream_read(stream, buffer, (gsize)MIN(STEP, bytes), NULL, &cause)) > 0) {
        take_bytes(reading, buffer, (gsize)n);
        bytes -= n;
    }
    if (!reading->done && reading->line->len > 0)
        end_line(reading, FALSE);
    return n < 0 ? tell_fault(reading->file, cause->message) : NULL;
}

char *
pst_log_lines_read(const PstLogFile *file, PstLogLines each, gpointer user_data)
{
    g_autoptr(GString) line = g_string_new(NULL);
    Reading reading = {file, each, user_data, line, FALSE};

    if (file->why == 0 && !file->plain)
        return tell_fault(file, "it is no plain file");
    if (file->why != 0 || lseek(file->fd, 0, SEEK_SET) < 0)
        return tell_fault(file, g_strerror(file->why != 0 ? file->why : errno));
    g_autoptr(GInputStream) plain = g_unix_input_stream_new(file->fd, FALSE);
    if (!g_str_has_suffix(file->path, ".gz"))
        return read_stream(&reading, plain, file->bytes);
    g_autoptr(GZlibDecompressor) zlib = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
    g_autoptr(GInputStream) unpacked = g_converter_input_stream_new(plain, G_CONVERTER(zlib));
    return read_stream(&reading, unpacked, G_MAXINT64);
}

char *
pst_log_lines_each(const char *file, PstLogLines each, gpointer user_data)
{
    g_autoptr(GPtrArray) files = pst_log_lines_open(file);
    g_autofree char *fault = NULL;

    for (guint i = 0; i < files->len; i++) {
        g_autofree char *other = pst_log_lines_read(files->pdata[i], each, user_data);

        if (fault == NULL)
            fault = g_steal_pointer(&other);
    }
    return g_steal_pointer(&fault);
}
