// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/ssh-judge-algorithms.h"
#include "guest-shim/ssh-judge-handshake.h"
#include "guest-shim/ssh-kexinit.h"
#include "guest-shim/sshd-effective.h"
#include "guest-shim/sshd-host-key.h"
#include "guest-shim/sshd-pattern.h"
#include "guest-shim/sshd-title.h"
#include "protocol/error.h"
#include "tests/unit/ssh-world.h"

#define GREETING "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n"

/* What OpenSSH 9.2 on Debian 12 printed, in part, with two lines of AllowUsers added. */
static void
test_effective(void)
{
    const PstSshdConnection connection = {.user = "harness"};
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "sshd-effective",
                                                  "openssh-9.2-debian-12.txt", NULL);
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_autoptr(PstSshdConfig) config =
        pst_sshd_config_parse("Port 22\nAllowUsers harness\nAllowUsers admin@10.0.0.0/8", "/x");
    g_autoptr(PstSshdEffective) effective = pst_sshd_effective_parse(text, &connection, config);
    g_auto(GStrv) users = pst_sshd_effective_words(effective, "allowusers");
    g_auto(GStrv) files = pst_sshd_effective_words(effective, "authorizedkeysfile");

    g_assert_true(pst_sshd_effective_is_said(effective));
    g_assert_true(pst_sshd_effective_knows(effective, "allowusers"));
    g_assert_true(pst_sshd_effective_is(effective, "usepam", "YES"));
    g_assert_cmpint(pst_sshd_effective_number(effective, "maxauthtries"), ==, 6);
    g_assert_cmpint(pst_sshd_effective_number(effective, "maxstartups"), ==, PST_INT_UNKNOWN);
    g_assert_cmpuint(g_strv_length(users), ==, 2);
    g_assert_cmpstr(users[1], ==, "admin@10.0.0.0/8");
    g_assert_cmpuint(g_strv_length(files), ==, 2);
    g_assert_cmpuint(pst_sshd_effective_where(effective, "allowusers", "admin@10.0.0.0/8")->line,
                     ==, 3);
    g_assert_null(pst_sshd_effective_where(effective, "denyusers", NULL));
    g_assert_null(pst_sshd_effective_get(effective, "denyusers"));
}

/* Of the files: what a Match block leaves open is not known. */
static void
test_effective_files(void)
{
    const PstSshdConnection connection = {.user = "harness"};
    g_autoptr(PstSshdConfig) config = pst_sshd_config_parse(
        "MaxAuthTries 3\nMatch Address 10.0.0.0/8\nMaxAuthTries 0\nMatch LocalPort 22\nX y\n"
        "Match User harness\nBanner none\n",
        "/x");
    g_autoptr(PstSshdEffective) effective = pst_sshd_effective_read(&connection, config);

    g_assert_false(pst_sshd_effective_is_said(effective));
    g_assert_false(pst_sshd_effective_knows(effective, "maxauthtries"));
    g_assert_cmpint(pst_sshd_effective_number(effective, "maxauthtries"), ==, 3);
    g_assert_true(pst_sshd_effective_knows(effective, "banner"));
    g_assert_cmpstr(pst_sshd_effective_get(effective, "banner"), ==, "none");
    g_assert_cmpstr(pst_sshd_effective_get(effective, "strictmodes"), ==, "yes");
}

/* sshd was asked for no address of its own: what a block says of that is not known. */
static void
test_effective_local(void)
{
    const PstSshdConnection connection = {.user = "harness", .address = "10.0.0.1"};
    g_autoptr(PstSshdConfig) config = pst_sshd_config_parse(
        "Match LocalAddress 10.0.2.0/24\nDenyUsers harness\nMatch Address 10.0.0.0/8\n"
        "MaxAuthTries 3\nMatch User eve LocalAddress 10.0.2.0/24\nAllowUsers eve\n",
        "/x");
    g_autoptr(PstSshdEffective) effective =
        pst_sshd_effective_parse("maxauthtries 3\n", &connection, config);

    g_assert_false(pst_sshd_effective_knows(effective, "denyusers"));
    g_assert_true(pst_sshd_effective_knows(effective, "maxauthtries"));
    g_assert_true(pst_sshd_effective_knows(effective, "allowusers"));
}

