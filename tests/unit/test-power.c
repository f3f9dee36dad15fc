// SPDX-License-Identifier: LGPL-2.1-or-later
#include <libvirt/libvirt.h>

#include "host-sidecar/exit-code.h"
#include "host-sidecar/power-do.h"
#include "host-sidecar/power-words.h"
#include "protocol/error.h"
#include "protocol/report-services.h"

/* ---- what the button can be asked, by the state ---- */

typedef enum { DO, LEAVE, REFUSE } Fate;

static const struct {
    int state;
    Fate fates[PST_POWER_N_ACTIONS]; /* reset, stop, start, cycle */
} states[] = {
    {VIR_DOMAIN_RUNNING, {DO, DO, LEAVE, DO}},
    {VIR_DOMAIN_BLOCKED, {DO, DO, LEAVE, DO}},
    {VIR_DOMAIN_SHUTDOWN, {DO, DO, REFUSE, DO}},
    {VIR_DOMAIN_SHUTOFF, {REFUSE, LEAVE, DO, DO}},
    /* After a reset each of these would not run either. */
    {VIR_DOMAIN_PAUSED, {REFUSE, DO, REFUSE, DO}},
    {VIR_DOMAIN_CRASHED, {REFUSE, DO, REFUSE, DO}},
    {VIR_DOMAIN_PMSUSPENDED, {REFUSE, DO, REFUSE, DO}},
};

static void
test_may(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(states); i++) {
        for (int action = 0; action < PST_POWER_N_ACTIONS; action++) {
            Fate fate = states[i].fates[action];
            g_autoptr(GError) error = NULL;
            gboolean needed = FALSE;
            gboolean may = pst_power_may((PstPowerAction)action, states[i].state, &needed, &error);

            g_test_message("%s of state %d", pst_power_action_names[action], states[i].state);
            g_assert_cmpint(may, ==, fate != REFUSE);
            if (fate == REFUSE) {
                g_assert_error(error, PST_ERROR, PST_ERROR_PATH_SHUT);
                g_assert_nonnull(g_strstr_len(error->message, -1, "nothing was changed"));
            } else {
                g_assert_no_error(error);
                g_assert_cmpint(needed, ==, fate == DO);
            }
        }
    }
}

static void
test_parse(void)
{
    for (int i = 0; i < PST_POWER_N_ACTIONS; i++) {
        PstPowerAction action = PST_POWER_RESET;
        g_assert_true(pst_power_parse(pst_power_action_names[i], &action, NULL));
        g_assert_cmpint((int)action, ==, i);
    }
    static const char *const wrong[] = {"", "Reset", "reset ", "halt", "status"};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        PstPowerAction action = PST_POWER_RESET;
        g_autoptr(GError) error = NULL;
        g_assert_false(pst_power_parse(wrong[i], &action, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
    }
}

/* ---- whether it is back as it was ---- */

static const struct {
    const char *before, *after; /* failed units, comma-separated; NULL: not known */
    PstPowerVerdict verdict;
    const char *new_failed;
    int code;
} proofs[] = {
    {"", "", PST_POWER_BACK, "", PST_EXIT_OK},
    {"a.service,b.mount", "b.mount", PST_POWER_BACK, "", PST_EXIT_OK},
    {"a.service", "a.service,b.mount", PST_POWER_WORSE, "b.mount", PST_EXIT_WARNING},
    {"", "a.service,b.mount", PST_POWER_WORSE, "a.service,b.mount", PST_EXIT_WARNING},
    {NULL, "", PST_POWER_BACK, "", PST_EXIT_OK},
    /* What was not known before is told, and nobody knows whether it is worse. */
    {NULL, "a.service", PST_POWER_UNTOLD, "a.service", PST_EXIT_UNKNOWN},
    {"", NULL, PST_POWER_UNTOLD, NULL, PST_EXIT_UNKNOWN},
    {NULL, NULL, PST_POWER_UNTOLD, NULL, PST_EXIT_UNKNOWN},
};

static char **
units(const char *text)
{
    return text != NULL ? g_strsplit(text, ",", -1) : NULL;
}

static void
test_compare(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(proofs); i++) {
        g_auto(GStrv) before = units(proofs[i].before), after = units(proofs[i].after);
        g_autoptr(PstPowerProof) proof = pst_fields_new(&pst_power_proof_fields);
        g_autofree char *failed = NULL;

        pst_power_verdict_compare(proof, (const char *const *)before, (const char *const *)after);
        g_assert_cmpint(proof->verdict, ==, (int)proofs[i].verdict);
        failed = proof->new_failed != NULL ? g_strjoinv(",", proof->new_failed) : NULL;
        g_assert_cmpstr(failed, ==, proofs[i].new_failed);
        PstPowerOutcome outcome = {.proof = proof};
        g_assert_cmpint(pst_power_words_exit_code(&outcome), ==, proofs[i].code);
    }
}

