// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/probe-file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "guest-shim/door-report.h"
#include "guest-shim/private-lines.h"
#include "guest-shim/redact.h"
#include "protocol/report-file.h"

#define DEFAULT_BYTES (64 * 1024)
#define MAX_BYTES (96 * 1024)
/* Of the page as a string in JSON, so that the report fits into a frame and nothing of it is cut:
 * the next page begins behind what was really told. */
#define MAX_JSON (192 * 1024)

/* A part of the file, with as much around the page as it takes to know what is a secret in it. */
typedef struct {
    char *text;
    gsize len;
    gsize from;     /* where the page begins in it */
    gboolean whole; /* it ends with the file */
} Window;

static void
window_clear(Window *window)
{
    g_free(window->text);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Window, window_clear)

static gboolean
read_window(int fd, gint64 offset, gsize bytes, Window *window, int *number)
{
    gsize before = (gsize)MIN(offset, PST_REDACT_BEFORE);
    gsize wanted = before + bytes + PST_REDACT_AFTER;
    gssize n = 1;

    window->text = g_malloc(wanted + 1);
    window->from = before;
    while (window->len < wanted && n != 0) {
        n = pread(fd, window->text + window->len, wanted - window->len,
                  (off_t)(offset - (gint64)before + (gint64)window->len));
        if (n < 0 && errno != EINTR) {
            *number = errno;
            return FALSE;
        }
        window->len += (gsize)MAX(n, 0);
    }
    window->whole = n == 0;
    window->text[window->len] = '\0';
    window->from = MIN(window->from, window->len);
    return TRUE;
}

/* Pages part between lines, or at least between characters. */
static gsize
page_end(const Window *window, gsize bytes)
{
    gsize end = window->from + bytes;
    const char *line;

    if (end >= window->len)
        return window->len;
    line = memrchr(window->text + window->from, '\n', bytes);
    if (line != NULL)
        return (gsize)(line - window->text) + 1;
    for (guint i = 0; i < 3 && end > window->from + 1 && (window->text[end] & 0xC0) == 0x80; i++)
        end--;
    return end;
}

/* How many bytes json-glib writes for the text. */
static gsize
json_length(const GString *text)
{
    gsize length = 0;

    for (gsize i = 0; i < text->len; i++) {
        guchar c = (guchar)text->str[i];

        if (c == '"' || c == '\\' || c == '\n' || c == '\t' || c == '\r')
            length += 2;
        else if (c < 0x20 || c == 0x7F)
            length += 6;
        else
            length += c < 0x80 ? 1 : 3; /* a byte that is no UTF-8 becomes U+FFFD */
    }
    return length;
}

static void
take_page(const PstSysroot *sysroot, const Window *window, gsize bytes, PstFileData *data)
{
    g_autoptr(GArray) lines = pst_private_lines_find(sysroot, window->text, window->len);

    for (;; bytes /= 2) {
        gsize end = page_end(window, bytes);
        guint n;
        g_autoptr(GString) page =
            pst_redact_part(window->text, window->len, window->from, end, lines, &n);

        if (bytes > 1 && json_length(page) > MAX_JSON)
            continue;
        data->n_redacted = n;
        data->binary = PST_TRI(memchr(window->text + window->from, '\0', end - window->from));
        if (data->binary == PST_TRI_YES)
            return;
        data->text = g_strdup(page->str);
        if (end < window->len || !window->whole)
            data->next_offset = data->offset + (gint64)(end - window->from);
        return;
    }
}

static gint64
or_default(gint64 number, gint64 otherwise)
{
    return number != PST_INT_UNKNOWN ? number : otherwise;
}

static void
read_page(const PstProbeContext *context, const PstDoorFile *file, const PstFileArgs *args,
          PstReport *report)
{
    gsize bytes = (gsize)CLAMP(or_default(args->max_bytes, DEFAULT_BYTES), 1, MAX_BYTES);
    PstFileData *data = report->data;
    g_auto(Window) window = {NULL};
    int number = 0;

    data->path = g_strdup(file->path);
    data->size = file->st.st_size;
    data->mode = pst_door_report_mode(&file->st);
    data->owner = pst_door_report_owner(&file->st);
    data->mtime_us = pst_door_report_mtime(&file->st);
    data->offset = CLAMP(or_default(args->offset, 0), 0, G_MAXINT64 / 2);
    if (!read_window(file->fd, data->offset, bytes, &window, &number)) {
        pst_report_add(report, "file.could-not-look", PST_SEVERITY_UNKNOWN, "%s: %s", args->path,
                       g_strerror(number))
            ->evidence->error = g_strdup(g_strerror(number));
        return;
    }
    take_page(context->sysroot, &window, bytes, data);
    if (data->binary == PST_TRI_YES)
        pst_report_add(report, "file.binary", PST_SEVERITY_INFORMATION,
                       "%s is no text: it holds NUL bytes", args->path);
    report->truncated = data->next_offset != PST_INT_UNKNOWN;
}

void
pst_probe_file_run(const PstProbeContext *context, gconstpointer args, PstReport *report)
{
    const PstFileArgs *wanted = args;
    g_auto(PstDoorFile) file = PST_DOOR_FILE_NONE;
    g_autoptr(PstDoor) door = pst_door_report_new(context, wanted->path, report);

    if (door != NULL && pst_door_report_open(context, door, wanted->path, FALSE, &file, report))
        read_page(context, &file, wanted, report);
    g_autofree char *summary = g_strdup_printf("%s: %" G_GINT64_FORMAT " bytes", wanted->path,
                                               (gint64)MAX(0, file.st.st_size));
    pst_report_conclude(report, summary);
}
