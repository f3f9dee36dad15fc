// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/door-parts.h"
#include "guest-shim/path-pattern.h"
#include "guest-shim/probe-file.h"
#include "guest-shim/probe-list.h"
#include "guest-shim/read-audit.h"
#include "guest-shim/redact.h"
#include "protocol/error.h"
#include "protocol/report-file.h"
#include "protocol/report-list.h"
#include "tests/unit/world.h"

#define SECRET "root:$6$saltsalt$hashhashhash:19000::::::\n"
#define RACES 5000

static PstReport *
ask(World *world, const PstReportKind *kind, PstProbeRun run, gconstpointer args)
{
    PstProbeContext context = {world->sysroot, pst_boot_clock_us() + 10 * G_USEC_PER_SEC, "ann"};
    PstReport *report = pst_report_new(kind);

    run(&context, args, report);
    return report;
}

static PstReport *
read_at(World *world, const char *path, gint64 offset, gint64 max_bytes)
{
    PstFileArgs args = {(char *)path, offset, max_bytes};

    return ask(world, &pst_report_file_kind, pst_probe_file_run, &args);
}

static PstReport *
read_path(World *world, const char *path)
{
    return read_at(world, path, PST_INT_UNKNOWN, PST_INT_UNKNOWN);
}

static PstReport *
list_path(World *world, const char *path, const char *cursor, gint64 max)
{
    PstListArgs args = {(char *)path, (char *)cursor, max};

    return ask(world, &pst_report_list_kind, pst_probe_list_run, &args);
}

static const PstFinding *
finding_of(const PstReport *report, const char *id)
{
    for (guint i = 0; i < report->findings->len; i++)
        if (g_str_equal(((PstFinding *)report->findings->pdata[i])->id, id))
            return report->findings->pdata[i];
    return NULL;
}

static void
assert_refused(World *world, const char *path, const char *id)
{
    g_autoptr(PstReport) report = read_path(world, path);
    const PstFileData *data = report->data;

    if (finding_of(report, id) == NULL)
        g_test_message("%s: %s", path, report->summary);
    g_assert_nonnull(finding_of(report, id));
    g_assert_null(data->text);
    g_assert_cmpint(report->status, !=, PST_STATUS_OK);
}

static void
assert_text(World *world, const char *path, const char *expected)
{
    g_autoptr(PstReport) report = read_path(world, path);
    const PstFileData *data = report->data;

    g_assert_cmpstr(data->text, ==, expected);
    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
}

