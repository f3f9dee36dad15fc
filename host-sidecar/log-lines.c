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
    char *path;
    gint64 written_us;
} LogFile;

typedef struct {
    PstLogLine each;
    gpointer user_data;
    GString *line;
    char *fault;
} Reading;

static void
free_log_file(gpointer data)
{
    LogFile *file = data;

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
add_log_file(GPtrArray *files, const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    struct stat st;

    if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
        return;
    LogFile *file = g_new0(LogFile, 1);
    file->path = g_steal_pointer(&path);
    file->written_us = st.st_mtim.tv_sec * (gint64)G_USEC_PER_SEC + st.st_mtim.tv_nsec / 1000;
    g_ptr_array_add(files, file);
}

static gint
compare_files(gconstpointer a, gconstpointer b)
{
    const LogFile *one = *(LogFile *const *)a, *other = *(LogFile *const *)b;

    return (one->written_us > other->written_us) - (one->written_us < other->written_us);
}

static GPtrArray *
find_rotated(const char *file)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(free_log_file);
    g_autofree char *path = g_path_get_dirname(file);
    g_autofree char *base = g_path_get_basename(file);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);

    for (const char *name; folder != NULL && (name = g_dir_read_name(folder)) != NULL;)
        if (g_str_has_prefix(name, base) && is_rotated(name + strlen(base)))
            add_log_file(files, path, name);
    g_ptr_array_sort(files, compare_files);
    return files;
}

static void
end_line(Reading *reading)
{
    if (reading->line->len > 0)
        reading->each(reading->line->str, reading->line->len, reading->user_data);
    g_string_truncate(reading->line, 0);
}

static void
take_bytes(Reading *reading, const char *bytes, gsize len)
{
    while (len > 0) {
        const char *end = memchr(bytes, '\n', len);
        gsize n = end != NULL ? (gsize)(end - bytes) : len;

        g_string_append_len(reading->line, bytes,
                            (gssize)MIN(n, PST_LOG_LINES_MAX - reading->line->len));
        if (end == NULL)
            return;
        end_line(reading);
        bytes += n + 1;
        len -= n + 1;
    }
}

static void
tell_fault(Reading *reading, const char *path, const char *why)
{
    if (reading->fault == NULL)
        reading->fault = g_strdup_printf("the audit log can't be read: %s: %s", path, why);
}

static void
read_stream(Reading *reading, GInputStream *stream, const char *path)
{
    g_autofree char *buffer = g_malloc(STEP);
    g_autoptr(GError) cause = NULL;
    gssize n;

    while ((n = g_input_stream_read(stream, buffer, STEP, NULL, &cause)) > 0)
        take_bytes(reading, buffer, (gsize)n);
    end_line(reading);
    if (n < 0)
        tell_fault(reading, path, cause->message);
}

static void
read_log(Reading *reading, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    struct stat st;

    if (fd < 0) {
        if (errno != ENOENT)
            tell_fault(reading, path, g_strerror(errno));
        return;
    }
    g_autoptr(GInputStream) file = g_unix_input_stream_new(fd, TRUE);
    /* A device may have no end. */
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        tell_fault(reading, path, "it is no plain file");
        return;
    }
    if (!g_str_has_suffix(path, ".gz")) {
        read_stream(reading, file, path);
        return;
    }
    g_autoptr(GZlibDecompressor) zlib = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
    g_autoptr(GInputStream) unpacked = g_converter_input_stream_new(file, G_CONVERTER(zlib));
    read_stream(reading, unpacked, path);
}

char *
pst_log_lines_each(const char *file, PstLogLine each, gpointer user_data)
{
    g_autoptr(GPtrArray) rotated = find_rotated(file);
    g_autoptr(GString) line = g_string_new(NULL);
    Reading reading = {each, user_data, line, NULL};

    for (guint i = 0; i < rotated->len; i++)
        read_log(&reading, ((LogFile *)rotated->pdata[i])->path);
    read_log(&reading, file);
    return reading.fault;
}
