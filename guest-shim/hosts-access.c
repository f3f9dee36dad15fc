// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/hosts-access.h"

#include <string.h>

#include "guest-shim/hosts-options.h"
#include "guest-shim/hosts-pattern.h"
#include "protocol/error.h"

#define MAX_FILE (256 * 1024)
#define MAX_TEXT 256
/* What the library has for a line and what continues it, with its newline, and the NUL. */
#define MAX_LINE 2048

void
pst_hosts_access_clear(PstHostsAccess *access)
{
    g_clear_pointer(&access->path, g_free);
    g_clear_pointer(&access->text, g_free);
}

/* ---- lines ---- */

/* Of both files; NULL: there is none. */
typedef struct {
    const char *path;
    gboolean allows;
    char *text;
} File;

#define N_FILES 2

typedef struct {
    const char *daemon;
    const PstPeer *peer;
    const File *file;
    guint may;
    PstHostsAccess *access;
} Reading;

typedef enum {
    NEXT,     /* the line is about somebody else */
    DECIDED,  /* it is about the connection */
    GIVEN_UP, /* it can't be read, and nothing behind it is */
} Step;

/* The first line that is about the connection, or may be. */
static void
note(const Reading *reading, guint number, const char *text)
{
    PstHostsAccess *access = reading->access;

    if (access->path != NULL)
        return;
    access->path = g_strdup(reading->file->path);
    access->line = number;
    access->text = g_utf8_make_valid(text, (gssize)MIN(strcspn(text, "\n"), MAX_TEXT));
}

/* A line as the library has it: with its newline, and with the lines that continue it. FALSE where
 * it is too long, or the file ends before the line does. */
static gboolean
take_line(const char **rest, guint *number, GString *line)
{
    g_string_truncate(line, 0);
    while (**rest != '\0') {
        const char *end = strchr(*rest, '\n');
        gsize len = end != NULL ? (gsize)(end - *rest) + 1 : strlen(*rest);

        if (end == NULL || line->len + len >= MAX_LINE)
            return FALSE;
        g_string_append_len(line, *rest, (gssize)len);
        *rest = end + 1;
        *number += 1;
        if (len < 2 || end[-1] != '\\')
            return TRUE;
        g_string_truncate(line, line->len - 2);
    }
    return line->len == 0;
}

static Step
judge_line(Reading *reading, guint number, const GString *text)
{
    g_autofree char *daemons = g_strdup(text->str);
    char *clients = pst_hosts_pattern_split(daemons, ':');

    /* A comment begins where its line does. */
    if (daemons[0] == '#' || clients == NULL)
        return NEXT;
    char *options = pst_hosts_pattern_split(clients, ':');
    PstTri daemon = pst_hosts_pattern_daemons(daemons, reading->daemon);
    PstTri client =
        daemon != PST_TRI_NO ? pst_hosts_pattern_clients(clients, reading->peer) : PST_TRI_NO;
    if (client == PST_TRI_NO)
        return NEXT;
    note(reading, number, text->str);
    reading->may |= pst_hosts_options_judge(options, reading->file->allows);
    return daemon == PST_TRI_YES && client == PST_TRI_YES ? DECIDED : NEXT;
}

static Step
judge_file(Reading *reading)
{
    g_autoptr(GString) line = g_string_new(NULL);
    const char *rest = reading->file->text != NULL ? reading->file->text : "";
    guint number = 0;
    Step step = NEXT;

    while (step == NEXT && *rest != '\0') {
        guint first = number + 1;

        if (!take_line(&rest, &number, line)) {
            /* In hosts.deny that is an error, and an error denies. */
            if (!reading->file->allows) {
                note(reading, first, line->len > 0 ? line->str : rest);
                reading->may |= PST_HOSTS_MAY_DENY;
            }
            return reading->file->allows ? GIVEN_UP : DECIDED;
        }
        step = judge_line(reading, first, line);
    }
    return step;
}

/* ---- who comes ---- */

static void
judge_peer(const File files[N_FILES], const char *daemon, const PstPeer *peer,
           PstHostsAccess *access)
{
    Reading reading = {.daemon = daemon, .peer = peer, .access = access};
    Step step = NEXT;

    for (guint i = 0; step != DECIDED && i < N_FILES; i++) {
        reading.file = &files[i];
        step = judge_file(&reading);
    }
    /* What no line is about is allowed. */
    if (step != DECIDED)
        reading.may |= PST_HOSTS_MAY_ALLOW;
    access->allowed = reading.may == PST_HOSTS_MAY_ALLOW  ? PST_TRI_YES
                      : reading.may == PST_HOSTS_MAY_DENY ? PST_TRI_NO
                                                          : PST_TRI_UNKNOWN;
}

/* FALSE where the file can't be read. */
static gboolean
read_file(const PstSysroot *sysroot, File *file, GError **error)
{
    g_autoptr(GError) cause = NULL;
    gsize len = 0;

    file->text = pst_sysroot_read(sysroot, file->path, MAX_FILE, &len, &cause);
    if (file->text == NULL && cause->code != PST_ERROR_ABSENT) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    if (file->text == NULL || strlen(file->text) == len)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: is no text: it has a byte of 0",
                file->path);
    return FALSE;
}

static void
judge_peers(const File files[N_FILES], const char *daemon, const char *address,
            PstHostsAccess *access)
{
    PstPeer peers[PST_PEER_MAX];
    guint n_peers = pst_peer_list(address, peers);

    judge_peer(files, daemon, &peers[0], access);
    for (guint i = 1; i < n_peers; i++) {
        g_auto(PstHostsAccess) other = {PST_TRI_UNKNOWN};

        judge_peer(files, daemon, &peers[i], &other);
        PstTri allowed = pst_peer_agree(access->allowed, other.allowed);
        /* The line that shuts somebody out is worth more than the one that does not. */
        if (access->path == NULL ||
            (allowed != access->allowed && access->allowed == PST_TRI_YES)) {
            PstHostsAccess kept = *access;
            *access = other;
            other = kept;
        }
        access->allowed = allowed;
    }
}

gboolean
pst_hosts_access_judge(const PstSysroot *sysroot, const char *daemon, const char *address,
                       PstHostsAccess *access, GError **error)
{
    File files[N_FILES] = {{"/etc/hosts.allow", TRUE, NULL}, {"/etc/hosts.deny", FALSE, NULL}};
    gboolean looked = read_file(sysroot, &files[0], error) && read_file(sysroot, &files[1], error);

    if (looked)
        judge_peers(files, daemon, address, access);
    for (guint i = 0; i < N_FILES; i++)
        g_free(files[i].text);
    return looked;
}
