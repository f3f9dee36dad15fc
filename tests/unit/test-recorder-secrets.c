// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the recorder and the channel tell unasked holds no secrets: canaries in the kernel's lines,
 * over lines, over fragments of one and over events; in paths, units and messages. */
#include <string.h>

#include "guest-shim/recorder-kernel.h"
#include "guest-shim/redact.h"
#include "tests/unit/redact-canary.h"

#define CANARIES 1000
#define PIECE 5
#define HOUR_US (3600 * (gint64)G_USEC_PER_SEC)
/* What an event tells of the message and of the lines behind it, about. */
#define MESSAGE 1024
#define TEXT 4096

typedef struct {
    PstRecorderKinds *kinds;
    PstRecorderKernel *kernel;
    GString *told; /* every string of every event */
    GPtrArray *events;
    gint64 now_us;    /* of the log */
    gint64 events_us; /* of the events, whose number is bounded */
    guint seq;
} Fixture;

static void
append(Fixture *fixture, JsonObject *event, const char *name)
{
    if (!json_object_has_member(event, name))
        return;
    g_string_append_printf(fixture->told, "%s\f", json_object_get_string_member(event, name));
}

static void
tell(PstEventKind kind, const PstEventFacts *facts, gpointer user_data)
{
    static const char *const names[] = {"message", "path", "unit", "text"};
    Fixture *fixture = user_data;

    fixture->events_us += HOUR_US;
    JsonObject *event = pst_recorder_kinds_make(fixture->kinds, kind, facts, fixture->events_us);
    g_assert_nonnull(event);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        append(fixture, event, names[i]);
    g_ptr_array_add(fixture->events, event);
}

static void
set_up(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    fixture->kinds = pst_recorder_kinds_new();
    fixture->kernel = pst_recorder_kernel_new(tell, fixture);
    fixture->told = g_string_new(NULL);
    fixture->events = g_ptr_array_new_with_free_func((GDestroyNotify)json_object_unref);
    fixture->now_us = fixture->events_us = HOUR_US;
}

static void
tear_down(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    pst_recorder_kernel_free(fixture->kernel);
    pst_recorder_kinds_free(fixture->kinds);
    g_string_free(fixture->told, TRUE);
    g_ptr_array_unref(fixture->events);
}

static void
log_record(Fixture *fixture, char flag, const char *message, gsize len)
{
    g_autofree char *record = g_strdup_printf("4,%u,%" G_GINT64_FORMAT ",%c;%.*s", fixture->seq++,
                                              fixture->now_us, flag, (int)len, message);

    pst_recorder_kernel_take(fixture->kernel, record);
}

static void
log_line(Fixture *fixture, const char *message)
{
    log_record(fixture, '-', message, strlen(message));
}

/* TEXT's lines, a record each; a line in two where SPLIT falls within it. An event ends before the
 * record PAUSE. */
static void
log_text(Fixture *fixture, const char *text, gsize split, guint pause)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    gsize at = 0;

    for (guint i = 0; lines[i] != NULL; i++) {
        gsize len = strlen(lines[i]);

        if (i == pause)
            pst_recorder_kernel_pause(fixture->kernel);
        if (split > at && split < at + len) {
            log_record(fixture, '-', lines[i], split - at);
            log_record(fixture, 'c', lines[i] + (split - at), len - (split - at));
        } else {
            log_record(fixture, '-', lines[i], len);
        }
        at += len + 1;
    }
    pst_recorder_kernel_pause(fixture->kernel);
}

static void
judge(Fixture *fixture, const char *how, const char *rule, const Canary *canary)
{
    g_assert_cmpuint(fixture->told->len, >, 0);
    if (canary_leaks(canary, fixture->told->str, PIECE)) {
        g_test_message("%s, %s: '%s' of '%s' got out: '%s'", how, rule, canary->secret,
                       canary->text, fixture->told->str);
        g_test_fail();
    }
    g_string_truncate(fixture->told, 0);
    g_ptr_array_set_size(fixture->events, 0);
    /* What comes that much later belongs to nothing before it. */
    fixture->now_us += HOUR_US;
}

/* Lines of no weight, of N bytes at least. Their words are so short that no PIECE of a secret can
 * be one of them by chance. */
static void
log_filling(Fixture *fixture, gsize n)
{
    static const char line[] = "usb 1-1: new disk of 64 MB, id 71";

    for (gsize at = 0; at < n; at += sizeof(line))
        log_line(fixture, line);
}