static void
test_patterns(void)
{
    static const struct {
        const char *pattern, *path;
        gboolean expected;
    } rows[] = {
        {"/etc", "/etc", TRUE},
        {"/etc", "/etc/passwd", TRUE},
        {"/etc", "/etcetera", FALSE},
        {"/etc", "/persist/etc", FALSE},
        {"etc/shadow*", "/etc/shadow", TRUE},
        {"etc/shadow*", "/etc/shadow-", TRUE},
        {"etc/shadow*", "/persist/x/etc/shadow", TRUE},
        {"etc/shadow*", "/etc/security/shadow", FALSE},
        {"etc/shadow*", "/etc/SHADOW", TRUE},
        {"etc/shadow*", "/retc/shadow", FALSE},
        {"*.key", "/srv/a.key", TRUE},
        {"*.key", "/srv/a.key/below", TRUE},
        {"*.key", "/srv/akey", FALSE},
        {"/home/*/.ssh", "/home/ann/.ssh/config", TRUE},
        {"/home/*/.ssh", "/home/ann/x/.ssh", FALSE},
        {"/proc/**/environ", "/proc/1/environ", TRUE},
        {"/proc/**/environ", "/proc/1/task/7/environ", TRUE},
        {"/proc/**/environ", "/proc/environ", TRUE},
        {"/a/**/b/**/c", "/a/b/x/b/y/c/d", TRUE},
        {"/a/**/b/**/c", "/a/x/y/c", FALSE},
        {"a?c", "/x/abc", TRUE},
        {"a?c", "/x/a/c", FALSE},
        {"*a*a*a*a*b", "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (pst_path_pattern_matches(rows[i].pattern, rows[i].path, TRUE) != rows[i].expected)
            g_error("%s on %s", rows[i].pattern, rows[i].path);
    g_assert_true(pst_path_pattern_leads("/var/log", "/"));
    g_assert_true(pst_path_pattern_leads("/var/log", "/var"));
    g_assert_false(pst_path_pattern_leads("/var/log", "/var/log"));
    g_assert_true(pst_path_pattern_leads("/home/*/.ssh", "/home/ann"));
    g_assert_false(pst_path_pattern_leads("/var/log", "/srv"));
}

static void
test_allowed(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_text(world, "/etc/hosts", "127.0.0.1 localhost\n");
    put_text(world, "/etc/empty", "");
    put_text(world, "/etc/app.conf", "user=bob\npassword=hunter2\n");
    put_symlink(world, "/etc/link", "../etc/hosts");

    assert_text(world, "/etc/hosts", "127.0.0.1 localhost\n");
    assert_text(world, "/etc/link", "127.0.0.1 localhost\n");
    assert_text(world, "/etc/empty", "");
    g_autoptr(PstReport) report = read_path(world, "/etc/app.conf");
    const PstFileData *file = report->data;
    g_assert_cmpstr(file->text, ==, "user=bob\npassword=[redacted:password]\n");
    g_assert_cmpint(file->n_redacted, ==, 1);
    g_assert_cmpint(file->size, ==, 26);
    g_assert_cmpstr(file->mode, ==, "0644");
    g_assert_cmpint(file->next_offset, ==, PST_INT_UNKNOWN);
    g_assert_nonnull(finding_of(report, "file.not-recorded"));
}

static void
test_denied(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const paths[] = {"/etc/shadow",
                                        "/etc/shadow-",
                                        "/persist/etc/shadow",
                                        "/srv/file",
                                        "/home/ann/.bash_history",
                                        "/etc/ssh/ssh_host_ed25519_key",
                                        "/etc/wireguard/wg0.conf",
                                        "/etc/ssl/private/a.pem",
                                        "/var/log/n8n/x.log",
                                        "/etc/matrix-synapse/homeserver.yaml",
                                        "/proc/1/environ",
                                        "/etc/docker/key.json",
                                        "/var/lib/docker/x",
                                        "/etc/vault.d/vault.hcl",
                                        "/etc/x/.env",
                                        "/etc/gitlab/gitlab.rb",
                                        "/var/log/zammad/y",
                                        "/var/log/gitlab/gitlab-rails/production.log",
                                        "/var/log/vault/audit.log",
                                        "/var/log/authelia.log",
                                        "/var/log/pods/matrix_synapse-0_1/synapse/0.log",
                                        "/etc/mautrix-telegram/config.yaml"};

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        put_text(world, paths[i], SECRET);
        assert_refused(world, paths[i], "file.denied");
    }
    put_symlink(world, "/etc/innocent", "/etc/shadow");
    put_symlink(world, "/etc/folder", "/etc/ssh");
    assert_refused(world, "/etc/innocent", "file.denied");
    assert_refused(world, "/etc/folder/ssh_host_ed25519_key", "file.denied");
    assert_refused(world, "/etc/../etc/./shadow", "file.denied");
    assert_refused(world, "/etc/ssh/../shadow", "file.denied");
}

static void
test_hard_link(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const denied[] = {"/etc/shadow", "/etc/wireguard/a/wg0.conf",
                                         "/home/ann/.ssh/id_rsa"};

    for (guint i = 0; i < G_N_ELEMENTS(denied); i++) {
        g_autofree char *from = place(world, denied[i]);
        g_autofree char *to = place(world, "/etc/innocent");

        put_text(world, denied[i], SECRET);
        g_assert_cmpint(link(from, to), ==, 0);
        assert_refused(world, "/etc/innocent", "file.denied");
        g_assert_cmpint(unlink(to), ==, 0);
    }
    put_text(world, "/etc/a", "a\n");
    g_autofree char *from = place(world, "/etc/a");
    g_autofree char *to = place(world, "/etc/b");
    g_assert_cmpint(link(from, to), ==, 0);
    assert_text(world, "/etc/b", "a\n");
    /* A denied folder with more names than anybody lists may hold another of a file's names. */
    for (guint i = 0; i <= 100000; i++) {
        g_autofree char *name = g_strdup_printf("/etc/ssl/private/%u", i);
        i == 0 ? put_text(world, name, SECRET) : put_symlink(world, name, "0");
    }
    assert_refused(world, "/etc/b", "file.denied");
}

/* Whatever a page of them looks like. */
static void
test_no_text(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const paths[] = {"/var/lib/systemd/coredump/core.a.0.b.1.2",
                                        "/var/crash/127.0.0.1-2026-11-26-01:00:00/vmcore",
                                        "/var/crash/202611260100/dump.202611260100",
                                        "/var/crash/_usr_bin_a.0.crash",
                                        "/var/log/journal/0123/system.journal",
                                        "/run/log/journal/0123/user-1000@1-2.journal~",
                                        "/var/log/btmp.1",
                                        "/proc/sys/net/ipv4/tcp_fastopen_key"};

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        put_text(world, paths[i], "some words\n");
        assert_refused(world, paths[i], "file.denied");
    }
    put_text(world, "/var/crash/127.0.0.1-2026-11-26-01:00:00/vmcore-dmesg.txt", "Oops\n");
    assert_text(world, "/var/crash/127.0.0.1-2026-11-26-01:00:00/vmcore-dmesg.txt", "Oops\n");
}