/* Where a file of theirs is missing from what was read, nothing is certain. */
static void
test_effective_incomplete(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const PstSshdConnection connection = {.user = "harness"};
    static char large[256 * 1024 + 1];

    put_text(world, "/etc/ssh/sshd_config", "Include /etc/ssh/more/*.conf\nUsePAM yes\n");
    g_autoptr(PstSshdConfig) whole = pst_sshd_config_load(world->sysroot, NULL);
    g_autoptr(PstSshdEffective) sure = pst_sshd_effective_read(&connection, whole);
    g_assert_true(pst_sshd_effective_knows(sure, "denyusers"));

    memset(large, '#', sizeof(large));
    put(world, "/etc/ssh/more/10-large.conf", large, sizeof(large), 0644);
    g_autoptr(PstSshdConfig) part = pst_sshd_config_load(world->sysroot, NULL);
    g_autoptr(PstSshdEffective) unsure = pst_sshd_effective_read(&connection, part);
    g_assert_false(pst_sshd_effective_knows(unsure, "denyusers"));

    g_autoptr(PstSshdEffective) nothing = pst_sshd_effective_read(&connection, NULL);
    g_assert_false(pst_sshd_effective_knows(nothing, "denyusers"));
}

static void
test_patterns(void)
{
    static const struct {
        const char *address, *list;
        PstTri matches;
    } rows[] = {
        {"10.1.2.3", "10.0.0.0/8", PST_TRI_YES},
        {"10.1.2.3", "10.1.*", PST_TRI_YES},
        {"10.1.2.3", "192.0.2.0/24,10.1.2.3", PST_TRI_YES},
        {"10.1.2.3", "10.0.0.0/8,!10.1.0.0/16", PST_TRI_NO},
        {"10.1.2.3", "!10.1.2.3", PST_TRI_NO},
        {"10.1.2.3", "host.example", PST_TRI_UNKNOWN},
        {"10.1.2.3", "*.example,10.0.0.0/8", PST_TRI_YES},
        {"10.1.2.3", "10.0.0.0/8,!*.example", PST_TRI_UNKNOWN},
        {"2001:db8::1", "2001:db8::/32", PST_TRI_YES},
        {"2001:db8::1", "10.0.0.0/8", PST_TRI_NO},
        {NULL, "10.0.0.0/8", PST_TRI_UNKNOWN},
        {NULL, "*", PST_TRI_YES},
        {"10.1.2.3", "", PST_TRI_NO},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("row %u", i);
        g_assert_cmpint(pst_sshd_pattern_match_address(rows[i].address, rows[i].list), ==,
                        rows[i].matches);
    }
    g_assert_true(pst_sshd_pattern_match_list("abc", "x,a*c"));
    g_assert_false(pst_sshd_pattern_match_list("abc", "a*,!abc"));
    g_assert_false(pst_sshd_pattern_match("aaaaaaaaaaaaaaaaaaaaaaaaaaaa", "*a*a*a*a*a*a*a*a*b"));
}

/* Only what a distribution says about algorithms is handed on; a title can be anybody's. */
static void
test_title(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_auto(GStrv) options = pst_sshd_title_options(
        "sshd: /usr/sbin/sshd -D -oCiphers=aes256-ctr,aes128-ctr -o MACs=hmac-sha1 "
        "-oAuthorizedKeysCommand=/tmp/x -oCiphers=$(x) -oKexAlgorithms -f /tmp/x -o [listener] 0");
    gint64 now = 0, some = 0, full = 0;

    g_assert_cmpuint(g_strv_length(options), ==, 2);
    g_assert_cmpstr(options[0], ==, "-oCiphers=aes256-ctr,aes128-ctr");
    g_assert_cmpstr(options[1], ==, "-oMACs=hmac-sha1");
    static const struct {
        const char *title, *other;
    } started[] = {
        {"sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", NULL},
        {"sshd: /usr/sbin/sshd -D -oCiphers=aes256-ctr -p 22 [listener] 0 of 10-100 startups",
         NULL},
        {"/usr/sbin/sshd -D -f /etc/ssh/sshd_config -o Port=22", NULL},
        {"/usr/sbin/sshd -o AuthorizedKeysCommand=/usr/share/keys %u", NULL},
        {"sshd: /usr/sbin/sshd -D -o DenyUsers=harness [listener] 0 of 10-100 startups",
         "-o DenyUsers=harness"},
        {"sshd: /usr/sbin/sshd -oUsePAM=no -D [listener] 0 of 10-100 startups", "-o UsePAM=no"},
        {"sshd: /usr/sbin/sshd -f /etc/ssh/alt [listener] 0 of 10-100 startups", "-f /etc/ssh/alt"},
        {"/usr/sbin/sshd -f", "-f "},
    };
    for (guint i = 0; i < G_N_ELEMENTS(started); i++) {
        g_autofree char *other = pst_sshd_title_other(started[i].title);
        g_assert_cmpstr(other, ==, started[i].other);
    }

    g_assert_true(
        pst_sshd_title_startups("sshd: x [listener] 7 of 10-100 startups", &now, &some, &full));
    g_assert_cmpint(now, ==, 7);
    g_assert_cmpint(full, ==, 100);
    g_assert_false(pst_sshd_title_startups("/usr/sbin/sshd -D", &now, &some, &full));

    put_sound(world);
    g_autofree char *mine = pst_sshd_title_read(world->sysroot, 234);
    if (getuid() == 0)
        g_assert_true(g_str_has_prefix(mine, "sshd: /usr/sbin/sshd -D"));
    g_autofree char *folder = place(world, "/proc/234");
    if (getuid() == 0)
        g_assert_cmpint(chown(folder, 1000, 1000), ==, 0);
    g_assert_null(pst_sshd_title_read(world->sysroot, 234));
}

