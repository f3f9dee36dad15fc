// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/handshake-record.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/world.h"

#define BOOT "9296ef3853e5406c868deba62384c27e"
#define OTHER_BOOT "0123456789abcdef0123456789abcdef"
#define RECORD "begins a handshake with sshd from 127.0.0.1 port 40446"
#define CLOSED "Connection closed by 127.0.0.1 port 40446 [preauth]"

static PstJournalEntry *
add(GPtrArray *entries, const char *identifier, const char *message)
{
    PstJournalEntry *entry = g_new0(PstJournalEntry, 1);

    entry->identifier = g_strdup(identifier);
    entry->message = g_strdup(message);
    entry->boot_id = g_strdup(BOOT);
    entry->monotonic_us = 100 * G_USEC_PER_SEC;
    g_ptr_array_add(entries, entry);
    return entry;
}

static GPtrArray *
new_entries(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)pst_journal_entry_free);
}

static void
test_covers(void)
{
    static const struct {
        const char *identifier, *message, *unit;
        gboolean covered;
    } rows[] = {
        {"sshd", CLOSED, "ssh.service", TRUE},
        {"sshd-session", CLOSED, "ssh.service", TRUE},
        {"sshd", "Connection from 127.0.0.1 port 40446 on 127.0.0.1 port 22 rdomain \"\"", NULL,
         TRUE},
        {"sshd", "Connection closed by 127.0.0.1 port 404460 [preauth]", NULL, FALSE},
        {"sshd", "Connection closed by 127.0.0.1 port 40447 [preauth]", NULL, FALSE},
        {"sshd", "Connection closed by 1127.0.0.1 port 40446 [preauth]", NULL, FALSE},
        {"sshd", "Connection closed by 10.0.0.7 port 40446 [preauth]", NULL, FALSE},
        {"nginx", CLOSED, NULL, FALSE},
        {"systemd", "Started it.", "ssh@3-127.0.0.1:22-127.0.0.1:40446.service", TRUE},
        {"systemd", "Started it.", "ssh@3-127.0.0.1:22-127.0.0.1:40447.service", FALSE},
        {"systemd", "Started it.", "ssh.service", FALSE},
        {"sshd", NULL, NULL, FALSE},
    };
    g_autoptr(GPtrArray) records = new_entries(), none = new_entries();
    PstJournalEntry *record = add(records, "postern-shim", RECORD);

    record->is_root = TRUE;
    record->comm = g_strdup("postern-shim");
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GPtrArray) entries = new_entries();
        PstJournalEntry *entry = add(entries, rows[i].identifier, rows[i].message);

        entry->unit = g_strdup(rows[i].unit);
        g_test_message("row %u", i);
        g_assert_cmpint(pst_handshake_record_covers(records, entry), ==, rows[i].covered);
        g_assert_false(pst_handshake_record_covers(none, entry));
        if (rows[i].covered)
            g_assert_true(pst_handshake_record_are_wanted(entries));
    }
    g_assert_false(pst_handshake_record_are_wanted(none));
}

/* A port is another's later, and in another boot; and who is not the shim hides nothing. */
static void
test_bounds(void)
{
    g_autoptr(GPtrArray) records = new_entries(), entries = new_entries();
    PstJournalEntry *record = add(records, "postern-shim", RECORD);
    PstJournalEntry *entry = add(entries, "sshd", CLOSED);

    g_assert_false(pst_handshake_record_covers(records, entry));
    record->is_root = TRUE;
    g_assert_true(pst_handshake_record_covers(records, entry));
    record->comm = g_strdup("logger");
    g_assert_false(pst_handshake_record_covers(records, entry));
    g_clear_pointer(&record->comm, g_free);
    entry->monotonic_us += 200 * G_USEC_PER_SEC;
    g_assert_false(pst_handshake_record_covers(records, entry));
    entry->monotonic_us -= 300 * G_USEC_PER_SEC;
    g_assert_false(pst_handshake_record_covers(records, entry));
    entry->monotonic_us = record->monotonic_us;
    g_free(entry->boot_id);
    entry->boot_id = g_strdup(OTHER_BOOT);
    g_assert_false(pst_handshake_record_covers(records, entry));
}

/* What is written is what is recognised. */
static void
test_written(World *world, gconstpointer data G_GNUC_UNUSED)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_un journal = {.sun_family = AF_UNIX};
    g_autofree char *path = g_strconcat(world->folder, "/run/systemd/journal/socket", NULL);
    g_autoptr(GPtrArray) records = new_entries(), entries = new_entries();
    socklen_t len = sizeof(here);
    char text[1024] = "";
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int taker = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    put_text(world, "/run/systemd/journal/socket", "");
    g_assert_cmpint(unlink(path), ==, 0);
    g_assert_cmpint(g_strlcpy(journal.sun_path, path, sizeof(journal.sun_path)), <,
                    sizeof(journal.sun_path));
    g_assert_cmpint(bind(taker, (struct sockaddr *)&journal, sizeof(journal)), ==, 0);
    g_assert_cmpint(bind(listener, (struct sockaddr *)&here, sizeof(here)), ==, 0);
    g_assert_cmpint(listen(listener, 1), ==, 0);
    g_assert_cmpint(getsockname(listener, (struct sockaddr *)&here, &len), ==, 0);
    g_assert_cmpint(connect(client, (struct sockaddr *)&here, sizeof(here)), ==, 0);
    g_assert_cmpint(getsockname(client, (struct sockaddr *)&here, &len), ==, 0);

    pst_handshake_record_write(world->sysroot, client);
    g_assert_cmpint(recv(taker, text, sizeof(text) - 1, 0), >, 0);
    const char *message = strstr(text, "\nMESSAGE=");
    g_assert_nonnull(message);
    g_assert_nonnull(strstr(text, "SYSLOG_IDENTIFIER=postern-shim\n"));
    g_autofree char *said = g_strchomp(g_strdup(message + strlen("\nMESSAGE=")));
    add(records, "postern-shim", said)->is_root = TRUE;
    g_autofree char *closed =
        g_strdup_printf("Connection closed by 127.0.0.1 port %u [preauth]", ntohs(here.sin_port));
    g_assert_true(pst_handshake_record_covers(records, add(entries, "sshd", closed)));
    close(taker);
    close(client);
    close(listener);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/handshake-record/covers", test_covers);
    g_test_add_func("/handshake-record/bounds", test_bounds);
    g_test_add("/handshake-record/written", World, NULL, set_up, test_written, tear_down);
    return g_test_run();
}