static void
test_content(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const keys[] = {"-----BEGIN OPENSSH PRIVATE KEY-----\nb3\n",
                                       "\n  -----BEGIN RSA PRIVATE KEY-----\n",
                                       "\xEF\xBB\xBF-----BEGIN ENCRYPTED PRIVATE KEY-----\r\n",
                                       "PuTTY-User-Key-File-2: ssh-rsa\n",
                                       "AGE-SECRET-KEY-1QQQ",
                                       "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n"};

    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        put_text(world, "/etc/innocent", keys[i]);
        assert_refused(world, "/etc/innocent", "file.denied");
    }
    put_text(world, "/etc/innocent", "-----BEGIN CERTIFICATE-----\n");
    assert_text(world, "/etc/innocent", "-----BEGIN CERTIFICATE-----\n");
}

static void
test_types(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *fifo = place(world, "/etc/fifo");

    g_assert_cmpint(mkfifo(fifo, 0644), ==, 0);
    put_text(world, "/etc/d/x", "");
    put_symlink(world, "/etc/loop", "loop");
    put_symlink(world, "/etc/dangling", "nowhere");
    put_symlink(world, "/etc/out", "../../../../../../../../etc/hostname");
    assert_refused(world, "/etc/fifo", "file.wrong-type");
    assert_refused(world, "/etc/d", "file.wrong-type");
    assert_refused(world, "etc/d/x", "file.wrong-type");
    assert_refused(world, "", "file.wrong-type");
    assert_refused(world, "/etc/loop", "file.could-not-look");
    assert_refused(world, "/etc/dangling", "file.absent");
    assert_refused(world, "/etc/out", "file.absent");
    assert_refused(world, "/etc/none", "file.absent");
}

static void
test_binary(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put(world, "/etc/binary", "a\0b", 3, 0644);
    put(world, "/etc/latin", "caf\xE9\n", 5, 0644);
    g_autoptr(PstReport) report = read_path(world, "/etc/binary");
    const PstFileData *file = report->data;

    g_assert_cmpint(file->binary, ==, PST_TRI_YES);
    g_assert_null(file->text);
    g_assert_nonnull(finding_of(report, "file.binary"));
    assert_text(world, "/etc/latin", "caf\xE9\n");
}