static void
append_string(GByteArray *bytes, const char *text)
{
    guint32 len = GUINT32_TO_BE((guint32)strlen(text));

    g_byte_array_append(bytes, (const guint8 *)&len, sizeof(len));
    g_byte_array_append(bytes, (const guint8 *)text, (guint)strlen(text));
}

/* A greeting and a packet with LISTS, as a server sends them. */
static GByteArray *
make_kexinit(const char *const lists[10])
{
    g_autoptr(GByteArray) payload = g_byte_array_new();
    GByteArray *bytes = g_byte_array_new();
    guint8 head[17] = {20};

    g_byte_array_append(payload, head, sizeof(head));
    for (guint i = 0; i < 10; i++)
        append_string(payload, lists[i]);
    g_byte_array_append(payload, (const guint8 *)"\0\0\0\0", 5);
    g_byte_array_append(bytes, (const guint8 *)GREETING, strlen(GREETING));
    guint32 size = GUINT32_TO_BE(payload->len + 1 + 4);
    g_byte_array_append(bytes, (const guint8 *)&size, sizeof(size));
    g_byte_array_append(bytes, (const guint8 *)"\4", 1);
    g_byte_array_append(bytes, payload->data, payload->len);
    g_byte_array_append(bytes, (const guint8 *)"\0\0\0\0", 4);
    return bytes;
}

static const char *const modern[10] = {"curve25519-sha256,kex-strict-s-v00@openssh.com",
                                       "ssh-ed25519,rsa-sha2-512",
                                       "aes256-gcm@openssh.com,aes128-ctr",
                                       "aes256-gcm@openssh.com,aes128-ctr",
                                       "hmac-sha2-512",
                                       "hmac-sha2-512",
                                       "none",
                                       "none",
                                       "",
                                       ""};

/* In whatever pieces it comes: nothing is made of a part. */
static void
test_kexinit(void)
{
    g_autoptr(GByteArray) bytes = make_kexinit(modern);
    gboolean complete = FALSE;

    for (guint len = 0; len < bytes->len; len++) {
        g_autoptr(PstSshKexinit) part = pst_ssh_kexinit_parse(bytes->data, len, &complete, NULL);
        g_assert_nonnull(part);
        g_assert_false(complete);
        g_assert_null(part->lists[0]);
    }
    g_autoptr(PstSshKexinit) whole =
        pst_ssh_kexinit_parse(bytes->data, bytes->len, &complete, NULL);
    g_assert_true(complete);
    g_assert_cmpstr(whole->version, ==, "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10");
    g_assert_cmpuint(g_strv_length(whole->lists[PST_SSH_KEXINIT_HOSTKEY]), ==, 2);
    g_assert_cmpstr(whole->lists[PST_SSH_KEXINIT_MACS_OUT][0], ==, "hmac-sha2-512");
}

