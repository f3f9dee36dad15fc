// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host-sidecar/chain-files.h"
#include "host-sidecar/chain-head.h"
#include "host-sidecar/chain-tail.h"
#include "host-sidecar/sync.h"
#include "protocol/error.h"
#include "protocol/json.h"

#define STEP 65536

typedef struct {
    const char *path;
    int head_fd, fd;
    PstChainHead head;
    gint64 size;  /* of the file */
    GString *out; /* what is to be appended */
    const char *fault;
} Writer;

static void
close_writer(Writer *writer)
{
    if (writer->fd >= 0)
        close(writer->fd);
    if (writer->head_fd >= 0)
        close(writer->head_fd);
    g_string_free(writer->out, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Writer, close_writer)

static gboolean
fail(const Writer *writer, const char *why, GError **error)
{
    g_set_error(error, PST_ERROR, PST_ERROR_OUTPUT, "the audit record can't be written: %s: %s",
                writer->path, why);
    return FALSE;
}

static void
read_boot(char boot[40])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    gssize n = fd >= 0 ? read(fd, boot, 39) : 0;

    if (fd >= 0)
        close(fd);
    boot[n > 0 ? n : 0] = '\0';
    boot[strspn(boot, "0123456789abcdef-")] = '\0';
}

/* ---- lines */

static void
add_line(Writer *writer, const char *json)
{
    PstChainLink link = {.seq = writer->head.seq + 1};

    g_strlcpy(link.prev, writer->head.sha256, sizeof(link.prev));
    g_autofree char *line = pst_chain_line_make(json, &link);
    pst_chain_line_digest(line, strlen(line), writer->head.sha256);
    writer->head.seq++;
    g_string_append(writer->out, line);
    g_string_append_c(writer->out, '\n');
}

/* The log's own word on itself. */
static JsonObject *
new_event(const char *name)
{
    JsonObject *json = json_object_new();

    json_object_set_int_member(json, "realtime_us", g_get_real_time());
    pst_json_set_string(json, "event", name);
    return json;
}

static void
add_event(Writer *writer, JsonObject *json)
{
    g_autofree char *text = pst_json_to_text(json, NULL);

    add_line(writer, text);
}

/* ---- files */

