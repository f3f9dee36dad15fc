// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/kernel-log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "protocol/error.h"

#define PATH "/dev/kmsg"
#define MAX_BYTES (4 * 1024 * 1024)
#define MAX_RECORD (16 * 1024) /* a smaller buffer gets EINVAL for a long record */
#define FACILITY_SHIFT 3

/* "PRIORITY,SEQUENCE,TIME,FLAGS[,…];MESSAGE"; facility 0 is the kernel's, and no program can write
 * with it (devkmsg_write() of the kernel). */
const char *
pst_kernel_log_parse(const char *line, gint64 *time_us)
{
    const char *message = strchr(line, ';');
    guint64 numbers[3];
    const char *at = line;

    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
        char *end;

        if (!g_ascii_isdigit(*at))
            return NULL;
        numbers[i] = g_ascii_strtoull(at, &end, 10);
        if (*end != ',')
            return NULL;
        at = end + 1;
    }
    if (message == NULL || numbers[0] >> FACILITY_SHIFT != 0 || numbers[2] > G_MAXINT64 / 2)
        return NULL;
    *time_us = (gint64)numbers[2];
    return message + 1;
}

/* 'c', and of kernels before 4.10 '+' too: info_print_ext_header() of the kernel's printk.c. */
gboolean
pst_kernel_log_is_fragment(const char *line, guint64 *seq)
{
    char *end;

    *seq = g_ascii_strtoull(line + strcspn(line, ",") + 1, &end, 10);
    g_ascii_strtoull(end + 1, &end, 10);
    return *end == ',' && (end[1] == 'c' || end[1] == '+');
}

/* What begins with a blank belongs to the record before. */
static void
take_line(const char *line, PstKernelLogRecord record, gpointer user_data)
{
    gint64 time_us;
    const char *message = pst_kernel_log_parse(line, &time_us);

    if (message != NULL)
        record(message, time_us, user_data);
}

/* The whole lines of TEXT; what is left of the last one stays. */
static void
take_lines(GString *text, PstKernelLogRecord record, gpointer user_data)
{
    gsize at = 0;
    char *end;

    while ((end = memchr(text->str + at, '\n', text->len - at)) != NULL) {
        *end = '\0';
        take_line(text->str + at, record, user_data);
        at = (gsize)(end - text->str) + 1;
    }
    if (text->len - at > MAX_RECORD)
        at = text->len;
    g_string_erase(text, 0, (gssize)at);
}

/* Each read gives one record. EPIPE: it was overwritten meanwhile, and the next one is newer. */
static gboolean
read_records(int fd, PstKernelLogRecord record, gpointer user_data)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (gsize total = 0; total < MAX_BYTES;) {
        char buffer[MAX_RECORD];
        gssize n = read(fd, buffer, sizeof(buffer));

        if (n < 0 && (errno == EINTR || errno == EPIPE)) {
            total++;
            continue;
        }
        if (n <= 0)
            return n == 0 || errno == EAGAIN;
        total += (gsize)n;
        g_string_append_len(text, buffer, n);
        take_lines(text, record, user_data);
    }
    return TRUE;
}

/* A file stands for it in a test. */
static gboolean
is_log(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && (S_ISCHR(st.st_mode) || S_ISREG(st.st_mode));
}

gboolean
pst_kernel_log_read(const PstSysroot *sysroot, PstKernelLogRecord record, gpointer user_data,
                    GError **error)
{
    int fd = pst_sysroot_open(sysroot, PATH, 0, error);

    if (fd < 0)
        return FALSE;
    gboolean done = is_log(fd) && read_records(fd, record, user_data);
    int failed = errno;
    close(fd);
    if (!done)
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, PATH ": can't be read: %s",
                    g_strerror(failed));
    return done;
}