static char *
all_pages(World *world, const char *path, gint64 max_bytes)
{
    g_autoptr(GString) out = g_string_new(NULL);
    gint64 offset = 0;

    for (guint i = 0; i < 100000 && offset != PST_INT_UNKNOWN; i++) {
        g_autoptr(PstReport) report = read_at(world, path, offset, max_bytes);
        const PstFileData *file = report->data;
        gsize len;
        g_autofree char *json = pst_report_to_text(report, 256 * 1024 - 256, &len);

        g_assert_nonnull(json);
        g_assert_true((strstr(json, "\"truncated\":true") != NULL) ==
                      (file->next_offset != PST_INT_UNKNOWN));
        g_assert_nonnull(file->text);
        g_string_append(out, file->text);
        g_assert_cmpint(file->next_offset, !=, offset);
        offset = file->next_offset;
    }
    return g_strdup(out->str);
}

static void
test_pages(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < 5000; i++)
        g_string_append_printf(text, "line %u \x01\x02 \"\\ \xC3\xA4\n", i);
    put_text(world, "/etc/long", text->str);
    g_autofree char *by_default = all_pages(world, "/etc/long", PST_INT_UNKNOWN);
    g_assert_cmpstr(by_default, ==, text->str);
    g_autofree char *small = all_pages(world, "/etc/long", 777);
    g_assert_cmpstr(small, ==, text->str);

    g_string_truncate(text, 0);
    for (guint i = 0; i < 300 * 1024; i++)
        g_string_append_c(text, '\x01');
    put_text(world, "/etc/controls", text->str);
    g_autofree char *controls = all_pages(world, "/etc/controls", PST_INT_UNKNOWN);
    g_assert_cmpstr(controls, ==, text->str);
}

/* A key and a password in pages of every size: what a page begins in the middle of is known. */
static void
test_secret_in_pages(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_text(world, "/etc/app.conf",
             "before\npassword: Tr0ub4dor Secr3t\n-----BEGIN RSA PRIVATE KEY-----\n"
             "AAAASECRETSECRET\nBBBBSECRETSECRET\n-----END RSA PRIVATE KEY-----\nafter\n");
    for (gint64 bytes = 1; bytes < 160; bytes += 3) {
        g_autofree char *out = all_pages(world, "/etc/app.conf", bytes);

        g_assert_null(strstr(out, "Tr0"));
        g_assert_null(strstr(out, "dor"));
        g_assert_null(strstr(out, "cr3t"));
        g_assert_null(strstr(out, "SECRET"));
        g_assert_true(g_str_has_prefix(out, "before\n"));
        g_assert_true(g_str_has_suffix(out, "after\n"));
    }
}

static void
test_configured(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_text(world, "/srv/app/log", "fine\n");
    put_text(world, "/srv/app/secret", "not fine\n");
    put_text(world, "/etc/hosts", "x\n");
    assert_refused(world, "/srv/app/log", "file.denied");
    put_text(world, PST_CONFIG_FILE, "[read]\nallow=/srv/app\ndeny=app/secret\n");
    assert_text(world, "/srv/app/log", "fine\n");
    assert_refused(world, "/srv/app/secret", "file.denied");
    assert_text(world, "/etc/hosts", "x\n");
    put_text(world, PST_CONFIG_FILE, "[read]\nallow=;/srv/app\n");
    assert_refused(world, "/etc/hosts", "file.denied");
    put_text(world, PST_CONFIG_FILE, "[read]\nalow=/srv/app\n");
    assert_refused(world, "/etc/hosts", "file.denied");
    put_text(world, PST_CONFIG_FILE, "[read]\nallow=srv\n");
    assert_refused(world, "/etc/hosts", "file.denied");
    put(world, PST_CONFIG_FILE, "[read]\n", -1, 0666);
    assert_refused(world, "/etc/hosts", "file.denied");
}