static void
plant(Fixture *fixture, GRand *rand, const PstRedactRule *rule)
{
    g_auto(Canary) canary = canary_new(rand, rule);
    guint len = (guint)strlen(canary.text);

    log_text(fixture, canary.text, 0, G_MAXUINT);
    judge(fixture, "in lines", rule->id, &canary);
    log_text(fixture, canary.text, below(rand, len), G_MAXUINT);
    judge(fixture, "in a line of two parts", rule->id, &canary);
    log_text(fixture, canary.text, 0, 1 + below(rand, 4));
    judge(fixture, "in two events", rule->id, &canary);

    /* Where what is told is cut. What is assigned ends elsewhere in the middle of a line. */
    g_autofree char *dots = g_strnfill(MESSAGE - 1 - below(rand, MIN(len, 512)), '.');
    g_autofree char *far = g_strconcat(dots, " ", canary.text, NULL);
    if (rule->kind == PST_REDACT_TOKEN || rule->kind == PST_REDACT_URL) {
        log_text(fixture, far, 0, G_MAXUINT);
        judge(fixture, "at the message's end", rule->id, &canary);
    }
    log_filling(fixture, TEXT + 64 - below(rand, MIN(len, 512)));
    log_text(fixture, canary.text, 0, g_rand_boolean(rand) ? 2 : G_MAXUINT);
    judge(fixture, "at the text's end", rule->id, &canary);

    if (strchr(canary.text, '\n') != NULL)
        return;
    const PstEventFacts facts[] = {{.message = "written", .path = canary.text},
                                   {.message = "failed", .unit = canary.text},
                                   {.message = canary.text, .unit = "a.service"},
                                   {.message = "more", .text = canary.text}};
    for (guint i = 0; i < G_N_ELEMENTS(facts); i++) {
        tell(PST_EVENT_CONTROL_PLANE, &facts[i], fixture);
        judge(fixture, "as a fact", rule->id, &canary);
    }
}

static void
test_canaries(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    const char *more = g_getenv("POSTERN_CANARIES");
    guint n = more != NULL ? (guint)g_ascii_strtoull(more, NULL, 10) : CANARIES;
    g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)g_test_rand_int());

    for (guint i = 0; i < n; i++)
        plant(fixture, rand, &pst_redact_rules[i % pst_redact_rules_n]);
    g_test_message("%u canaries over %u rules, each in five or nine ways", n, pst_redact_rules_n);
}

static const char *
string_of(Fixture *fixture, guint event, const char *name)
{
    g_assert_cmpuint(fixture->events->len, >, event);
    return json_object_get_string_member(fixture->events->pdata[event], name);
}

#define PRIVATE "[redacted:private-key]"