/* What could not be looked at everywhere does not tell that nothing is failed. */
static void
test_failed(void)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_services_kind);
    PstServicesData *data = report->data;
    PstServicesUnit *unit = pst_fields_append(&pst_report_services_unit_fields, &data->units);

    unit->name = g_strdup("ssh.service");
    unit->active = g_strdup("active");
    unit = pst_fields_append(&pst_report_services_unit_fields, &data->units);
    unit->name = g_strdup("a.service");
    unit->active = g_strdup("failed");
    pst_report_conclude(report, "well");
    g_auto(GStrv) failed = pst_power_verdict_failed(report);
    g_assert_cmpuint(g_strv_length(failed), ==, 1);
    g_assert_cmpstr(failed[0], ==, "a.service");
    report->truncated = TRUE;
    g_assert_null(pst_power_verdict_failed(report));
    report->truncated = FALSE;
    pst_report_add(report, "services.failed", PST_SEVERITY_CRITICAL, "a.service failed");
    pst_report_add(report, "services.could-not-look", PST_SEVERITY_UNKNOWN, "in time");
    pst_report_conclude(report, "well");
    g_assert_cmpint(report->status, ==, PST_STATUS_CRITICAL);
    g_assert_null(pst_power_verdict_failed(report));
}

/* ---- words ---- */

static void
test_text(void)
{
    g_auto(PstPowerOutcome) outcome = {
        .act = json_object_new(),
        .done = pst_fields_new(&pst_power_done_fields),
        .proof = pst_fields_new(&pst_power_proof_fields),
    };
    PstPowerStep *step = pst_fields_append(&pst_power_step_fields, &outcome.done->steps);

    json_object_set_string_member(outcome.act, "guest", "web\033");
    outcome.done->action = PST_POWER_CYCLE;
    outcome.done->changed = PST_TRI_YES;
    step->step = g_strdup("agent");
    step->problem = g_strdup("it was asked, and nothing came of it");
    step->took_ms = 20000;
    step = pst_fields_append(&pst_power_step_fields, &outcome.done->steps);
    step->step = g_strdup("hard");
    step->took_ms = 300;
    outcome.proof->verdict = PST_POWER_WORSE;
    outcome.proof->waited_ms = 21400;
    outcome.proof->seen = g_strdup("its target is reached");
    const char *const failed[] = {"a.service", NULL};
    outcome.proof->new_failed = g_strdupv((char **)failed);
    g_autofree char *text = pst_power_words_text(&outcome);
    g_assert_cmpstr(text, ==,
                    "web\\x1b: it was stopped and started (agent 20.0 s: it was asked, and nothing "
                    "came of it, hard 0.3 s)\n"
                    "back, and worse after 21.4 s: its target is reached\n"
                    "failed, and was not: a.service\n");
}

/* ---- somebody else's hand at the button ---- */

/* Of a guest that was off when it was opened no evidence is kept before a stop: if it runs by now
 * it is left alone. */
static void
test_changed_meanwhile(void)
{
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new("test:///default");
    virConnectPtr connection = pst_hypervisor_connect(hypervisor, NULL);
    g_autoptr(virDomain) domain = virDomainLookupByName(connection, "test");
    g_autoptr(PstGuest) guest = g_new0(PstGuest, 1);
    gint64 deadline_us = g_get_monotonic_time() + 20 * (gint64)G_USEC_PER_SEC;
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(domain);
    guest->references = 1;
    guest->volume = pst_volume_share_new();
    guest->hypervisor = pst_hypervisor_ref(hypervisor);
    guest->uri = g_strdup("test:///default");
    guest->name = g_strdup("test");
    virDomainGetUUIDString(domain, guest->uuid);
    guest->state = VIR_DOMAIN_SHUTOFF;
    g_assert_null(pst_power_do(guest, PST_POWER_STOP, FALSE, deadline_us, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_BUSY);
    g_assert_cmpint(virDomainIsActive(domain), ==, 1);
    guest->state = VIR_DOMAIN_RUNNING;
    g_autoptr(PstPowerDone) done = pst_power_do(guest, PST_POWER_STOP, FALSE, deadline_us, NULL);
    g_assert_nonnull(done);
    g_assert_cmpint(virDomainIsActive(domain), ==, 0);
    g_clear_pointer(&domain, virDomainFree);
    virConnectClose(connection);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/power/may", test_may);
    g_test_add_func("/power/parse", test_parse);
    g_test_add_func("/power/compare", test_compare);
    g_test_add_func("/power/failed", test_failed);
    g_test_add_func("/power/text", test_text);
    g_test_add_func("/power/changed-meanwhile", test_changed_meanwhile);
    return g_test_run();
}
