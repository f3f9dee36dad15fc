// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>
#include <time.h>

#include "guest-shim/redact.h"
#include "protocol/report-journal.h"
#include "protocol/report-sudo.h"
#include "tests/unit/redact-canary.h"
#include "tests/unit/redact-samples.h"

#define CANARIES 10000
/* So many bytes of a secret in a row are a leak; fewer stand in ordinary words too. */
#define PIECE 5
#define LONG (512 * 1024)
#define BLANKS_65 "                                                                 "

static char *
redacted(const char *text)
{
    char *out = pst_redact_text(text);

    return out != NULL ? out : g_strdup(text);
}

static void
test_samples(void)
{
    for (guint i = 0; i < pst_redact_samples_n; i++) {
        const PstRedactSample *sample = &pst_redact_samples[i];
        g_autofree char *out = redacted(sample->text);

        if (g_strcmp0(out, sample->expected) == 0)
            continue;
        g_test_message("%s: '%s' became '%s', not '%s'", sample->rule, sample->text, out,
                       sample->expected);
        g_test_fail();
    }
}

static void
test_twice(void)
{
    for (guint i = 0; i < pst_redact_samples_n; i++) {
        g_autofree char *once = redacted(pst_redact_samples[i].text);
        g_autofree char *twice = redacted(once);
        g_assert_cmpstr(once, ==, twice);
    }
}

static void
test_every_rule_has_samples(void)
{
    for (guint i = 0; i < pst_redact_rules_n; i++) {
        guint n = 0;

        for (guint j = 0; j < pst_redact_samples_n; j++)
            n += g_str_equal(pst_redact_samples[j].rule, pst_redact_rules[i].id);
        g_assert_cmpuint(n, >=, 2);
    }
}

/* The text in two pages, as the probe `file` would give them: each with what stands around it. */
static char *
in_pages(const char *text, gsize split)
{
    gsize len = strlen(text);
    g_autoptr(GString) out = pst_redact_part(text, len, 0, split, NULL, NULL);
    g_autoptr(GString) second = pst_redact_part(text, len, split, len, NULL, NULL);

    g_string_append_c(out, '\f');
    g_string_append(out, second->str);
    return g_strdup(out->str);
}

static void
judge(const PstRedactRule *rule, const Canary *canary, const char *out)
{
    if (!canary_leaks(canary, out, PIECE))
        return;
    g_test_message("%s: '%s' of '%s' got out: '%s'", rule->id, canary->secret, canary->text, out);
    g_test_fail();
}

/* Each rule gets its share, so that no rule is left out by chance. */
static void
test_canaries(void)
{
    const char *more = g_getenv("POSTERN_CANARIES");
    guint n = more != NULL ? (guint)g_ascii_strtoull(more, NULL, 10) : CANARIES;
    g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)g_test_rand_int());

    for (guint i = 0; i < n; i++) {
        const PstRedactRule *rule = &pst_redact_rules[i % pst_redact_rules_n];
        g_auto(Canary) canary = canary_new(rand, rule);
        g_autofree char *whole = redacted(canary.text);
        g_autofree char *pages = in_pages(canary.text, below(rand, (guint)strlen(canary.text)));

        judge(rule, &canary, whole);
        judge(rule, &canary, pages);
    }
    g_test_message("%u canaries over %u rules, each whole and in two pages", n, pst_redact_rules_n);
}

/* What reports are full of, and what must not be taken for a secret. */
static void
test_identifiers(void)
{
    static const char *const texts[] = {
        "c8d601b2c9ff4686981d8f43290327b5",
        "20622b61-a905-4f5a-b1ab-bf59075a14db",
        "s=739ad463348b4ceca5a9e69c95a3c93f;i=4ece7;b=6c7c6013a26343b29e964691ff25d04c;"
        "m=4fc72436e;t=4c508a7243799;x=88597d20e7d0ae26",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
        "systemd-ask-password-wall.path",
        "/usr/lib/x86_64-linux-gnu/security/pam_unix.so",
        "auth\tsufficient\tpam_unix.so nullok try_first_pass",
        "password\t[success=1 default=ignore]\tpam_unix.so obscure use_authtok yescrypt",
        "sudo: a password is required",
        "harness ALL=(ALL) NOPASSWD: ALL",
        "Accepted publickey for harness from 10.0.2.2 port 50000 ssh2: ED25519 "
        "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8",
        "passwd:         files systemd",
        "Started systemd-ask-password-console.path - Dispatch Password Requests to Console.",
    };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *out = pst_redact_text(texts[i]);
        g_assert_cmpstr(out, ==, NULL);
    }
}

/* What goes on for longer than 4 KiB: a filling of LEN bytes, in lines where LINE is not 0. */
static char *
long_value(gsize len, gsize line)
{
    char *value = g_malloc(len + 1);

    for (gsize i = 0; i < len; i++)
        value[i] = line > 0 && i % line == line - 1 ? '\n' : 'k';
    value[len] = '\0';
    return value;
}

