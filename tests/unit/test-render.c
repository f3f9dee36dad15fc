// SPDX-License-Identifier: LGPL-2.1-or-later
/* A hostile guest's report on a screen and as JSON. */
#include <string.h>

#include "host-sidecar/diagnose.h"
#include "host-sidecar/render.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/vocabulary.h"
#include "tests/unit/make-report.h"

#define HOSTILE                                                                                    \
    "\x1b[2J\x1b]0;owned\x07 \r\x7f \xc2\x9b"                                                      \
    "31m \xe2\x80\xae"                                                                             \
    "gpj.exe \xe2\x81\xa6 \xef\xbb\xbf "                                                           \
    "\xf3\xa0\x81\x81 a\nCRITICAL  forged line\n\ttab"

static void
assert_harmless(const char *text)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        g_assert_true(c == '\n' || c >= 0x20);
        g_assert_false(c >= 0x7f && c < 0xa0);
        g_assert_false(c == 0x202e || c == 0x2066 || c == 0xfeff || c == 0xe0041);
    }
    g_assert_true(g_str_has_suffix(text, "\n"));
    g_assert_null(strstr(text, "\nCRITICAL  forged"));
    g_assert_null(strstr(text, "\n\t"));
}

/* The report as it comes from a guest: decoded from JSON, with members that nobody knows. */
static PstAnswer *
hostile_answer(void)
{
    g_autoptr(PstReport) made = make_report(PST_SEVERITY_CRITICAL, "network.no-link", HOSTILE);
    PstFinding *finding = made->findings->pdata[0];
    PstAnswer *answer = pst_answer_new(HOSTILE, "network", NULL);
    g_autoptr(GError) error = NULL;

    g_free(finding->id);
    finding->id = g_strdup("network." HOSTILE);
    finding->caused_by = g_strdup(HOSTILE);
    finding->remedy = g_strdup(HOSTILE);
    finding->evidence->path = g_strdup(HOSTILE);
    finding->evidence->line = 3;
    finding->evidence->text = g_strdup(HOSTILE);
    finding->evidence->error = g_strdup(HOSTILE);
    finding->evidence->unit = g_strdup(HOSTILE);
    finding->evidence->command = g_strdup(HOSTILE);
    finding->evidence->mode = g_strdup(HOSTILE);
    finding->evidence->exit_status = 1;
    g_autoptr(JsonObject) json = pst_report_to_json(made);
    JsonObject *data = json_object_get_object_member(json, "data");
    JsonArray *list = json_array_new(), *inner = json_array_new();
    JsonObject *row = json_object_new(), *nested = json_object_new();
    json_object_set_string_member(data, HOSTILE, HOSTILE);
    json_object_set_string_member(row, HOSTILE, HOSTILE);
    json_object_set_string_member(nested, HOSTILE, HOSTILE);
    json_array_add_object_element(inner, nested);
    json_object_set_array_member(row, "in" HOSTILE, inner);
    json_array_add_object_element(list, row);
    json_object_set_array_member(data, "list" HOSTILE, list);
    answer->report = pst_report_decode(json, &error);
    g_assert_no_error(error);
    answer->via = PST_VIA_CHANNEL;
    pst_answer_add_attempt(answer, PST_VIA_CHANNEL, 3, HOSTILE);
    return answer;
}

static void
test_hostile_text(void)
{
    g_autoptr(PstAnswer) answer = hostile_answer();
    g_autofree char *one = pst_render_answer(answer);
    g_autofree char *all = pst_render_diagnosis(HOSTILE, &answer, 1);

    assert_harmless(one);
    assert_harmless(all);
    g_assert_nonnull(strstr(one, "\\x1b[2J"));
    g_assert_nonnull(strstr(all, "\\u{202e}"));
}