static void
test_kexinit_garbage(void)
{
    static const struct {
        const char *bytes;
        gsize len;
    } rows[] = {
        {GREETING "\xff\xff\xff\xff\x04", sizeof(GREETING) - 1 + 5},
        {GREETING "\0\0\0\x01\x04", sizeof(GREETING) - 1 + 5},
        {GREETING "\0\0\0\x06\x04\x15\0\0\0\0", sizeof(GREETING) - 1 + 10},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        gboolean complete;

        g_test_message("row %u", i);
        g_assert_null(
            pst_ssh_kexinit_parse((const guint8 *)rows[i].bytes, rows[i].len, &complete, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_PROTOCOL);
    }
}

/* What the client has against what sshd offers. */
static void
test_algorithms(void)
{
    static const struct {
        const char *kex, *ciphers, *macs, *hostkey;
        const char *named; /* the category of the finding; NULL: all is well */
    } rows[] = {
        {NULL, NULL, NULL, NULL, NULL},
        {"curve25519-sha256", "aes128-ctr", "hmac-sha2-512", "ssh-ed25519", NULL},
        {"diffie-hellman-group14-sha1", NULL, NULL, NULL, "key exchange"},
        {"kex-strict-s-v00@openssh.com", NULL, NULL, NULL, "key exchange"},
        {NULL, "aes128-cbc,3des-cbc", NULL, NULL, "cipher"},
        {NULL, "aes128-ctr", "hmac-md5", NULL, "MAC"},
        {NULL, "aes256-gcm@openssh.com", "hmac-md5", NULL, NULL}, /* which needs none */
        {NULL, NULL, NULL, "ssh-dss", "host key algorithm"},
    };
    const PstSshdConnection connection = {.user = NULL};
    g_autoptr(PstSshdEffective) effective = pst_sshd_effective_read(&connection, NULL);
    g_autoptr(GByteArray) bytes = make_kexinit(modern);
    gboolean complete;
    g_autoptr(PstSshKexinit) offered =
        pst_ssh_kexinit_parse(bytes->data, bytes->len, &complete, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstReport) report = pst_report_new(&pst_report_ssh_kind);
        const char *const texts[] = {rows[i].kex, rows[i].ciphers, rows[i].macs, rows[i].hostkey};
        PstSshArgs args = {.port = PST_INT_UNKNOWN};
        char ***const lists[] = {&args.kex, &args.ciphers, &args.macs, &args.hostkey};
        const PstSshSubject subject = {.asked = &args,
                                       .report = report,
                                       .data = report->data,
                                       .effective = effective,
                                       .unit = "ssh.service"};

        g_test_message("row %u", i);
        for (guint j = 0; j < 4; j++)
            *lists[j] = texts[j] != NULL ? g_strsplit(texts[j], ",", -1) : NULL;
        pst_ssh_judge_algorithms(&subject, offered);
        for (guint j = 0; j < 4; j++)
            g_strfreev(*lists[j]);
        g_assert_cmpuint(report->findings->len, ==, rows[i].named != NULL);
        g_assert_cmpint(((PstSshData *)report->data)->algorithms_common, ==,
                        i == 0                  ? PST_TRI_UNKNOWN
                        : rows[i].named != NULL ? PST_TRI_NO
                                                : PST_TRI_YES);
        if (rows[i].named == NULL)
            continue;
        g_assert_cmpstr(finding_at(report, 0)->id, ==, "ssh.no-common-algorithm");
        g_assert_nonnull(strstr(finding_at(report, 0)->message, rows[i].named));
    }
}

/* The public half of a private key in OpenSSH's format, and nothing else of it. */
static void
test_host_key(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree guint8 *blob = NULL;
    g_autoptr(GByteArray) head = g_byte_array_new();
    gsize len;

    blob = g_base64_decode(BLOB_ED25519, &len);
    g_byte_array_append(head, (const guint8 *)"openssh-key-v1", 15);
    append_string(head, "aes256-ctr");
    append_string(head, "bcrypt");
    append_string(head, "options");
    g_byte_array_append(head, (const guint8 *)"\0\0\0\1", 4);
    guint32 size = GUINT32_TO_BE((guint32)len);
    g_byte_array_append(head, (const guint8 *)&size, sizeof(size));
    g_byte_array_append(head, blob, (guint)len);
    append_string(head, "private");
    g_autofree char *base64 = g_base64_encode(head->data, head->len);
    g_autofree char *text = g_strdup_printf("-----BEGIN OPENSSH PRIVATE KEY-----\n%.70s\n%s\n"
                                            "-----END OPENSSH PRIVATE KEY-----\n",
                                            base64, base64 + 70);

    put(world, "/key", text, -1, 0600);
    put_text(world, "/key.pub", KEY_RSA "\n"); /* which sshd does not believe */
    g_autoptr(PstSshKey) key = pst_sshd_host_key_read(world->sysroot, "/key");
    g_assert_cmpstr(key->fingerprint, ==, FINGERPRINT_ED25519);

    put(world, "/key", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n", -1, 0600);
    g_autoptr(PstSshKey) beside = pst_sshd_host_key_read(world->sysroot, "/key");
    g_assert_cmpstr(beside->type, ==, "ssh-rsa");

    put_text(world, "/key.pub", "garbage");
    g_assert_null(pst_sshd_host_key_read(world->sysroot, "/key"));
    g_assert_null(pst_sshd_host_key_parse("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"));
}

#define ADD(name, function) g_test_add("/ssh-parts/" name, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ssh-parts/effective", test_effective);
    g_test_add_func("/ssh-parts/effective-local", test_effective_local);
    g_test_add_func("/ssh-parts/effective-files", test_effective_files);
    g_test_add_func("/ssh-parts/patterns", test_patterns);
    ADD("effective-incomplete", test_effective_incomplete);
    ADD("title", test_title);
    g_test_add_func("/ssh-parts/kexinit", test_kexinit);
    g_test_add_func("/ssh-parts/kexinit-garbage", test_kexinit_garbage);
    g_test_add_func("/ssh-parts/algorithms", test_algorithms);
    ADD("host-key", test_host_key);
    return g_test_run();
}