static void
test_list(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_text(world, "/etc/b", "12345");
    put_text(world, "/etc/shadow", SECRET);
    put_text(world, "/etc/d/x", "");
    put_symlink(world, "/etc/l", "b");
    put_text(world, "/srv/x", "");
    g_autoptr(PstReport) report = list_path(world, "/etc", NULL, PST_INT_UNKNOWN);
    const PstListData *list = report->data;
    static const char *const names[] = {"b", "d", "l", "shadow"};
    static const char *const types[] = {"file", "folder", "link", NULL};

    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpuint(list->entries->len, ==, 4);
    for (guint i = 0; i < 4; i++) {
        const PstListEntry *entry = list->entries->pdata[i];
        g_assert_cmpstr(entry->name, ==, names[i]);
        g_assert_cmpstr(entry->type, ==, types[i]);
        g_assert_cmpint(entry->denied, ==, i == 3 ? PST_TRI_YES : PST_TRI_NO);
        g_assert_true(i < 3 || entry->size == PST_INT_UNKNOWN);
    }
    g_assert_cmpstr(((PstListEntry *)list->entries->pdata[2])->target, ==, "b");

    g_autoptr(PstReport) root = list_path(world, "/", NULL, PST_INT_UNKNOWN);
    g_assert_cmpint(root->status, ==, PST_STATUS_OK);
    g_autoptr(PstReport) srv = list_path(world, "/srv", NULL, PST_INT_UNKNOWN);
    g_assert_nonnull(finding_of(srv, "list.denied"));
    g_autoptr(PstReport) file = list_path(world, "/etc/b", NULL, PST_INT_UNKNOWN);
    g_assert_nonnull(finding_of(file, "list.wrong-type"));
    g_autoptr(PstReport) none = list_path(world, "/etc/none", NULL, PST_INT_UNKNOWN);
    g_assert_nonnull(finding_of(none, "list.absent"));
}

/* A name with every byte value that a name can have. */
static void
test_list_pages(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *cursor = NULL;
    guint n = 0, pages = 0;

    for (guint c = 1; c < 256; c++) {
        g_autofree char *path = g_strdup_printf("/etc/many/x%cy", c);
        if (c != '/')
            put_text(world, path, "");
    }
    do {
        g_autoptr(PstReport) report = list_path(world, "/etc/many", cursor, 10);
        const PstListData *list = report->data;

        g_assert_cmpuint(list->entries->len, <=, 10);
        n += list->entries->len;
        pages++;
        g_free(cursor);
        cursor = g_strdup(list->cursor);
    } while (cursor != NULL);
    g_assert_cmpuint(n, ==, 254);
    g_assert_cmpuint(pages, ==, 26);
}

/* A socket in journald's place. */
static void
test_audit(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *path = place(world, "/run/systemd/journal/socket");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char record[4096];
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    put_text(world, "/etc/hosts", "x\n");
    put_text(world, "/etc/shadow", SECRET);
    g_autoptr(PstReport) report = read_path(world, "/etc/hosts");
    g_assert_cmpuint(report->findings->len, ==, 0);
    gssize n = recv(fd, record, sizeof(record) - 1, 0);
    g_assert_cmpint(n, >, 0);
    g_assert_nonnull(memmem(record, (gsize)n, "MESSAGE_ID=" PST_READ_AUDIT_MESSAGE_ID "\n", 44));
    g_assert_nonnull(memmem(record, (gsize)n, "ann reads /etc/hosts\n", 21));
    g_assert_nonnull(memmem(record, (gsize)n, "POSTERN_ALLOWED\n\3\0\0\0\0\0\0\0yes\n", 28));

    assert_refused(world, "/etc/shadow", "file.denied");
    n = recv(fd, record, sizeof(record) - 1, 0);
    g_assert_cmpint(n, >, 0);
    g_assert_nonnull(memmem(record, (gsize)n, "ann was refused /etc/shadow: ", 29));
    g_assert_nonnull(memmem(record, (gsize)n, "POSTERN_ALLOWED\n\2\0\0\0\0\0\0\0no\n", 27));
    /* A journald that is stopped: its queue fills, and nobody waits. */
    for (guint i = 0; i < 600; i++) {
        g_autoptr(PstReport) more = read_path(world, "/etc/hosts");
        if (finding_of(more, "file.not-recorded") != NULL)
            break;
        g_assert_cmpuint(i, <, 599);
    }
    close(fd);
}

