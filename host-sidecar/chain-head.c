// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/chain-head.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/error.h"
#include "protocol/json.h"

#define TURN_US (3 * G_USEC_PER_SEC)
#define PAUSE_US 200

void
pst_chain_head_begin(PstChainHead *head)
{
    *head = (PstChainHead){.kept = 1};
    g_strlcpy(head->sha256, pst_chain_nothing, sizeof(head->sha256));
}

char *
pst_chain_head_path(const char *log)
{
    return g_strconcat(log, ".head", NULL);
}

/* Of a fixed length, so that it is always written over as a whole, and needs no room anew. */
void
pst_chain_head_to_text(const PstChainHead *head, char text[PST_CHAIN_HEAD_BYTES + 1])
{
    int n = g_snprintf(
        text, PST_CHAIN_HEAD_BYTES,
        "{\"seq\":%" G_GUINT64_FORMAT ",\"sha256\":\"%s\",\"bytes\":%" G_GINT64_FORMAT
        ",\"first\":%" G_GUINT64_FORMAT ",\"kept\":%" G_GUINT64_FORMAT ",\"boot\":\"%s\"}",
        head->seq, head->sha256, head->bytes, head->first, head->kept, head->boot);

    memset(text + n, ' ', PST_CHAIN_HEAD_BYTES - (gsize)n);
    text[PST_CHAIN_HEAD_BYTES - 1] = '\n';
    text[PST_CHAIN_HEAD_BYTES] = '\0';
}

static gboolean
take_number(JsonObject *json, const char *name, guint64 *value)
{
    gint64 number = -1;

    if (!pst_json_get_int(json, name, PST_JSON_REQUIRED, &number, NULL) || number < 0)
        return FALSE;
    *value = (guint64)number;
    return TRUE;
}

gboolean
pst_chain_head_parse(const char *text, gsize len, PstChainHead *head)
{
    const char *sha256 = NULL, *boot = NULL;
    guint64 bytes = 0;
    g_autoptr(JsonObject) json = pst_json_parse(text, len, &pst_validate_from_guest, NULL);

    if (json == NULL || !take_number(json, "seq", &head->seq) ||
        !take_number(json, "bytes", &bytes) || !take_number(json, "first", &head->first) ||
        !take_number(json, "kept", &head->kept) ||
        !pst_json_get_string(json, "sha256", PST_JSON_REQUIRED, &sha256, NULL) ||
        !pst_json_get_string(json, "boot", PST_JSON_REQUIRED, &boot, NULL))
        return FALSE;
    head->bytes = (gint64)bytes;
    return strspn(sha256, "0123456789abcdef") == PST_CHAIN_DIGITS &&
           g_strlcpy(head->sha256, sha256, sizeof(head->sha256)) == PST_CHAIN_DIGITS &&
           strspn(boot, "0123456789abcdef-") == strlen(boot) &&
           g_strlcpy(head->boot, boot, sizeof(head->boot)) < sizeof(head->boot);
}

gboolean
pst_chain_head_read(int fd, PstChainHead *head)
{
    char text[PST_CHAIN_HEAD_BYTES];
    gssize n = pread(fd, text, sizeof(text), 0);

    return n > 0 && pst_chain_head_parse(text, (gsize)n, head);
}

gboolean
pst_chain_head_write(int fd, const PstChainHead *head)
{
    char text[PST_CHAIN_HEAD_BYTES + 1];
    gssize n = 0;

    pst_chain_head_to_text(head, text);
    n = pwrite(fd, text, PST_CHAIN_HEAD_BYTES, 0);
    if (n >= 0 && n != PST_CHAIN_HEAD_BYTES)
        errno = ENOSPC;
    return n == PST_CHAIN_HEAD_BYTES;
}

static gboolean
take_lock(int fd)
{
    gint64 until_us = g_get_monotonic_time() + TURN_US;

    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if ((errno != EWOULDBLOCK && errno != EINTR) || g_get_monotonic_time() >= until_us)
            return FALSE;
        g_usleep(PAUSE_US);
    }
    return TRUE;
}

static gboolean
is_own_file(int fd)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return FALSE;
    errno = EPERM;
    return S_ISREG(st.st_mode) && st.st_uid == geteuid();
}

int
pst_chain_head_take(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

    if (fd >= 0 && is_own_file(fd) && take_lock(fd))
        return fd;
    g_set_error(error, PST_ERROR, PST_ERROR_OUTPUT, "the audit record can't be written: %s: %s",
                path, errno == EWOULDBLOCK ? "another process holds it" : g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}
