// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/chain-verify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "host-sidecar/log-lines.h"
#include "protocol/error.h"
#include "protocol/json.h"

#define TURN_US (3 * G_USEC_PER_SEC)
#define PAUSE_US 500

/* A file, and where in the chain it begins. */
typedef struct {
    const PstLogFile *file;
    guint64 first; /* 0: it has no line of a chain */
    guint64 n_lines;
    GChecksum *sha256; /* of all of it, where it has none */
} Part;

static void
clear_part(gpointer data)
{
    g_checksum_free(((Part *)data)->sha256);
}

static gboolean
fail(const char *what, const char *why, GError **error)
{
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: %s", what, why);
    return FALSE;
}

/* ---- */

static void
take_turn(int fd)
{
    gint64 until_us = g_get_monotonic_time() + TURN_US;

    while (flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK &&
           g_get_monotonic_time() < until_us)
        g_usleep(PAUSE_US);
}

/* As they are between two writers. *has_head tells whether there is one. */
static GPtrArray *
open_all(const char *file, PstChainHead *head, gboolean *has_head, GError **error)
{
    g_autofree char *path = pst_chain_head_path(file);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0 && errno != ENOENT) {
        fail(path, g_strerror(errno), error);
        return NULL;
    }
    if (fd >= 0)
        take_turn(fd);
    *has_head = fd >= 0 && pst_chain_head_read(fd, head);
    GPtrArray *files = pst_log_lines_open(file);
    if (fd >= 0)
        close(fd);
    return files;
}

static gboolean
look_at_line(const PstLogLine *line, gpointer user_data)
{
    Part *part = user_data;
    PstChainLink link;

    if (line->whole && pst_chain_line_read(line->text, line->len, &link)) {
        part->first = link.seq;
        return FALSE;
    }
    part->n_lines++;
    g_checksum_update(part->sha256, (const guchar *)line->text, (gssize)line->len);
    if (line->whole)
        g_checksum_update(part->sha256, (const guchar *)"\n", 1);
    return TRUE;
}

static gint
compare_parts(gconstpointer a, gconstpointer b)
{
    const Part *one = a, *other = b;

    return (one->first > other->first) - (one->first < other->first);
}

/* In the order of the chain, whatever their dates and names. */
static GArray *
arrange(const GPtrArray *files, GError **error)
{
    g_autoptr(GArray) parts = g_array_new(FALSE, TRUE, sizeof(Part));

    g_array_set_clear_func(parts, clear_part);
    for (guint i = 0; i < files->len; i++) {
        Part part = {files->pdata[i], 0, 0, g_checksum_new(G_CHECKSUM_SHA256)};

        g_array_append_val(parts, part);
        g_autofree char *why = pst_log_lines_read(part.file, look_at_line,
                                                  &g_array_index(parts, Part, parts->len - 1));
        if (why != NULL) {
            g_set_error_literal(error, PST_ERROR, PST_ERROR_UNAVAILABLE, why);
            return NULL;
        }
    }
    g_array_sort(parts, compare_parts);
    return g_steal_pointer(&parts);
}

static gboolean
check_line(const PstLogLine *line, gpointer user_data)
{
    pst_chain_check_line(user_data, line->text, line->len, line->whole);
    return TRUE;
}

static char *
check_part(PstChainCheck *check, const Part *part)
{
    g_autofree char *name = g_path_get_basename(part->file->path);

    if (part->first > 0) {
        pst_chain_check_file(check, part->file->path);
        return pst_log_lines_read(part->file, check_line, check);
    }
    if (part->n_lines > 0)
        pst_chain_check_old(check, name, g_checksum_get_string(part->sha256), part->n_lines);
    return NULL;
}

PstChainOutcome *
pst_chain_verify(const char *file, const char *sought, GError **error)
{
    PstChainHead head;
    gboolean has_head = FALSE;
    g_autofree char *fault = NULL;
    g_autoptr(GPtrArray) files = open_all(file, &head, &has_head, error);
    g_autoptr(GArray) parts = files != NULL ? arrange(files, error) : NULL;

    if (parts == NULL)
        return NULL;
    if (parts->len == 0 && !has_head) {
        fail(file, "there is no audit log", error);
        return NULL;
    }
    PstChainCheck *check = pst_chain_check_new(has_head ? &head : NULL, sought);
    for (guint i = 0; i < parts->len && fault == NULL; i++)
        fault = check_part(check, &g_array_index(parts, Part, i));
    g_autoptr(PstChainOutcome) result = pst_chain_check_end(check);
    if (fault == NULL)
        return g_steal_pointer(&result);
    g_set_error_literal(error, PST_ERROR, PST_ERROR_UNAVAILABLE, fault);
    return NULL;
}
