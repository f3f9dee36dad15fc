// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/known-hosts.h"
#include "protocol/error.h"
#include "protocol/report-ssh.h"
#include "tests/unit/ssh-keys.h"

static void
add_key(PstReport *report, const char *type, const char *key)
{
    PstSshData *data = report->data;
    PstSshHostKey *row = pst_fields_append(&pst_report_ssh_host_key_fields, &data->host_keys);

    row->type = g_strdup(type);
    row->key = g_strdup(key);
}

static PstReport *
make_report(const char *listen)
{
    PstReport *report = pst_report_new(&pst_report_ssh_kind);

    ((PstSshData *)report->data)->listen = g_strsplit(listen, " ", 0);
    add_key(report, "ssh-ed25519", BLOB_ED25519);
    pst_report_conclude(report, "1 host keys");
    return report;
}

static void
test_names(void)
{
    static const struct {
        const char *listen, *name;
        guint port;
        const char *lines;
    } rows[] = {
        {"0.0.0.0:22 [::]:22", "web", 0, "web " KEY_ED25519},
        {"0.0.0.0:2222", "web", 0, "[web]:2222 " KEY_ED25519},
        {"0.0.0.0:22 0.0.0.0:2222", "web", 0, "web " KEY_ED25519 "\n[web]:2222 " KEY_ED25519},
        {"0.0.0.0:22", "web", 2022, "[web]:2022 " KEY_ED25519},
        {"0.0.0.0:2222", "web", 22, "web " KEY_ED25519},
        {"0.0.0.0:2222", "[127.0.0.1]:40022", 0, "[127.0.0.1]:40022 " KEY_ED25519},
        {"0.0.0.0:2222", "[2001:db8::1]:22", 0, "2001:db8::1 " KEY_ED25519},
        {"", "2001:db8::1", 0, "2001:db8::1 " KEY_ED25519},
        {"nonsense :0 :70000 x:22\nevil", "web", 0, "web " KEY_ED25519},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *const names[] = {rows[i].name, NULL};
        g_autoptr(PstReport) report = make_report(rows[i].listen);
        g_auto(GStrv) lines = pst_known_hosts_lines(report, names, rows[i].port, NULL);
        g_autofree char *text = g_strjoinv("\n", lines);

        g_test_message("row %u", i);
        g_assert_true(pst_known_hosts_check_name(rows[i].name, NULL));
        g_assert_cmpstr(text, ==, rows[i].lines);
    }
}

/* A guest that would put lines of its own into the file. */
static void
test_hostile(void)
{
    static const struct {
        const char *type, *key;
    } rows[] = {
        {"ssh-ed25519", BLOB_ED25519 "\n* ssh-ed25519 " BLOB_ED25519},
        {"ssh-ed25519 " BLOB_ED25519 "\n* ssh-ed25519", BLOB_ED25519},
        {"@cert-authority * ssh-ed25519", BLOB_ED25519},
        {"ssh-rsa", BLOB_ED25519},
        {"ssh-ed25519", "AAAA"},
        {"", BLOB_ED25519},
        {NULL, BLOB_ED25519},
        {"ssh-ed25519", NULL},
    };
    const char *const names[] = {"web", NULL};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstReport) report = pst_report_new(&pst_report_ssh_kind);
        g_autoptr(GError) error = NULL;

        g_test_message("row %u", i);
        add_key(report, rows[i].type, rows[i].key);
        pst_report_conclude(report, "1 host keys");
        g_auto(GStrv) lines = pst_known_hosts_lines(report, names, 0, &error);
        if (lines == NULL) {
            g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
            continue;
        }
        g_assert_cmpuint(g_strv_length(lines), ==, 1);
        g_assert_cmpstr(lines[0], ==, "web " KEY_ED25519);
    }
}

static void
test_bad_names(void)
{
    static const char *const names[] = {"",
                                        "*",
                                        "a b",
                                        "a,b",
                                        "!a",
                                        "a?",
                                        "@cert-authority",
                                        "#a",
                                        "|1|x",
                                        "a\nb",
                                        "-o",
                                        "[a]",
                                        "[a]:",
                                        "[a]:0",
                                        "[a]:70000",
                                        "[]:22",
                                        "[a b]:22",
                                        "[a]:22 ssh-rsa",
                                        "a]:22"};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;

        g_test_message("%s", names[i]);
        g_assert_false(pst_known_hosts_check_name(names[i], &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/known-hosts/names", test_names);
    g_test_add_func("/known-hosts/hostile", test_hostile);
    g_test_add_func("/known-hosts/bad-names", test_bad_names);
    return g_test_run();
}
