// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/enroll-guest.h"
#include "host-sidecar/enroll-install.h"
#include "host-sidecar/enroll-transfer.h"

#include <string.h>

#include "protocol/error.h"
#include "protocol/json.h"

/* ---- an agent that says what the test has it say ---- */

/* "COMMAND: ANSWER", the answer being what stands in `return`, or "!" and an error. */
typedef struct {
    const char *const *lines;
    guint at;
    GString *asked; /* the commands' arguments, one after the other */
} Script;

static JsonObject *
say(gpointer data, const char *command, JsonObject *arguments, gint64 deadline_us, GError **error)
{
    Script *script = data;
    const char *line = script->lines[script->at];

    g_assert_cmpint(deadline_us, >, 0);
    if (line == NULL)
        g_error("'%s' was not expected", command);
    script->at++;
    const char *answer = strstr(line, ": ");
    g_autofree char *expected = g_strndup(line, (gsize)(answer - line));
    g_assert_cmpstr(command, ==, expected);
    if (arguments != NULL) {
        g_autofree char *text = pst_json_to_text(arguments, NULL);
        g_string_append_printf(script->asked, "%s %s\n", command, text);
    }
    answer += 2;
    if (*answer == '!') {
        g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "%s", answer + 1);
        return NULL;
    }
    g_autofree char *json = g_strdup_printf("{\"return\":%s}", answer);
    return pst_json_parse(json, strlen(json), &pst_validate_from_agent, error);
}

static PstEnrollAgent
agent_of(Script *script)
{
    return (PstEnrollAgent){say, script, g_get_monotonic_time() + 10 * G_USEC_PER_SEC};
}

static void
over(Script *script)
{
    g_assert_null(script->lines[script->at]);
    g_string_free(script->asked, TRUE);
}

#define SCRIPT(...)                                                                                \
    {                                                                                              \
        (const char *const[]){__VA_ARGS__, NULL}, 0, g_string_new(NULL)                            \
    }

#define REFUSED "!guest-exec: unable to execute QEMU agent command 'guest-exec': No such file"
#define STARTED "guest-exec: {\"pid\":7}"
/* "out\n" and "err\n" */
#define ENDED(status) "guest-exec-status: {\"exited\":true,\"exitcode\":" status "}"
#define PRINTED(status)                                                                            \
    "guest-exec-status: {\"exited\":true,\"exitcode\":" status                                     \
    ",\"out-data\":\"b3V0Cg==\",\"err-data\":\"ZXJyCg==\"}"

/* ---- programs ---- */

static const char *const argv[] = {"dpkg", "--install", "/x y", NULL};

static void
test_run(void)
{
    Script script = SCRIPT("guest-exec: " REFUSED, STARTED, "guest-exec-status: {\"exited\":false}",
                           PRINTED("3"));
    const PstEnrollAgent agent = agent_of(&script);
    g_auto(PstEnrollRan) ran = {0, NULL, NULL};
    g_autoptr(GError) error = NULL;

    g_assert_true(pst_enroll_agent_run(&agent, argv, &ran, &error));
    g_assert_no_error(error);
    g_assert_cmpint((int)ran.status, ==, 3);
    g_assert_cmpstr(ran.out, ==, "out\n");
    g_assert_cmpstr(ran.err, ==, "err\n");
    /* By its path, in a place after the other, with its words as they are and no shell. */
    g_assert_nonnull(strstr(script.asked->str, "\"path\":\"/usr/bin/dpkg\""));
    g_assert_nonnull(strstr(script.asked->str, "\"path\":\"/usr/sbin/dpkg\""));
    g_assert_nonnull(strstr(script.asked->str, "\"arg\":[\"--install\",\"/x y\"]"));
    g_assert_nonnull(strstr(script.asked->str, "\"DEBIAN_FRONTEND=noninteractive\""));
    over(&script);
}