static void
test_long_values(void)
{
    static const struct {
        const char *before, *behind, *expected;
        gsize line;
    } rows[] = {
        {"<privateKey>", "</privateKey>", "<privateKey>[redacted:secret]</privateKey>", 0},
        {"<token><![CDATA[", "]]></token>", "<token><![CDATA[[redacted:secret]]]></token>", 0},
        {"TOKEN=\"", "\"\nuser = bob", "TOKEN=\"[redacted:secret]\nuser = bob", 60},
        {"token:\n ", "\nuser: bob", "token:\n [redacted:secret]\nuser: bob", 0},
        {"secrets = [\n", "\n]\nuser = 1", "secrets = [\n[redacted:secret]\n]\nuser = 1", 60},
        {"secrets = [\n", "\na: b\n]", "secrets = [\n[redacted:secret]\na: b\n]", 60},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *value = long_value(6001, rows[i].line);
        g_autofree char *text = g_strconcat(rows[i].before, value, rows[i].behind, NULL);
        g_autofree char *out = redacted(text);

        g_assert_cmpstr(out, ==, rows[i].expected);
    }
}

static void
add_line(PstJournalData *data, const char *message)
{
    PstJournalLine *line = pst_fields_append(&pst_report_journal_line_fields, &data->entries);

    line->message = g_strdup(message);
}

/* Newest first: the key's end comes before its beginning. */
static void
test_report(void)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_journal_kind);
    PstJournalData *data = report->data;
    PstFinding *finding =
        pst_report_add(report, "journal.errors", PST_SEVERITY_WARNING, "password=hunter2");

    finding->evidence->text = g_strdup("token: abcdef");
    finding->remedy = g_strdup("use --password hunter2");
    PstUndo *undo = pst_report_undo(finding, PST_UNDO_ARGV);
    undo->argv = g_strsplit("mysql|--password|hunter2|-phunter2", "|", -1);
    add_line(data, "newer");
    add_line(data, "-----END RSA PRIVATE KEY-----");
    add_line(data, "tail of it");
    add_line(data, "-----BEGIN RSA PRIVATE KEY-----");
    add_line(data, "older");
    pst_report_conclude(report, "ok");

    g_assert_cmpuint(pst_redact_report(report), ==, 9);
    g_assert_cmpstr(report->summary, ==, "password=[redacted:password]");
    g_assert_cmpstr(finding->message, ==, "password=[redacted:password]");
    g_assert_cmpstr(finding->evidence->text, ==, "token: [redacted:secret]");
    g_assert_cmpstr(finding->remedy, ==, "use --password [redacted:password]");
    g_assert_cmpstr(undo->argv[2], ==, "[redacted:password]");
    g_assert_cmpstr(undo->argv[3], ==, "-p[redacted:mysql-option]");
    static const char *const expected[] = {"newer", "[redacted:private-key]",
                                           "[redacted:private-key]", "[redacted:private-key]",
                                           "older"};
    for (guint i = 0; i < data->entries->len; i++)
        g_assert_cmpstr(((PstJournalLine *)data->entries->pdata[i])->message, ==, expected[i]);
    g_assert_cmpuint(pst_redact_report(report), ==, 0);
}

/* A long line of what could make a scanner look at the same bytes again and again. */
static void
test_long(void)
{
    static const char *const units[] = {"a",
                                        "password",
                                        "password=",
                                        "password:\n",
                                        "a://",
                                        "a://b:",
                                        "a://b:c/",
                                        "\"",
                                        "'",
                                        "eyJ",
                                        "$1$",
                                        "-----BEGIN ",
                                        "-----BEGIN RSA PRIVATE KEY-----",
                                        "-----END PRIVATE KEY-----",
                                        "mysql -p",
                                        "mysql -p\"",
                                        "password: |\n ",
                                        "password \"",
                                        "export ",
                                        " ",
                                        "\n",
                                        "ghp_",
                                        "bearer ",
                                        "Aa1",
                                        "password=\\\"",
                                        "token: bearer ",
                                        BLANKS_65 "auth: |\n",
                                        BLANKS_65 "/pwd: |\n",
                                        "\"auth\":x",
                                        ";auth=x",
                                        "\\\"auth=x",
                                        "\"pwd\":/x",
                                        ";pwd=/x",
                                        "\"pwd=/x",
                                        "<pwd><![CDATA[/",
                                        "  /pwd=[\n",
                                        "  'auth'=[\n",
                                        ":password,value:yes,",
                                        "\"passwords\":[yes,\n",
                                        "<password a=",
                                        "password: [a,\n"};

    for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
        gsize len = LONG;
        g_autofree char *text = g_malloc(len + 1);
        clock_t start = clock();

        for (gsize at = 0; at < len; at++)
            text[at] = units[i][at % strlen(units[i])];
        text[len] = '\0';
        g_autofree char *out = pst_redact_text(text);
        double took = (double)(clock() - start) / CLOCKS_PER_SEC;
        g_test_message("%s: %.2f s", units[i], took);
        g_assert_cmpfloat(took, <, 1.5);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/redact/samples", test_samples);
    g_test_add_func("/redact/twice", test_twice);
    g_test_add_func("/redact/every-rule-has-samples", test_every_rule_has_samples);
    g_test_add_func("/redact/canaries", test_canaries);
    g_test_add_func("/redact/identifiers", test_identifiers);
    g_test_add_func("/redact/long-values", test_long_values);
    g_test_add_func("/redact/report", test_report);
    g_test_add_func("/redact/long", test_long);
    return g_test_run();
}