static void
test_hostile_json(void)
{
    g_autoptr(PstAnswer) answer = hostile_answer();
    g_autoptr(JsonObject) one = pst_answer_to_json(answer);
    g_autoptr(JsonObject) all = pst_diagnose_to_json(HOSTILE, &answer, 1);
    g_autofree char *one_text = pst_render_json(one), *all_text = pst_render_json(all);
    const char *guest = NULL;

    assert_harmless(one_text);
    assert_harmless(all_text);
    g_assert_true(strchr(one_text, '\n') == one_text + strlen(one_text) - 1);
    g_autoptr(JsonObject) back =
        pst_json_parse(one_text, strlen(one_text), &pst_validate_from_guest, NULL);
    g_assert_nonnull(back);
    g_assert_true(pst_json_get_string(back, "guest", PST_JSON_REQUIRED, &guest, NULL));
    g_assert_cmpstr(guest, ==, HOSTILE);
}

/* What a program in the guest wrote to its standard error need not be UTF-8, nor end with a whole
 * character: a reader that trusts it runs past the end of the string. */
static void
test_not_utf8(void)
{
    g_autoptr(PstAnswer) answer = pst_answer_new("guest", "network", NULL);
    g_autoptr(GString) reason = g_string_new(NULL);

    answer->error = g_error_new(PST_ERROR, PST_ERROR_UNAVAILABLE, "no path");
    for (int i = 0; i < 158; i++)
        g_string_append_c(reason, 'x');
    g_string_append(reason, "\xfc\xfc\xff\xf0");
    pst_answer_add_attempt(answer, PST_VIA_AGENT, 3, reason->str);
    g_autofree char *one = pst_render_answer(answer);
    g_autofree char *all = pst_render_diagnosis("guest", &answer, 1);
    assert_harmless(one);
    assert_harmless(all);
    g_assert_nonnull(strstr(all, "\\x"));
}

static void
test_quote(void)
{
    g_autoptr(PstAnswer) answer = pst_answer_new("guest", "network", NULL);
    g_autofree char *exact = g_strnfill(160, 'a'), *more = g_strnfill(161, 'b');

    answer->error = g_error_new(PST_ERROR, PST_ERROR_UNAVAILABLE, "no path");
    pst_answer_add_attempt(answer, PST_VIA_CHANNEL, 0, exact);
    pst_answer_add_attempt(answer, PST_VIA_AGENT, 0, more);
    g_autofree char *text = pst_render_answer(answer);
    g_autofree char *whole = g_strdup_printf("not via channel: %s\n", exact);
    g_autofree char *cut = g_strdup_printf("not via agent: %.160s …\n", more);
    g_assert_nonnull(strstr(text, whole));
    g_assert_nonnull(strstr(text, cut));
}

/* A report that is not ok and names no reason stands on the screen all the same. */
static void
test_unexplained(void)
{
    g_autoptr(PstAnswer) answer = pst_answer_new("guest", "network", NULL);

    answer->report = make_report(PST_SEVERITY_INFORMATION, "network.no-link", "by the way");
    answer->report->status = PST_STATUS_UNKNOWN;
    answer->via = PST_VIA_CHANNEL;
    g_autofree char *text = pst_render_diagnosis("guest", &answer, 1);
    g_assert_nonnull(strstr(text, "guest: unknown, via channel: 1 unknown\n"));
    g_assert_nonnull(strstr(text, "\nUNKNOWN   network: "));
}

static void
test_evidence(void)
{
    g_autoptr(PstAnswer) answer = pst_answer_new("guest", "network", NULL);

    answer->report = make_report(PST_SEVERITY_WARNING, "network.no-link", "m");
    PstFinding *finding = answer->report->findings->pdata[0];
    finding->evidence->exit_status = 3;
    answer->via = PST_VIA_AGENT;
    g_autofree char *text = pst_render_answer(answer);
    g_assert_nonnull(strstr(text, "at exit status 3\n"));
    finding->evidence->path = g_strdup("/etc/x");
    finding->evidence->line = 12;
    finding->evidence->owner = g_strdup("0:0");
    g_autofree char *more = pst_render_answer(answer);
    g_assert_nonnull(strstr(more, "at /etc/x:12, owner 0:0, exit status 3\n"));
}

