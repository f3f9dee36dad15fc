// SPDX-License-Identifier: LGPL-2.1-or-later
#include <glib/gstdio.h>
#include <string.h>

#include "host-sidecar/vantage.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/vocabulary.h"

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGVm harness"

static char *folder;

/* CONTENTS as a file; its path is borrowed until the next call. */
static const char *
put(const char *name, const char *contents)
{
    static char *path;
    g_autoptr(GError) error = NULL;

    g_free(path);
    path = g_build_filename(folder, name, NULL);
    g_file_set_contents(path, contents, -1, &error);
    g_assert_no_error(error);
    return path;
}

static char *
read_vantage(PstVantageWords words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) vantage = pst_vantage_read(&words, &error);

    if (vantage == NULL) {
        g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
        g_assert_null(strchr(error->message, '\n'));
        return g_strdup(error->message);
    }
    return pst_json_to_text(vantage, NULL);
}

static void
test_words(void)
{
    static const struct {
        PstVantageWords words;
        const char *expected; /* the whole, or what an error begins with */
    } rows[] = {
        {{NULL}, "{}"},
        {{.user = (char *)"harness"}, "{\"user\":\"harness\"}"},
        {{.user = (char *)"a:b"}, "'a:b'"},
        {{.from = (char *)"192.0.2.1"}, "{\"from\":\"192.0.2.1\"}"},
        {{.from = (char *)"2001:db8::1"}, "{\"from\":\"2001:db8::1\"}"},
        {{.from = (char *)"bastion"}, "'bastion' is no address"},
        {{.port = (char *)"2222"}, "{\"port\":2222}"},
        {{.port = (char *)"0"}, "'0' is no port"},
        {{.port = (char *)"65536"}, "'65536' is no port"},
        {{.port = (char *)"ssh"}, "'ssh' is no port"},
        {{.key = (char *)"SHA256:abc"}, "{\"key\":\"SHA256:abc\"}"},
        {{.key = (char *)"/nonexistent.pub"}, "/nonexistent.pub: "},
        {{.command = (char *)"/bin/ls -l 'a b'"}, "{\"command\":[\"/bin/ls\",\"-l\",\"a b\"]}"},
        {{.command = (char *)"/bin/ls $(id)"}, "{\"command\":[\"/bin/ls\",\"$(id)\"]}"},
        {{.command = (char *)"'open"}, "''open' is no command"},
        {{.command = (char *)""}, "'' is no command"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = read_vantage(rows[i].words);
        g_assert_true(g_str_has_prefix(text, rows[i].expected));
    }
}

static void
test_key_file(void)
{
    g_autofree char *public =
        read_vantage((PstVantageWords){.key = (char *)put("id.pub", KEY "\nmore\n")});
    g_autofree char *private = read_vantage((PstVantageWords){
        .key = (char *)put("id", "-----BEGIN OPENSSH PRIVATE KEY-----\nQUJD RA==\n")});

    g_assert_cmpstr(public, ==, "{\"key\":\"" KEY "\"}");
    g_assert_nonnull(strstr(private, "no public key file"));
    g_assert_null(strstr(private, "QUJD"));
}

static void
test_configured(void)
{
    const char *path = put("postern.conf", "[vantage harness]\nuser=harness\nfrom=192.0.2.1\n"
                                           "port=2222\nkex=curve25519-sha256,sntrup761x25519\n"
                                           "command=/usr/bin/systemctl restart nginx\n"
                                           "[vantage wrong]\nusr=harness\n");

    g_setenv("POSTERN_CONFIG", path, TRUE);
    g_autofree char *whole = read_vantage((PstVantageWords){.as = (char *)"harness"});
    g_autofree char *over = read_vantage(
        (PstVantageWords){.as = (char *)"harness", .user = (char *)"other", .port = (char *)"22"});
    g_autofree char *wrong = read_vantage((PstVantageWords){.as = (char *)"wrong"});
    g_autofree char *absent = read_vantage((PstVantageWords){.as = (char *)"absent"});

    g_assert_cmpstr(whole, ==,
                    "{\"user\":\"harness\",\"from\":\"192.0.2.1\",\"port\":2222,"
                    "\"kex\":[\"curve25519-sha256\",\"sntrup761x25519\"],"
                    "\"command\":[\"/usr/bin/systemctl\",\"restart\",\"nginx\"]}");
    g_assert_nonnull(strstr(over, "\"user\":\"other\""));
    g_assert_nonnull(strstr(over, "\"port\":22,"));
    g_assert_nonnull(strstr(over, "\"from\":\"192.0.2.1\""));
    g_assert_nonnull(
        strstr(wrong, "[vantage wrong]: unknown argument 'usr'; did you mean 'user'?"));
    g_assert_nonnull(strstr(absent, "no group [vantage absent]"));
    g_unsetenv("POSTERN_CONFIG");
}

static void
test_broken_configuration(void)
{
    g_setenv("POSTERN_CONFIG", put("postern.conf", "user=harness\n"), TRUE);
    g_autofree char *broken = read_vantage((PstVantageWords){.as = (char *)"harness"});
    g_setenv("POSTERN_CONFIG", "/nonexistent/postern.conf", TRUE);
    g_autofree char *absent = read_vantage((PstVantageWords){.as = (char *)"harness"});

    g_assert_nonnull(strstr(broken, "postern.conf: "));
    g_assert_nonnull(strstr(absent, "/nonexistent/postern.conf: "));
    g_unsetenv("POSTERN_CONFIG");
}

static void
test_apply(void)
{
    g_autoptr(JsonObject) vantage = json_object_new();
    g_autoptr(JsonObject) for_sudo = json_object_new();
    g_autoptr(JsonObject) for_system = json_object_new();

    json_object_set_string_member(vantage, "user", "harness");
    json_object_set_string_member(vantage, "from", "192.0.2.1");
    pst_vantage_apply(vantage, pst_vocabulary_find("sudo"), for_sudo);
    pst_vantage_apply(vantage, pst_vocabulary_find("system"), for_system);
    g_autofree char *sudo = pst_json_to_text(for_sudo, NULL);
    g_autofree char *system = pst_json_to_text(for_system, NULL);

    g_assert_cmpstr(sudo, ==, "{\"user\":\"harness\"}");
    g_assert_cmpstr(system, ==, "{}");
}

/* What a baseline was asked with is taken where nobody says it, and compared where somebody does.
 */
static void
test_compared(void)
{
    static const struct {
        const char *one, *other, *differs, *filled;
    } rows[] = {
        {"{}", "{}", NULL, "{}"},
        {"{\"user\":\"a\"}", "{\"user\":\"b\",\"units\":[\"x\"]}", NULL, "{\"user\":\"a\"}"},
        {"{\"port\":22}", "{\"port\":22}", NULL, "{\"port\":22}"},
        {"{\"port\":22}", "{\"port\":23}", "port", "{\"port\":22}"},
        {"{}", "{\"from\":\"192.0.2.1\",\"key\":\"k\"}", "from, key",
         "{\"from\":\"192.0.2.1\",\"key\":\"k\"}"},
        {"{\"key\":\"k\"}", "{}", "key", "{\"key\":\"k\"}"},
        {"{\"command\":[\"a\",\"b\"]}", "{\"command\":[\"a\",\"b\"]}", NULL,
         "{\"command\":[\"a\",\"b\"]}"},
        {"{\"command\":[\"a\",\"b\"]}", "{\"command\":[\"a\"]}", "command",
         "{\"command\":[\"a\",\"b\"]}"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(JsonNode) one = json_from_string(rows[i].one, NULL);
        g_autoptr(JsonNode) other = json_from_string(rows[i].other, NULL);
        g_autofree char *differs =
            pst_vantage_differs(json_node_get_object(one), json_node_get_object(other));

        g_assert_cmpstr(differs, ==, rows[i].differs);
        pst_vantage_fill(json_node_get_object(one), json_node_get_object(other));
        g_autofree char *text = pst_json_to_text(json_node_get_object(one), NULL);
        g_assert_cmpstr(text, ==, rows[i].filled);
    }
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("pst-vantage-XXXXXX", &error);
    g_assert_no_error(error);
    g_test_add_func("/vantage/words", test_words);
    g_test_add_func("/vantage/key-file", test_key_file);
    g_test_add_func("/vantage/configured", test_configured);
    g_test_add_func("/vantage/broken-configuration", test_broken_configuration);
    g_test_add_func("/vantage/apply", test_apply);
    g_test_add_func("/vantage/compared", test_compared);
    int failed = g_test_run();
    for (guint i = 0; i < 3; i++) {
        static const char *const names[] = {"id.pub", "id", "postern.conf"};
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
    g_free(folder);
    return failed;
}