/* What may have been started is not started again. */
static void
test_once(void)
{
    Script script = SCRIPT("guest-exec: !Guest agent is not responding");
    const PstEnrollAgent agent = agent_of(&script);
    g_auto(PstEnrollRan) ran = {0, NULL, NULL};
    g_autoptr(GError) error = NULL;

    g_assert_false(pst_enroll_agent_run(&agent, argv, &ran, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_PATH_SHUT);
    over(&script);
}

static void
test_failed(void)
{
    Script script = SCRIPT(STARTED, PRINTED("100"));
    Script killed = SCRIPT(STARTED, "guest-exec-status: {\"exited\":true,\"signal\":9}");
    Script silent = SCRIPT("guest-exec: " REFUSED, "guest-exec: " REFUSED, "guest-exec: " REFUSED,
                           "guest-exec: " REFUSED);
    const PstEnrollAgent agent = agent_of(&script), other = agent_of(&killed),
                         none = agent_of(&silent);
    g_autoptr(GError) error = NULL, signal = NULL, absent = NULL;

    g_assert_null(pst_enroll_agent_output(&agent, argv, &error));
    g_assert_cmpstr(error->message, ==, "dpkg in the guest ended with 100: err");
    g_assert_null(pst_enroll_agent_output(&other, argv, &signal));
    g_assert_cmpstr(signal->message, ==, "dpkg in the guest ended with 137");
    g_assert_null(pst_enroll_agent_output(&none, argv, &absent));
    g_assert_nonnull(strstr(absent->message, "No such file"));
    over(&script);
    over(&killed);
    over(&silent);
}

/* An agent that is not what it should be. */
static void
test_hostile_run(void)
{
    static const char *const answers[] = {
        "guest-exec: {}",
        "guest-exec: []",
        "guest-exec: {\"pid\":\"7\"}",
        "guest-exec: {\"pid\":-1}",
        "guest-exec-status: {}",
        "guest-exec-status: 7",
        "guest-exec-status: {\"exited\":1}",
        "guest-exec-status: {\"exited\":true,\"exitcode\":256}",
        "guest-exec-status: {\"exited\":true,\"exitcode\":-1}",
        "guest-exec-status: {\"exited\":true,\"signal\":900}",
        "guest-exec-status: {\"exited\":true,\"exitcode\":0,\"out-data\":7}",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(answers); i++) {
        gboolean first = g_str_has_prefix(answers[i], "guest-exec: ");
        const char *const lines[] = {first ? answers[i] : STARTED, first ? NULL : answers[i], NULL};
        Script script = {lines, 0, g_string_new(NULL)};
        const PstEnrollAgent agent = agent_of(&script);
        g_auto(PstEnrollRan) ran = {0, NULL, NULL};
        g_autoptr(GError) error = NULL;

        g_test_message("%s", answers[i]);
        g_assert_false(pst_enroll_agent_run(&agent, argv, &ran, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_PROTOCOL);
        g_assert_null(ran.out);
        over(&script);
    }
}

static void
test_deadline(void)
{
    Script script = SCRIPT(STARTED, "guest-exec-status: {\"exited\":false}");
    PstEnrollAgent agent = agent_of(&script);
    g_auto(PstEnrollRan) ran = {0, NULL, NULL};
    g_autoptr(GError) error = NULL;

    agent.deadline_us = g_get_monotonic_time() + 30000;
    g_assert_false(pst_enroll_agent_run(&agent, argv, &ran, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_DEADLINE);
    g_string_free(script.asked, TRUE);
}

/* ---- files ---- */

#define FLUSHED "guest-file-flush: {}"
#define CLOSED "guest-file-close: {}"

static void
test_put(void)
{
    /* A piece is taken in two, and one more is needed. */
    const gsize len = PST_ENROLL_TRANSFER_PIECE + 1;
    g_autofree guint8 *data = g_malloc0(len);
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, len);
    Script script =
        SCRIPT("guest-file-open: 1000", "guest-file-write: {\"count\":65535,\"eof\":false}",
               "guest-file-write: {\"count\":2,\"eof\":false}", FLUSHED, CLOSED);
    const PstEnrollAgent agent = agent_of(&script);
    g_autoptr(GError) error = NULL;

    g_assert_true(pst_enroll_transfer_put(&agent, "/p", bytes, &error));
    g_assert_no_error(error);
    g_assert_nonnull(strstr(script.asked->str, "\"path\":\"/p\",\"mode\":\"w\""));
    g_assert_nonnull(strstr(script.asked->str, "\"buf-b64\":\"AAA=\""));
    g_assert_cmpuint(script.asked->len, <, 160 * 1024);
    over(&script);
}

static void
test_hostile_put(void)
{
    static const char *const answers[] = {
        "guest-file-write: {\"count\":0,\"eof\":false}",
        "guest-file-write: {\"count\":4}",
        "guest-file-write: {\"count\":-3}",
        "guest-file-write: {\"count\":\"3\"}",
        "guest-file-write: {}",
        "guest-file-write: []",
    };
    g_autoptr(GBytes) bytes = g_bytes_new_static("abc", 3);

    for (gsize i = 0; i < G_N_ELEMENTS(answers); i++) {
        /* It is closed all the same. */
        const char *const lines[] = {"guest-file-open: 1000", answers[i], CLOSED, NULL};
        Script script = {lines, 0, g_string_new(NULL)};
        const PstEnrollAgent agent = agent_of(&script);
        g_autoptr(GError) error = NULL;

        g_test_message("%s", answers[i]);
        g_assert_false(pst_enroll_transfer_put(&agent, "/p", bytes, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_PROTOCOL);
        over(&script);
    }
    Script wrong = SCRIPT("guest-file-open: -1");
    const PstEnrollAgent agent = agent_of(&wrong);
    g_autoptr(GError) error = NULL;
    g_assert_false(pst_enroll_transfer_put(&agent, "/p", bytes, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_PROTOCOL);
    over(&wrong);
}

#define READ(rest) "guest-file-read: {" rest "}"

static const struct {
    const char *read;
    gsize max;
    int code; /* -1: it is had */
} reads[] = {
    {READ("\"count\":3,\"buf-b64\":\"YWJj\",\"eof\":true"), 3, -1},
    {READ("\"count\":0,\"buf-b64\":\"\",\"eof\":false"), 3, -1},
    {READ("\"count\":3,\"buf-b64\":\"YWJj\",\"eof\":true"), 2, PST_ERROR_TOO_LARGE},
    {READ("\"count\":4,\"buf-b64\":\"YWJj\",\"eof\":true"), 9, PST_ERROR_PROTOCOL},
    {READ("\"count\":-1,\"buf-b64\":\"\",\"eof\":true"), 9, PST_ERROR_PROTOCOL},
    {READ("\"count\":3,\"buf-b64\":\"YWJj\""), 9, PST_ERROR_PROTOCOL},
    {READ("\"count\":3,\"eof\":true"), 9, PST_ERROR_PROTOCOL},
    {READ("\"buf-b64\":\"YWJj\",\"eof\":true"), 9, PST_ERROR_PROTOCOL},
};

static void
test_get(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(reads); i++) {
        const char *const lines[] = {"guest-file-open: 5", reads[i].read, CLOSED, NULL};
        Script script = {lines, 0, g_string_new(NULL)};
        const PstEnrollAgent agent = agent_of(&script);
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) bytes = pst_enroll_transfer_get(&agent, "/p", reads[i].max, &error);

        g_test_message("%s", reads[i].read);
        if (reads[i].code >= 0)
            g_assert_error(error, PST_ERROR, reads[i].code);
        else
            g_assert_no_error(error);
        g_assert_cmpint(bytes != NULL, ==, reads[i].code < 0);
        over(&script);
    }
}

/* ---- what it tells of the guest ---- */

#define COMMAND(name, enabled) "{\"name\":\"" name "\",\"enabled\":" enabled "}"
#define OTHERS                                                                                     \
    COMMAND("guest-exec-status", "true")                                                           \
    "," COMMAND("guest-file-read", "true") "," COMMAND("guest-file-write", "true") "," COMMAND(    \
        "guest-file-flush", "true") "," COMMAND("guest-file-close", "true")
// clang-format off
#define INFO(exec, open)                                                                           \
    "guest-info: {\"version\":\"7.2\",\"supported_commands\":[" OTHERS ","                         \
    COMMAND("guest-exec", exec) "," COMMAND("guest-file-open", open) "]}"
// clang-format on
/* ID=debian */
#define RELEASE "guest-file-read: {\"count\":10,\"buf-b64\":\"SUQ9ZGViaWFuCg==\",\"eof\":true}"

static char *
encode(const char *text)
{
    g_autofree char *data = g_base64_encode((const guchar *)text, strlen(text));

    return g_strdup_printf(
        "guest-exec-status: {\"exited\":true,\"exitcode\":0,\"out-data\":\"%s\"}", data);
}

static void
test_look(void)
{
    g_autofree char *version = encode("installed 0.1.0\n"), *machine = encode("amd64\n"),
                    *unit = encode("LoadState=loaded\nActiveState=active\n"
                                   "UnitFileState=enabled\n");
    Script script = SCRIPT(INFO("true", "true"), "guest-file-open: 1", RELEASE, CLOSED, STARTED,
                           version, STARTED, machine, STARTED, unit);
    const PstEnrollAgent agent = agent_of(&script);
    PstEnrollFacts *facts = g_new0(PstEnrollFacts, 1);
    PstEnrollGuest *guest = &facts->guest;

    pst_enroll_guest_look(&agent, FALSE, guest);
    g_assert_null(guest->agent_problem);
    g_assert_null(guest->exec_problem);
    g_assert_null(guest->file_problem);
    g_assert_cmpint(guest->kind, ==, PST_ENROLL_PACKAGE_DEB);
    g_assert_cmpstr(guest->version, ==, "0.1.0");
    g_assert_cmpstr(guest->architecture, ==, "amd64");
    g_assert_true(guest->loaded);
    g_assert_cmpstr(guest->active, ==, "active");
    g_assert_cmpstr(guest->enabled, ==, "enabled");
    pst_enroll_facts_free(facts);
    over(&script);
}

/* What dpkg did not bring to its end is there, and is no version that somebody could use. */
static void
test_partly(void)
{
    static const struct {
        const char *said;
        gboolean partly;
    } rows[] = {{"half-configured 0.1.0\n", TRUE},
                {"unpacked 0.1.0\n", TRUE},
                {"half-installed \n", TRUE},
                {"config-files 0.1.0\n", FALSE},
                {"not-installed \n", FALSE}};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *version = encode(rows[i].said), *machine = encode("amd64\n"),
                        *unit = encode("LoadState=not-found\n");
        Script script = SCRIPT(INFO("true", "true"), "guest-file-open: 1", RELEASE, CLOSED, STARTED,
                               version, STARTED, machine, STARTED, unit);
        const PstEnrollAgent agent = agent_of(&script);
        PstEnrollFacts *facts = g_new0(PstEnrollFacts, 1);

        pst_enroll_guest_look(&agent, FALSE, &facts->guest);
        g_assert_null(facts->guest.version);
        g_assert_cmpint(facts->guest.partly, ==, rows[i].partly);
        pst_enroll_facts_free(facts);
        over(&script);
    }
}

static void
test_blocked(void)
{
    Script script = SCRIPT(INFO("false", "false"), "guest-get-osinfo: {\"id\":\"debian\"}");
    Script mute = SCRIPT("guest-info: !Guest agent is not responding");
    Script odd = SCRIPT("guest-info: {\"supported_commands\":7}");
    const PstEnrollAgent agents[] = {agent_of(&script), agent_of(&mute), agent_of(&odd)};
    PstEnrollFacts *facts[3];

    for (guint i = 0; i < 3; i++) {
        facts[i] = g_new0(PstEnrollFacts, 1);
        pst_enroll_guest_look(&agents[i], FALSE, &facts[i]->guest);
    }
    g_assert_nonnull(strstr(facts[0]->guest.exec_problem, "does not run guest-exec,"));
    g_assert_nonnull(strstr(facts[0]->guest.file_problem, "does not run guest-file-open,"));
    g_assert_cmpint(facts[0]->guest.kind, ==, PST_ENROLL_PACKAGE_DEB);
    g_assert_nonnull(strstr(facts[1]->guest.agent_problem, "not responding"));
    g_assert_nonnull(strstr(facts[2]->guest.agent_problem, "makes no sense"));
    for (guint i = 0; i < 3; i++)
        pst_enroll_facts_free(facts[i]);
    over(&script);
    over(&mute);
    over(&odd);
}

/* ---- handing a package over ---- */

/* What arrived and is another thing is not installed, and is taken away. */
static void
test_digest(void)
{
    g_autofree char *digest =
        encode("0000000000000000000000000000000000000000000000000000000000000000  /run/x\n");
    g_autoptr(GBytes) bytes = g_bytes_new_static("abc", 3);
    PstEnrollPackage package = {.kind = PST_ENROLL_PACKAGE_DEB, .bytes = bytes};
    Script script =
        SCRIPT(STARTED, ENDED("0"), "guest-file-open: 1", "guest-file-write: {\"count\":3}",
               FLUSHED, CLOSED, STARTED, digest, STARTED, ENDED("0"));
    const PstEnrollAgent agent = agent_of(&script);
    g_autoptr(GError) error = NULL;

    g_assert_null(pst_enroll_install_package(&agent, &package, &error));
    g_assert_nonnull(strstr(error->message, "is not what was handed over"));
    g_assert_nonnull(
        strstr(script.asked->str, "\"path\":\"/usr/bin/mkdir\",\"arg\":[\"-m\",\"0700\""));
    g_assert_null(strstr(script.asked->str, "apt-get"));
    g_assert_nonnull(strstr(script.asked->str, "\"path\":\"/usr/bin/find\""));
    over(&script);
}

/* A shim that runs goes by its configuration until it is started anew; where there is none, nothing
 * is. */
static void
test_remove_configuration(void)
{
    Script script = SCRIPT(STARTED, ENDED("0"), STARTED, ENDED("0"));
    Script gone = SCRIPT(STARTED, ENDED("0"));
    Script stuck = SCRIPT(STARTED, ENDED("0"), STARTED, ENDED("1"));
    const PstEnrollAgent agent = agent_of(&script), none = agent_of(&gone), bad = agent_of(&stuck);
    g_autoptr(GError) error = NULL;
    g_autofree char *said = pst_enroll_install_remove_configuration(&agent, TRUE, NULL);
    g_autofree char *other = pst_enroll_install_remove_configuration(&none, FALSE, NULL);

    g_assert_cmpstr(said, ==, "/etc/postern/shim.conf was removed");
    g_assert_nonnull(
        strstr(script.asked->str, "\"arg\":[\"try-restart\",\"postern-shim.service\"]"));
    g_assert_nonnull(other);
    g_assert_null(pst_enroll_install_remove_configuration(&bad, TRUE, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_PATH_SHUT);
    over(&script);
    over(&gone);
    over(&stuck);
}

int
main(int argc, char **argv_)
{
    g_test_init(&argc, &argv_, NULL);
    g_test_add_func("/enroll-agent/run", test_run);
    g_test_add_func("/enroll-agent/once", test_once);
    g_test_add_func("/enroll-agent/failed", test_failed);
    g_test_add_func("/enroll-agent/hostile-run", test_hostile_run);
    g_test_add_func("/enroll-agent/deadline", test_deadline);
    g_test_add_func("/enroll-agent/put", test_put);
    g_test_add_func("/enroll-agent/hostile-put", test_hostile_put);
    g_test_add_func("/enroll-agent/get", test_get);
    g_test_add_func("/enroll-agent/look", test_look);
    g_test_add_func("/enroll-agent/partly", test_partly);
    g_test_add_func("/enroll-agent/blocked", test_blocked);
    g_test_add_func("/enroll-agent/digest", test_digest);
    g_test_add_func("/enroll-agent/remove-configuration", test_remove_configuration);
    return g_test_run();
}
