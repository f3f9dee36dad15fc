// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host-sidecar/audit.h"
#include "host-sidecar/chain-head.h"
#include "host-sidecar/chain-verify.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "tests/unit/make-report.h"

typedef struct {
    char *folder, *journal, *file;
    PstAuditPlaces places;
    int socket; /* the journal's end, or -1 */
    PstAnswer *answer;
} World;

static void
set_up(World *world, gconstpointer with_journal)
{
    world->folder = g_dir_make_tmp("postern-audit-XXXXXX", NULL);
    world->journal = g_build_filename(world->folder, "socket", NULL);
    world->file = g_build_filename(world->folder, "deep", "audit.jsonl", NULL);
    world->places = (PstAuditPlaces){world->journal, world->file};
    world->socket = -1;
    if (with_journal != NULL) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        g_strlcpy(address.sun_path, world->journal, sizeof(address.sun_path));
        world->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        g_assert_cmpint(bind(world->socket, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    }
    world->answer = pst_answer_new("web-1", "network", NULL);
    world->answer->report = make_report(PST_SEVERITY_WARNING, "network.no-link", "x");
    world->answer->via = PST_VIA_AGENT;
}

static void
tear_down(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *deep = g_path_get_dirname(world->file);
    g_autofree char *head = pst_chain_head_path(world->file);

    if (world->socket >= 0)
        close(world->socket);
    unlink(world->journal);
    unlink(world->file);
    unlink(head);
    rmdir(deep);
    rmdir(world->folder);
    g_free(world->folder);
    g_free(world->journal);
    g_free(world->file);
    pst_answer_free(world->answer);
}

static void
test_file(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *text = NULL;
    struct stat st;

    for (int i = 0; i < 3; i++)
        g_assert_true(
            pst_audit_write_to(&world->places, "ann (uid 7)", "probe", world->answer, NULL));
    g_assert_true(g_file_get_contents(world->file, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    /* The first tells of the log itself. */
    g_assert_cmpuint(g_strv_length(lines), ==, 5);
    g_assert_nonnull(strstr(lines[0], "\"event\":\"begin\""));
    g_autoptr(JsonObject) json =
        pst_json_parse(lines[2], strlen(lines[2]), &pst_validate_from_guest, NULL);
    g_assert_nonnull(json);
    const char *const members[][2] = {{"caller", "ann (uid 7)"}, {"method", "probe"},
                                      {"guest", "web-1"},        {"probe", "network"},
                                      {"via", "agent"},          {"result", "warning"}};
    for (guint i = 0; i < G_N_ELEMENTS(members); i++)
        g_assert_cmpstr(json_object_get_string_member(json, members[i][0]), ==, members[i][1]);
    g_assert_cmpint(json_object_get_int_member(json, "realtime_us"), >, 1600000000000000);
    g_assert_cmpint(stat(world->file, &st), ==, 0);
    g_assert_cmphex(st.st_mode & 07777, ==, 0600);
}

static void
test_unanswered(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *text = NULL;

    g_clear_pointer(&world->answer->report, pst_report_free);
    world->answer->via = PST_VIA_NONE;
    world->answer->error = g_error_new(PST_ERROR, PST_ERROR_DEADLINE, "x");
    g_assert_true(pst_audit_write_to(&world->places, "ann", "probe", world->answer, NULL));
    g_assert_true(g_file_get_contents(world->file, &text, NULL, NULL));
    g_assert_nonnull(strstr(text, "\"via\":\"none\""));
    g_assert_nonnull(strstr(text, "\"result\":\"deadline\""));
}

static void
test_journal(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    char text[4096] = "";

    g_assert_true(
        pst_audit_write_to(&world->places, "ann\nPRIORITY=0", "probe", world->answer, NULL));
    gssize n = recv(world->socket, text, sizeof(text) - 1, MSG_DONTWAIT);
    g_assert_cmpint(n, >, 0);
    g_assert_nonnull(strstr(text, "MESSAGE_ID=" PST_AUDIT_MESSAGE_ID "\n"));
    g_assert_nonnull(strstr(text, "\nPOSTERN_GUEST=web-1\n"));
    g_assert_nonnull(strstr(text, "\nPOSTERN_RESULT=warning\n"));
    g_assert_nonnull(
        strstr(text, "\nMESSAGE=ann\\nPRIORITY=0 asked network of web-1: warning via agent\n"));
    g_assert_null(strstr(text, "\nPRIORITY=0"));
    /* Both tell the same: the journal names the line of the file by its digest. */
    g_autoptr(PstChainOutcome) result = pst_chain_verify(world->file, NULL, NULL);
    g_autofree char *seq = g_strdup_printf("\nPOSTERN_SEQ=%" G_GUINT64_FORMAT "\n", result->last);
    g_autofree char *line = g_strdup_printf("\nPOSTERN_LINE_SHA256=%s\n", result->sha256);
    g_assert_cmpuint(result->n_faults, ==, 0);
    g_assert_cmpuint(result->last, ==, 2);
    g_assert_nonnull(strstr(text, seq));
    g_assert_nonnull(strstr(text, line));
}

/* Who it was, of what guest, for how long. */
static void
test_who(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const PstAuditProcess process = {7, 8, 9, "/usr/bin/a\nPRIORITY=0"};
    const PstAuditRecord audit = {"ann", &process, "probe", "0-1-2", world->answer};
    static const char *const fields[] = {
        "\nPOSTERN_UID=7\n",      "\nPOSTERN_GID=8\n",
        "\nPOSTERN_PID=9\n",      "\nPOSTERN_EXE=/usr/bin/a\\nPRIORITY=0\n",
        "\nPOSTERN_UUID=0-1-2\n", "\nPOSTERN_TOOK_MS=34\n",
    };
    g_autofree char *record = g_new0(char, 4096);
    g_autofree char *text = NULL;

    world->answer->took_ms = 34;
    g_assert_true(pst_audit_record_to(&world->places, &audit, NULL));
    g_assert_cmpint(recv(world->socket, record, 4095, MSG_DONTWAIT), >, 0);
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        g_assert_nonnull(strstr(record, fields[i]));
    g_assert_true(g_file_get_contents(world->file, &text, NULL, NULL));
    g_assert_nonnull(strstr(text, "\"uid\":7,\"gid\":8,\"pid\":9,\"exe\":\"/usr/bin/a\\n"));
    g_assert_nonnull(strstr(text, "\"uuid\":\"0-1-2\""));
    g_assert_nonnull(strstr(text, "\"took_ms\":34"));
}

/* Somebody has to look: in the journal it is not one among many. */
static void
test_halted(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const PstAuditRecord audit = {"ann", NULL, "recover", "0-1-2", world->answer, .halted = TRUE};
    g_autofree char *record = g_new0(char, 4096);

    g_assert_true(pst_audit_record_to(&world->places, &audit, NULL));
    g_assert_cmpint(recv(world->socket, record, 4095, MSG_DONTWAIT), >, 0);
    g_assert_true(
        g_str_has_prefix(record, "MESSAGE_ID=" PST_AUDIT_MESSAGE_ID_HALTED "\nPRIORITY=2\n"));
}

/* Of a process that is not known nothing is made up; of this one it is known. */
static void
test_self(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *text = NULL, *both = NULL;
    g_autofree char *pid = g_strdup_printf("\"pid\":%d,", (int)getpid());

    g_assert_true(pst_audit_write_to(&world->places, "ann", "probe", world->answer, NULL));
    g_assert_true(g_file_get_contents(world->file, &text, NULL, NULL));
    g_assert_null(strstr(text, "\"pid\""));
    g_assert_null(strstr(text, "\"uuid\""));
    g_assert_null(strstr(text, "\"took_ms\""));
    g_assert_true(
        pst_audit_write_to(&world->places, pst_audit_caller(), "probe", world->answer, NULL));
    g_assert_true(g_file_get_contents(world->file, &both, NULL, NULL));
    g_assert_nonnull(strstr(both, pid));
    g_assert_nonnull(strstr(both, "test-audit"));
}

static void
test_refused(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const PstErrorCode codes[] = {PST_ERROR_NO_PERMISSION, PST_ERROR_NOT_ALLOWED};
    char text[4096] = "";

    g_clear_pointer(&world->answer->report, pst_report_free);
    for (guint i = 0; i < G_N_ELEMENTS(codes); i++) {
        g_clear_error(&world->answer->error);
        world->answer->error = g_error_new(PST_ERROR, codes[i], "x");
        g_assert_true(pst_audit_write_to(&world->places, "ann", "probe", world->answer, NULL));
        g_assert_cmpint(recv(world->socket, text, sizeof(text) - 1, MSG_DONTWAIT), >, 0);
        g_assert_nonnull(strstr(text, "MESSAGE_ID=" PST_AUDIT_MESSAGE_ID_REFUSED "\n"));
    }
}

/* That somebody cut the file is told where they may not reach. */
static void
test_fault(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    char text[4096] = "";

    g_assert_true(pst_audit_write_to(&world->places, "ann", "probe", world->answer, NULL));
    g_assert_cmpint(recv(world->socket, text, sizeof(text) - 1, MSG_DONTWAIT), >, 0);
    g_assert_cmpint(truncate(world->file, 100), ==, 0);
    g_assert_true(pst_audit_write_to(&world->places, "ann", "probe", world->answer, NULL));
    g_assert_cmpint(recv(world->socket, text, sizeof(text) - 1, MSG_DONTWAIT), >, 0);
    memset(text, 0, sizeof(text));
    g_assert_cmpint(recv(world->socket, text, sizeof(text) - 1, MSG_DONTWAIT), >, 0);
    g_assert_nonnull(strstr(text, "MESSAGE_ID=" PST_AUDIT_MESSAGE_ID_FAULT "\nPRIORITY=4\n"));
    g_assert_nonnull(strstr(text, "is not as it was left: its end is missing\n"));
}

/* A file that was read is named, however its name was written. */
static void
test_arguments(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const char *const wanted = "{\"path\":\"/etc/a\\nPRIORITY=0\"}";
    g_autofree char *field = g_strdup_printf("\nPOSTERN_ARGS=%s\n", wanted);
    g_autofree char *text = g_new0(char, 4096);
    g_autofree char *filed = NULL;

    json_object_set_string_member(world->answer->args, "path", "/etc/a\nPRIORITY=0");
    g_assert_true(pst_audit_write_to(&world->places, "ann", "read", world->answer, NULL));
    g_assert_cmpint(recv(world->socket, text, 4095, MSG_DONTWAIT), >, 0);
    g_assert_nonnull(strstr(text, field));
    g_assert_nonnull(strstr(text, " asked network {\"path\":\"/etc/a"));
    g_assert_null(strstr(text, "\nPRIORITY=0"));

    g_assert_cmpint(unlink(world->journal), ==, 0);
    g_assert_true(pst_audit_write_to(&world->places, "ann", "read", world->answer, NULL));
    g_assert_true(g_file_get_contents(world->file, &filed, NULL, NULL));
    g_assert_nonnull(strstr(filed, "\"args\":{\"path\":\"/etc/a\\nPRIORITY=0\"}"));
}

/* A journal that is stopped takes a few records and then none: nobody waits for it, and the file
 * has them all. */
static void
test_stuck_journal(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const guint n = 2000;
    gint64 start_us = g_get_monotonic_time();
    char record[4096];
    guint sent = 0;

    for (guint i = 0; i < n; i++)
        g_assert_true(pst_audit_write_to(&world->places, "ann", "probe", world->answer, NULL));
    g_assert_cmpint(g_get_monotonic_time() - start_us, <, 20 * G_USEC_PER_SEC);
    while (recv(world->socket, record, sizeof(record), MSG_DONTWAIT) > 0)
        sent++;
    g_assert_cmpuint(sent, >, 0);
    g_assert_cmpuint(sent, <, n);
    g_autoptr(PstChainOutcome) result = pst_chain_verify(world->file, NULL, NULL);
    g_assert_cmpuint(result->n_faults, ==, 0);
    g_assert_cmpuint(result->n_lines, ==, n + 1);
}

/* What the file does not take the journal has all the same, and it is said. */
static void
test_no_file(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const PstAuditPlaces places = {world->journal, "/dev/full/audit.jsonl"};
    g_autoptr(GError) error = NULL;
    char text[4096] = "";

    g_assert_false(pst_audit_write_to(&places, "ann", "probe", world->answer, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_OUTPUT);
    g_assert_nonnull(strstr(error->message, "/dev/full"));
    g_assert_cmpint(recv(world->socket, text, sizeof(text) - 1, MSG_DONTWAIT), >, 0);
    g_assert_nonnull(strstr(text, "\nPOSTERN_GUEST=web-1\n"));
    g_assert_null(strstr(text, "POSTERN_SEQ="));
}

static void
test_caller(void)
{
    const char *caller = pst_audit_caller();
    g_autofree char *uid = g_strdup_printf("(uid %u)", (guint)getuid());

    g_assert_true(g_str_has_suffix(caller, uid));
}

#define ADD(name, journal, func)                                                                   \
    g_test_add(name, World, GINT_TO_POINTER(journal), set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/audit/file", 0, test_file);
    ADD("/audit/unanswered", 0, test_unanswered);
    ADD("/audit/journal", 1, test_journal);
    ADD("/audit/arguments", 1, test_arguments);
    ADD("/audit/stuck-journal", 1, test_stuck_journal);
    ADD("/audit/who", 1, test_who);
    ADD("/audit/halted", 1, test_halted);
    ADD("/audit/self", 0, test_self);
    ADD("/audit/refused", 1, test_refused);
    ADD("/audit/fault", 1, test_fault);
    ADD("/audit/no-file", 1, test_no_file);
    g_test_add_func("/audit/caller", test_caller);
    return g_test_run();
}