/* A key that is logged so slowly that each line is an event. What follows it is told again. */
static void
test_slowly(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const lines[][2] = {
        {"app: starts", "app: starts"},
        {"-----BEGIN RSA PRIVATE KEY-----", PRIVATE},
        {"short", PRIVATE},
        {"lines", PRIVATE},
        {"-----END RSA PRIVATE KEY-----", PRIVATE},
        {"app: ends", "app: ends"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        log_line(fixture, lines[i][0]);
        fixture->now_us += G_USEC_PER_SEC;
        pst_recorder_kernel_pause(fixture->kernel);
        g_assert_cmpstr(string_of(fixture, i, "message"), ==, lines[i][1]);
    }
}

/* What only begins like a key hides what comes with it, and neither what comes later nor for long
 * what follows. */
static void
test_no_end(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    log_line(fixture, "-----BEGIN RSA PRIVATE KEY-----");
    log_line(fixture, "with it");
    pst_recorder_kernel_pause(fixture->kernel);
    g_assert_cmpstr(string_of(fixture, 0, "text"), ==, PRIVATE);
    fixture->now_us += HOUR_US;
    log_line(fixture, "an hour later");
    pst_recorder_kernel_pause(fixture->kernel);
    g_assert_cmpstr(string_of(fixture, 1, "message"), ==, "an hour later");

    log_line(fixture, "-----BEGIN RSA PRIVATE KEY-----");
    pst_recorder_kernel_pause(fixture->kernel);
    log_filling(fixture, 20000);
    pst_recorder_kernel_pause(fixture->kernel);
    g_assert_cmpstr(string_of(fixture, 3, "message"), ==, PRIVATE);
    log_line(fixture, "soon");
    pst_recorder_kernel_pause(fixture->kernel);
    g_assert_cmpstr(string_of(fixture, 4, "message"), ==, "soon");
}

/* The key's beginning is among what is left out of the first event, and among so much that most of
 * it is not even kept. */
static void
test_left_out(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    log_filling(fixture, 200000);
    log_line(fixture, "-----BEGIN RSA PRIVATE KEY-----");
    log_line(fixture, "short");
    pst_recorder_kernel_pause(fixture->kernel);
    log_line(fixture, "lines");
    log_line(fixture, "-----END RSA PRIVATE KEY-----");
    log_line(fixture, "sound");
    pst_recorder_kernel_pause(fixture->kernel);
    g_assert_true(g_str_has_suffix(string_of(fixture, 0, "text"), " lines more"));
    g_assert_cmpstr(string_of(fixture, 1, "message"), ==, PRIVATE);
    g_assert_cmpstr(string_of(fixture, 1, "text"), ==, PRIVATE "\nsound");
}

/* The end of a key whose beginning nobody saw is among what is left out. */
static void
test_end_left_out(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    log_line(fixture, "short");
    log_filling(fixture, TEXT + 64);
    log_line(fixture, "-----END RSA PRIVATE KEY-----");
    pst_recorder_kernel_pause(fixture->kernel);
    g_assert_cmpstr(string_of(fixture, 0, "message"), ==, PRIVATE);
    g_assert_true(g_str_has_prefix(string_of(fixture, 0, "text"), PRIVATE "\nand "));
}

/* A fragment goes on with the line of the record before it alone. */
static void
test_fragments(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    log_record(fixture, '-', "one ", 4);
    log_record(fixture, 'c', "line", 4);
    log_record(fixture, '-', "two", 3);
    log_record(fixture, 'c', " too", 4);
    fixture->seq++;
    log_record(fixture, 'c', "three", 5);
    pst_recorder_kernel_pause(fixture->kernel);
    g_assert_cmpstr(string_of(fixture, 0, "message"), ==, "one line");
    g_assert_cmpstr(string_of(fixture, 0, "text"), ==, "two too\nthree");
    log_record(fixture, 'c', "+password=hunter2", 17);
    pst_recorder_kernel_pause(fixture->kernel);
    g_assert_cmpstr(string_of(fixture, 1, "message"), ==, "+password=[redacted:password]");
    g_assert_false(json_object_has_member(fixture->events->pdata[1], "text"));
}

/* Sound lines stay as they are. */
static void
test_sound(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const lines[] = {
        "INFO: task cat:1234 blocked for more than 120 seconds.",
        "      Not tainted 6.1.0-18-amd64 #1 Debian 6.1.76-1",
        "RIP: 0033:0x7f3a1c0e5a7d",
        "Code: 31 c0 e9 a6 fe ff ff 50 48 8d 3d 3e 0a 0b 00 e8 <48> 3d 00 f0 ff ff 77 2c",
        "RAX: ffffffffffffffda RBX: 0000000000020000 RCX: 00007f3a1c0e5a7d",
        "Problem loading in-kernel X.509 certificate (-65)",
        "audit: type=1400 audit(1700000000.000:12): apparmor=\"DENIED\" operation=\"open\"",
        "EXT4-fs error (device vda1): ext4_lookup:1855: inode #131: comm cat: iget: bogus",
    };
    static const char *const paths[] = {"/etc/pam.d/common-password", "/etc/shadow-",
                                        "/etc/security/passwdqc.conf", "/etc/ssh/ssh_host_rsa_key"};

    for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
        log_line(fixture, lines[i]);
    pst_recorder_kernel_pause(fixture->kernel);
    g_assert_cmpstr(string_of(fixture, 0, "message"), ==, lines[0]);
    g_auto(GStrv) told = g_strsplit(string_of(fixture, 0, "text"), "\n", -1);
    g_assert_cmpuint(g_strv_length(told), ==, G_N_ELEMENTS(lines) - 1);
    for (guint i = 1; i < G_N_ELEMENTS(lines); i++)
        g_assert_cmpstr(told[i - 1], ==, lines[i]);
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        PstEventFacts facts = {
            .message = "put there", .path = paths[i], .unit = "systemd-ask-password-wall.path"};

        tell(PST_EVENT_CONTROL_PLANE, &facts, fixture);
        g_assert_cmpstr(string_of(fixture, i + 1, "path"), ==, paths[i]);
        g_assert_cmpstr(string_of(fixture, i + 1, "unit"), ==, "systemd-ask-password-wall.path");
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test)                                                                            \
    g_test_add("/recorder-secrets/" name, Fixture, NULL, set_up, test, tear_down)
    ADD("canaries", test_canaries);
    ADD("slowly", test_slowly);
    ADD("no-end", test_no_end);
    ADD("left-out", test_left_out);
    ADD("end-left-out", test_end_left_out);
    ADD("fragments", test_fragments);
    ADD("sound", test_sound);
    return g_test_run();
}
