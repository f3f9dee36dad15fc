// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/handshake-record.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "guest-shim/journal-judge.h"
#include "guest-shim/journal-send.h"

#define WORDS "begins a handshake with sshd from "
#define PORT " port "
/* sshd sees the end of it at once, or after its LoginGraceTime (sshd_config(5): 120 s). A port is
 * given to others later. */
#define COVERED_US (150 * (gint64)G_USEC_PER_SEC)

static gboolean
own_place(int fd, char *address, gsize size, guint *port)
{
    struct sockaddr_storage storage;
    socklen_t len = sizeof(storage);
    const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)&storage;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)&storage;

    if (getsockname(fd, (struct sockaddr *)(void *)&storage, &len) < 0)
        return FALSE;
    *port = ntohs(storage.ss_family == AF_INET ? four->sin_port : six->sin6_port);
    return (storage.ss_family == AF_INET || storage.ss_family == AF_INET6) &&
           inet_ntop(storage.ss_family,
                     storage.ss_family == AF_INET ? (const void *)&four->sin_addr
                                                  : (const void *)&six->sin6_addr,
                     address, (socklen_t)size) != NULL;
}

void
pst_handshake_record_write(const PstSysroot *sysroot, int fd)
{
    char address[INET6_ADDRSTRLEN];
    guint port;

    if (!own_place(fd, address, sizeof(address), &port))
        return;
    g_autoptr(GString) record = g_string_new("PRIORITY=7\nSYSLOG_IDENTIFIER=postern-shim\n");
    g_string_append_printf(record, "MESSAGE=" WORDS "%s" PORT "%u\n", address, port);
    (void)pst_journal_send(sysroot, record);
}

static gboolean
is_of_sshd(const PstJournalEntry *entry)
{
    return entry->identifier != NULL && g_str_has_prefix(entry->identifier, "sshd");
}

/* Where a socket starts an sshd for each connection, systemd names both its ends in the unit. */
static gboolean
is_of_unit(const PstJournalEntry *entry)
{
    return g_strcmp0(entry->identifier, "systemd") == 0 && entry->unit != NULL &&
           g_str_has_prefix(entry->unit, "ssh") && strchr(entry->unit, '@') != NULL;
}

gboolean
pst_handshake_record_are_wanted(const GPtrArray *entries)
{
    for (guint i = 0; i < entries->len; i++) {
        const PstJournalEntry *entry = entries->pdata[i];

        if ((is_of_sshd(entry) && entry->message != NULL && strstr(entry->message, PORT) != NULL) ||
            is_of_unit(entry))
            return TRUE;
    }
    return FALSE;
}

/* "127.0.0.1 port 40446", and no other digit behind it. */
static gboolean
names(const char *text, const char *place)
{
    const char *at = text != NULL ? strstr(text, place) : NULL;

    for (; at != NULL; at = strstr(at + 1, place))
        if ((at == text || at[-1] == ' ') && !g_ascii_isdigit(at[strlen(place)]))
            return TRUE;
    return FALSE;
}

static gboolean
is_about(const PstJournalEntry *entry, const char *place)
{
    const char *port = strstr(place, PORT);

    if (is_of_sshd(entry))
        return names(entry->message, place);
    if (port == NULL || !is_of_unit(entry))
        return FALSE;
    g_autofree char *end =
        g_strdup_printf("-%.*s:%s.service", (int)(port - place), place, port + strlen(PORT));
    return g_str_has_suffix(entry->unit, end);
}

/* It connects first, and then writes: sshd may be the earlier one. */
static gboolean
is_then(const PstJournalEntry *record, const PstJournalEntry *entry)
{
    gint64 later_us = entry->monotonic_us - record->monotonic_us;

    return g_strcmp0(record->boot_id, entry->boot_id) == 0 && later_us > -G_USEC_PER_SEC &&
           later_us < COVERED_US;
}

gboolean
pst_handshake_record_covers(const GPtrArray *records, const PstJournalEntry *entry)
{
    if (!is_of_sshd(entry) && !is_of_unit(entry))
        return FALSE;
    for (guint i = 0; i < records->len; i++) {
        const PstJournalEntry *record = records->pdata[i];

        if (record->message != NULL && g_str_has_prefix(record->message, WORDS) &&
            is_then(record, entry) && pst_journal_judge_is_own(record) &&
            is_about(entry, record->message + strlen(WORDS)))
            return TRUE;
    }
    return FALSE;
}
