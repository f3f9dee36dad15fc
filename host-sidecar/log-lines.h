// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* The lines of a log and of those that logrotate(8) set aside of it: FILE.1, FILE-20260101, and the
 * same with .gz. */

/* Of a line; the rest of a longer one is left out. */
#define PST_LOG_LINES_MAX (128 * 1024)

typedef struct {
    const char *path; /* of the file */
    const char *text; /* without its line feed, and with a NUL behind it */
    gsize len;
    gboolean whole; /* FALSE: the file's last, without a line feed */
} PstLogLine;

/* FALSE: nothing more of this file. */
typedef gboolean (*PstLogLines)(const PstLogLine *line, gpointer user_data);

typedef struct {
    char *path;
    gint64 written_us;
    int fd;         /* -1: it can't be opened */
    int why;        /* then, errno */
    gboolean plain; /* a regular file: a device may have no end */
    gint64 bytes;   /* its size when it was opened, beyond which it is not read */
} PstLogFile;

/* Opens all of them, the one that was written to longest ago first and FILE, where it is there,
 * last. Free with g_ptr_array_unref(). */
GPtrArray *pst_log_lines_open(const char *file);

/* Tells EACH of its lines, from the first one on. Returns NULL, or what could not be read, and why,
 * for people: free with g_free(). */
char *pst_log_lines_read(const PstLogFile *file, PstLogLines each, gpointer user_data);

/* Both, for all of them. That there is no file is no error. Returns as above. */
char *pst_log_lines_each(const char *file, PstLogLines each, gpointer user_data);