static gboolean
open_log(Writer *writer, GError **error)
{
    struct stat st;

    writer->fd =
        open(writer->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (writer->fd < 0 || fstat(writer->fd, &st) < 0)
        return fail(writer, g_strerror(errno), error);
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
        return fail(writer, "it is no file of this user's", error);
    writer->size = st.st_size;
    return TRUE;
}

static void
add_begin(Writer *writer, const char *before, const char *sha256)
{
    g_autoptr(JsonObject) json = new_event("begin");
    g_autofree char *name = before != NULL ? g_path_get_basename(before) : NULL;

    pst_json_set_string(json, "file", name);
    pst_json_set_string(json, "sha256", sha256);
    writer->head.bytes = 0;
    writer->head.first = writer->head.seq + 1;
    add_event(writer, json);
}

static gboolean
open_next(Writer *writer, GError **error)
{
    close(writer->fd);
    return open_log(writer, error) && (writer->size == 0 || fail(writer, "it is in use", error));
}

/* Whom the administrator lets read the one may read the other. */
static void
take_over_mode(const Writer *writer, const struct stat *before)
{
    (void)!fchown(writer->fd, (uid_t)-1, before->st_gid);
    (void)!fchmod(writer->fd, before->st_mode & 0640);
}

/* The file is full: the chain goes on in another. */
static gboolean
rotate(Writer *writer, GError **error)
{
    struct stat st;

    if (fstat(writer->fd, &st) < 0)
        return fail(writer, g_strerror(errno), error);
    pst_sync_fd(writer->fd);
    g_autofree char *name = pst_chain_files_set_aside(writer->path, writer->head.first);
    if (name == NULL)
        return fail(writer, g_strerror(errno), error);
    guint64 oldest = pst_chain_files_oldest(writer->path, PST_CHAIN_KEPT_FILES);
    writer->head.kept = MAX(writer->head.kept, oldest);
    /* What is removed for its age is never missed. */
    if (!pst_chain_head_write(writer->head_fd, &writer->head))
        return fail(writer, g_strerror(errno), error);
    pst_chain_files_prune(writer->path, PST_CHAIN_KEPT_FILES);
    if (!open_next(writer, error))
        return FALSE;
    take_over_mode(writer, &st);
    add_begin(writer, name, NULL);
    return TRUE;
}

static char *
digest_file(int fd)
{
    g_autoptr(GChecksum) sha256 = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree guint8 *buffer = g_malloc(STEP);
    gint64 offset = 0;
    gssize n;

    while ((n = pread(fd, buffer, STEP, offset)) > 0) {
        g_checksum_update(sha256, buffer, n);
        offset += n;
    }
    return n < 0 ? NULL : g_strdup(g_checksum_get_string(sha256));
}

/* What was written before there was a chain is vouched for as a whole from now on. */
static gboolean
begin_after_old(Writer *writer, GError **error)
{
    g_autofree char *sha256 = digest_file(writer->fd);
    g_autofree char *name = pst_chain_files_set_aside(writer->path, 0);

    if (name == NULL)
        return fail(writer, g_strerror(errno), error);
    if (!open_next(writer, error))
        return FALSE;
    add_begin(writer, name, sha256);
    return TRUE;
}

/* ---- how the log is found */

static gboolean
take_tail(Writer *writer, GError **error)
{
    PstChainTail tail;

    if (!pst_chain_tail_take(writer->fd, writer->size, &writer->head, &tail))
        return fail(writer, g_strerror(errno), error);
    if (tail.foreign)
        writer->fault = "there are lines behind its end that postern did not write";
    /* Nobody was told of it, and the torn line gets its seal anew. */
    if (tail.spare > 0 && ftruncate(writer->fd, writer->size - (gint64)tail.spare) < 0)
        return fail(writer, g_strerror(errno), error);
    writer->size -= (gint64)tail.spare;
    if (tail.open || tail.spare > 0)
        g_string_append_c(writer->out, '\n');
    if (tail.torn == 0)
        return TRUE;
    g_autoptr(JsonObject) json = new_event("torn");
    json_object_set_int_member(json, "bytes", (gint64)tail.torn);
    pst_json_set_string(json, "sha256", tail.torn_sha256);
    add_event(writer, json);
    return TRUE;
}

static gboolean
take_cut(Writer *writer, const char *boot, GError **error)
{
    g_autoptr(JsonObject) json = new_event("cut");
    char last = '\n';

    if (pread(writer->fd, &last, 1, writer->size - 1) != 1)
        return fail(writer, g_strerror(errno), error);
    if (last != '\n')
        g_string_append_c(writer->out, '\n');
    json_object_set_int_member(json, "bytes", writer->size);
    json_object_set_int_member(json, "were", writer->head.bytes);
    json_object_set_boolean_member(json, "restarted", !g_str_equal(boot, writer->head.boot));
    writer->fault = "its end is missing";
    add_event(writer, json);
    return TRUE;
}

/* The head is new, or lost. */
static gboolean
take_headless(Writer *writer, GError **error)
{
    pst_chain_head_begin(&writer->head);
    gboolean chained = pst_chain_tail_recover(writer->fd, writer->size, &writer->head);
    /* Its room is there before anything is written that it has to tell of. */
    if (!pst_chain_head_write(writer->head_fd, &writer->head))
        return fail(writer, g_strerror(errno), error);
    if (!chained && writer->size > 0)
        return begin_after_old(writer, error);
    if (!chained) {
        add_begin(writer, NULL, NULL);
        return TRUE;
    }
    if (!take_tail(writer, error))
        return FALSE;
    g_autoptr(JsonObject) json = new_event("head-lost");
    writer->fault = "its head is missing";
    add_event(writer, json);
    return TRUE;
}

/* A writer was killed while it turned to a new file; else somebody took the file away. */
static void
take_empty(Writer *writer)
{
    g_autofree char *name = pst_chain_files_name(writer->path, writer->head.first);
    gboolean full = writer->head.seq > 0 && access(name, F_OK) == 0;

    if (writer->head.seq > 0 && !full)
        writer->fault = "the file is gone";
    add_begin(writer, full ? name : NULL, NULL);
}

static gboolean
take_log(Writer *writer, const char *boot, GError **error)
{
    if (!pst_chain_head_read(writer->head_fd, &writer->head))
        return take_headless(writer, error);
    if (writer->size == 0) {
        take_empty(writer);
        return TRUE;
    }
    if (writer->size < writer->head.bytes)
        return take_cut(writer, boot, error);
    return writer->size == writer->head.bytes || take_tail(writer, error);
}

/* ---- */

/* A line is there as a whole or not at all. */
static gboolean
write_out(Writer *writer, GError **error)
{
    gssize n = write(writer->fd, writer->out->str, writer->out->len);
    int why = n < 0 ? errno : ENOSPC;

    if (n == (gssize)writer->out->len)
        return TRUE;
    if (n > 0 && ftruncate(writer->fd, writer->size) < 0)
        return fail(writer, "it was written in part, and can't be cut back", error);
    return fail(writer, g_strerror(why), error);
}

static gboolean
sync_out(const Writer *writer, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(writer->path);

    return (pst_sync_fd(writer->fd) && pst_sync_path(folder)) ||
           fail(writer, g_strerror(errno), error);
}

static gboolean
append(Writer *writer, const char *json, GError **error)
{
    char boot[40];

    read_boot(boot);
    if (!open_log(writer, error) || !take_log(writer, boot, error))
        return FALSE;
    if (writer->size > 0 && writer->out->len == 0 &&
        writer->size + (gint64)strlen(json) > PST_CHAIN_FILE_BYTES && !rotate(writer, error))
        return FALSE;
    add_line(writer, json);
    if (!write_out(writer, error))
        return FALSE;
    writer->head.bytes = writer->size + (gint64)writer->out->len;
    g_strlcpy(writer->head.boot, boot, sizeof(writer->head.boot));
    /* A head that stays behind is caught up with by the next writer. */
    (void)pst_chain_head_write(writer->head_fd, &writer->head);
    return TRUE;
}

gboolean
pst_chain_append(const char *path, const char *json, gboolean synced, PstChainEntry *entry,
                 GError **error)
{
    g_auto(Writer) writer = {.path = path, .head_fd = -1, .fd = -1, .out = g_string_new(NULL)};
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *head = pst_chain_head_path(path);

    if (strlen(json) + 2 * PST_CHAIN_DIGITS > PST_CHAIN_LINE_BYTES)
        return fail(&writer, "the record is too long", error);
    if (g_mkdir_with_parents(folder, 0700) < 0)
        return fail(&writer, g_strerror(errno), error);
    writer.head_fd = pst_chain_head_take(head, error);
    if (writer.head_fd < 0 || !append(&writer, json, error))
        return FALSE;
    /* A disk takes its time: nobody waits for their turn meanwhile. */
    close(writer.head_fd);
    writer.head_fd = -1;
    if (synced && !sync_out(&writer, error))
        return FALSE;
    entry->seq = writer.head.seq;
    entry->fault = writer.fault;
    g_strlcpy(entry->sha256, writer.head.sha256, sizeof(entry->sha256));
    return TRUE;
}