static void
test_age(void)
{
    static const struct {
        gint64 seconds;
        const char *words;
    } rows[] = {
        {0, "0 s ago"},    {119, "119 s ago"},   {120, "2 min ago"},     {7199, "119 min ago"},
        {7200, "2 h ago"}, {172799, "47 h ago"}, {172800, "2 days ago"}, {-60, "in the future"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        /* Half a second of room, so that a slow machine does not turn the number. */
        g_autofree char *words =
            pst_render_age(g_get_real_time() - rows[i].seconds * G_USEC_PER_SEC -
                           (rows[i].seconds > 0 ? 1000 : 0));
        g_assert_cmpstr(words, ==, rows[i].words);
    }
}

static void
test_data(void)
{
    static const char text[] =
        "{\"a\":\"x\",\"b\":true,\"n\":null,\"list\":[\"p\",\"q\"],\"empty\":[],\"o\":{\"c\":-4},"
        "\"t_us\":1700000000000000,\"span_us\":5,"
        "\"rows\":[{\"k\":\"v\",\"lines\":[{\"m\":\"deep\"}]},"
        "{\"z\":1.5}]}";
    g_autoptr(JsonObject) data = pst_json_parse(text, strlen(text), &pst_validate_from_guest, NULL);
    g_autoptr(GString) out = g_string_new(NULL);

    pst_render_data(out, data, 0);
    g_assert_nonnull(strstr(out->str,
                            "a: x\nb: yes\nn: -\nlist: p q\no:\n  c: -4\nt_us: 2023-11-14 "
                            "22:13:20 UTC ("));
    g_assert_nonnull(strstr(out->str, "\nspan_us: 5\nrows:\n  - k v\n    lines:\n      - m deep\n"
                                      "  - z 1.5\n"));
}

/* However much follows from one cause, the other causes are told. */
static void
test_room(void)
{
    PstAnswer *answers[] = {pst_answer_new("guest", "ssh", NULL),
                            pst_answer_new("guest", "account", NULL)};

    answers[0]->report = pst_report_new(pst_vocabulary_find("ssh"));
    answers[1]->report = pst_report_new(pst_vocabulary_find("account"));
    pst_report_add(answers[0]->report, "ssh.config-error", PST_SEVERITY_CRITICAL, "root");
    for (guint i = 0; i < 14; i++) {
        PstFinding *finding = pst_report_add(answers[0]->report, "ssh.not-running",
                                             PST_SEVERITY_CRITICAL, "symptom %u.", i);
        finding->caused_by = g_strdup("ssh.config-error");
    }
    for (guint i = 0; i < 12; i++)
        pst_report_add(answers[1]->report, "account.expired", PST_SEVERITY_CRITICAL, "cause %u.",
                       i);
    for (guint i = 0; i < 2; i++)
        pst_report_conclude(answers[i]->report, "x");
    g_autofree char *text = pst_render_diagnosis("guest", answers, 2);

    for (guint i = 0; i < 12; i++) {
        g_autofree char *cause = g_strdup_printf("CRITICAL  cause %u. [account.expired]\n", i);
        g_assert_nonnull(strstr(text, cause));
    }
    g_assert_nonnull(
        strstr(text, "CRITICAL  symptom 9. [ssh.not-running], follows from ssh.config-error\n"));
    g_assert_null(strstr(text, "symptom 10."));
    g_assert_nonnull(strstr(text, " and 4 more: --json has them\n"));
    for (guint i = 0; i < 2; i++)
        pst_answer_free(answers[i]);
}

/* What could not be looked at for one reason is a line, and takes no room from what can be mended.
 */
static void
test_unlooked(void)
{
    static const char *const probes[] = {"system", "sudo", "network", "ssh"};
    PstAnswer *answers[G_N_ELEMENTS(probes)];

    for (guint i = 0; i < G_N_ELEMENTS(probes); i++) {
        g_autofree char *id = g_strconcat(probes[i], ".could-not-look", NULL);

        answers[i] = pst_answer_new("guest", probes[i], NULL);
        answers[i]->report = pst_report_new(pst_vocabulary_find(probes[i]));
        if (i > 0)
            pst_report_add(answers[i]->report, id, PST_SEVERITY_UNKNOWN, "not %u", i)->caused_by =
                g_strdup(i != 2 ? "system.in-initramfs" : NULL);
        else
            pst_report_add(answers[i]->report, "system.in-initramfs", PST_SEVERITY_CRITICAL, "x");
        pst_report_conclude(answers[i]->report, "x");
    }
    g_autofree char *text = pst_render_diagnosis("guest", answers, G_N_ELEMENTS(probes));

    g_assert_nonnull(strstr(text, "x [system.in-initramfs]\n"
                                  "UNKNOWN   not looked at: sudo, ssh; follows from "
                                  "system.in-initramfs\n"));
    g_assert_nonnull(strstr(text, "UNKNOWN   not 2 [network.could-not-look]\n"));
    for (guint i = 0; i < G_N_ELEMENTS(probes); i++)
        pst_answer_free(answers[i]);
}

static void
add_state(PstHostData *data, const char *state, const char *reason, gint64 age_s, gint64 before_s)
{
    PstHostLifecycle *row = pst_fields_append(&pst_report_host_lifecycle_fields, &data->lifecycle);
    const gint64 now_us = G_GINT64_CONSTANT(1800000000) * G_USEC_PER_SEC;

    row->state = g_strdup(state);
    row->reason = g_strdup(reason);
    row->age_ms = age_s * 1000;
    row->seen_us = now_us - age_s * G_USEC_PER_SEC;
    row->before_us = before_s < 0 ? PST_INT_UNKNOWN : now_us - before_s * G_USEC_PER_SEC;
}

/* The states of a domain are one line, the newest first. */
static void
test_lifecycle(void)
{
    g_autoptr(PstAnswer) answer = pst_answer_new("web", "host", NULL);
    g_autoptr(GString) none = g_string_new(NULL);
    PstHostData *data = NULL;

    answer->report = pst_report_new(&pst_report_host_kind);
    data = answer->report->data;
    pst_render_lifecycle(none, data);
    g_assert_cmpstr(none->str, ==, "");
    add_state(data, "running", "booted", 8000, -1);
    add_state(data, "paused", "by \x1b[31msomebody", 600, 7300);
    g_autoptr(GString) two = g_string_new(NULL);
    pst_render_lifecycle(two, data);
    g_assert_cmpstr(two->str, ==,
                    "lifecycle: paused (by \\x1b[31msomebody) between 2 h ago and 10 min ago; "
                    "running (booted), first seen 2 h ago\n");
    add_state(data, "running", "unpaused", 300, 310);
    add_state(data, "running", "booted", 200, 250);
    ((PstHostLifecycle *)data->lifecycle->pdata[3])->restarted = PST_TRI_YES;
    add_state(data, "off", NULL, 5, 5);
    pst_report_conclude(answer->report, "off");
    g_autofree char *text = pst_render_answer(answer);
    assert_harmless(text);
    g_assert_nonnull(strstr(text, "\nlifecycle: off 5 s ago; running anew (booted) between 4 min "
                                  "ago and 3 min ago; running (unpaused) 5 min ago; paused"));
    g_assert_nonnull(strstr(text, "10 min ago; 1 earlier: --json has them\n"));
    /* Nowhere else. */
    g_assert_null(strstr(strstr(text, "lifecycle") + 1, "lifecycle"));
    g_assert_null(strstr(text, "seen_us"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/render/hostile-text", test_hostile_text);
    g_test_add_func("/render/hostile-json", test_hostile_json);
    g_test_add_func("/render/not-utf8", test_not_utf8);
    g_test_add_func("/render/quote", test_quote);
    g_test_add_func("/render/unexplained", test_unexplained);
    g_test_add_func("/render/evidence", test_evidence);
    g_test_add_func("/render/age", test_age);
    g_test_add_func("/render/data", test_data);
    g_test_add_func("/render/room", test_room);
    g_test_add_func("/render/unlooked", test_unlooked);
    g_test_add_func("/render/lifecycle", test_lifecycle);
    return g_test_run();
}