static void
test_mounts(void)
{
    static const char info[] = "22 1 254:1 / / rw - ext4 /dev/vda1 rw\n"
                               "30 22 254:1 /etc/shadow /srv/x rw - ext4 /dev/vda1 rw\n"
                               "31 22 254:2 /a\\040b /mnt/c\\040d rw - ext4 /dev/vdb rw\n";
    static const struct {
        gint64 id;
        const char *whole, *origin;
    } rows[] = {
        {22, "/etc/passwd", "/etc/passwd"}, {22, "/", "/"},           {30, "/srv/x", "/etc/shadow"},
        {31, "/mnt/c d/e", "/a b/e"},       {31, "/mnt/other", NULL}, {99, "/etc", NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *origin = pst_door_mounts_translate(info, rows[i].id, rows[i].whole);
        g_assert_cmpstr(origin, ==, rows[i].origin);
    }
}

/* In a mount namespace of its own. */
static void
test_bind_mount(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *from = place(world, "/etc/shadow");
    g_autofree char *to = place(world, "/etc/innocent");

    put_text(world, "/etc/shadow", SECRET);
    put_text(world, "/etc/innocent", "");
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount(from, to, NULL, MS_BIND, NULL) < 0) {
        g_test_skip("nothing can be mounted here");
        return;
    }
    assert_refused(world, "/etc/innocent", "file.denied");
    g_assert_cmpint(umount(to), ==, 0);
}

typedef struct {
    char *link, *next;
    gint stop;
} Race;

/* Turns a link from what may be read to what may not, and back, as fast as it goes. */
static gpointer
turn_link(gpointer data)
{
    Race *race = data;

    while (!g_atomic_int_get(&race->stop)) {
        for (guint i = 0; i < 2; i++) {
            if (symlink(i == 0 ? "shadow" : "hosts", race->next) == 0)
                g_rename(race->next, race->link);
        }
    }
    return NULL;
}

static void
test_rename_race(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *more = g_getenv("POSTERN_RACES");
    guint n = more != NULL ? (guint)g_ascii_strtoull(more, NULL, 10) : RACES;
    Race race = {place(world, "/etc/link"), place(world, "/etc/next"), 0};
    guint given = 0, refused = 0;

    put_text(world, "/etc/hosts", "x\n");
    put_text(world, "/etc/shadow", SECRET);
    put_symlink(world, "/etc/link", "hosts");
    g_autoptr(PstDoor) door = pst_door_new(world->sysroot, NULL);
    GThread *thread = g_thread_new("turn", turn_link, &race);
    for (guint i = 0; i < n; i++) {
        g_auto(PstDoorFile) file = PST_DOOR_FILE_NONE;
        char head[8] = "";

        if (!pst_door_open(door, "/etc/link", FALSE, &file, NULL)) {
            refused++;
            continue;
        }
        g_assert_cmpint(pread(file.fd, head, 2, 0), ==, 2);
        g_assert_cmpstr(head, ==, "x\n");
        given++;
    }
    g_atomic_int_set(&race.stop, 1);
    g_thread_join(thread);
    g_test_message("%u opened, %u refused", given, refused);
    g_free(race.link);
    g_free(race.next);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(World *world, gconstpointer data);
    } tests[] = {
        {"/door/allowed", test_allowed},
        {"/door/denied", test_denied},
        {"/door/no-text", test_no_text},
        {"/door/hard-link", test_hard_link},
        {"/door/content", test_content},
        {"/door/types", test_types},
        {"/door/binary", test_binary},
        {"/door/pages", test_pages},
        {"/door/secret-in-pages", test_secret_in_pages},
        {"/door/configured", test_configured},
        {"/door/list", test_list},
        {"/door/list-pages", test_list_pages},
        {"/door/audit", test_audit},
        {"/door/rename-race", test_rename_race},
        {"/door/bind-mount", test_bind_mount},
    };

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/door/patterns", test_patterns);
    g_test_add_func("/door/mounts", test_mounts);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, World, NULL, set_up, tests[i].run, tear_down);
    return g_test_run();
}
