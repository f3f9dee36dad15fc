// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/gate-settle.h"
#include "tests/unit/gate-world.h"

/* The asking again, of guests and by a clock of its own: what an asking finds is one letter each.
 */

typedef struct {
    const char *script; /* p: passes, m: passes and moves, b: is broken and moves, h: sudo hangs,
                           e: an error of libvirt's; the last one again */
    World world;
    gint64 now_us;
    guint n;
    gint64 window_us; /* that the last asking had */
    gint64 takes_us;  /* of each; 0: ASKING_US */
} Script;

#define ASKING_US (3 * G_USEC_PER_SEC)

static void
forget(Script *script)
{
    if (script->world.now != NULL)
        world_clear(&script->world);
    memset(&script->world, 0, sizeof script->world);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Script, forget)

static void
spoil(World *world, char letter)
{
    if (letter == 'm' || letter == 'b') {
        if (letter == 'b')
            stop_sshd(world);
        g_free(world->system->manager->state);
        world->system->manager->state = g_strdup("starting");
    } else if (letter == 'h') {
        add_finding(world, "sudo", "sudo.hangs", PST_SEVERITY_UNKNOWN);
        world->guest.sudo->verdict = PST_SUDO_UNKNOWN;
    } else if (letter == 'u' || letter == 'n') {
        add_finding(world, "sudo", "sudo.could-not-look", PST_SEVERITY_UNKNOWN)->passing =
            PST_TRI(letter == 'u');
        world->guest.sudo->verdict = PST_SUDO_UNKNOWN;
    }
}

static PstGateVerdict *
ask(gpointer data, gint64 until_us, GError **error)
{
    Script *script = data;
    guint last = (guint)strlen(script->script) - 1;
    char letter = script->script[MIN(script->n, last)];

    script->n++;
    forget(script);
    script->window_us = until_us - script->now_us;
    script->now_us += script->takes_us > 0 ? script->takes_us : ASKING_US;
    if (letter == 'e') {
        g_set_error(error, PST_ERROR, PST_ERROR_NO_HYPERVISOR, "libvirt is gone");
        return NULL;
    }
    world_init(&script->world);
    world_set_policy(&script->world, "[reachable]\nlogin=yes\nroot=yes\n");
    spoil(&script->world, letter);
    return world_judge(&script->world);
}

static PstGateVerdict *
judge_hung(gpointer data, guint n)
{
    Script *script = data;

    script->world.n_hung = n;
    return world_judge(&script->world);
}

static gint64
now(gpointer data)
{
    return ((Script *)data)->now_us;
}

static void
pause_for(gpointer data, gint64 for_us)
{
    ((Script *)data)->now_us += for_us;
}

static const PstGateAsking asking = {ask, judge_hung, now, pause_for};

static void
test_settles(void)
{
    static const struct {
        const char *script;
        gint64 settle_s;
        PstGateResult result;
        guint n_asked; /* 0: more than one */
        const char *says;
    } rows[] = {
        {"p", 20, PST_GATE_PASS, 1, "all 2 hold"},
        {"m", 0, PST_GATE_PASS, 1, "all 2 hold"},
        {"mmp", 60, PST_GATE_PASS, 3, "all 2 hold"},
        {"m", 20, PST_GATE_PASS, 0, "all 2 hold"},
        /* Who never gets an answer of sudo's is locked out; of one asking that is not said. */
        {"h", 0, PST_GATE_COULD_NOT_CHECK, 1, "sudo.hangs is so"},
        {"h", 1, PST_GATE_COULD_NOT_CHECK, 1, "sudo.hangs is so"},
        {"h", 20, PST_GATE_FAIL, 0, "harness can't become root: sudo.hangs is so, each of the"},
        {"hhp", 20, PST_GATE_PASS, 3, "all 2 hold"},
        /* What was not looked at in time may be the next time; what can't be stays so. */
        {"uup", 20, PST_GATE_PASS, 3, "all 2 hold"},
        {"n", 20, PST_GATE_COULD_NOT_CHECK, 1, "sudo.could-not-look is so"},
        {"mh", 20, PST_GATE_COULD_NOT_CHECK, 0, "sudo.hangs is so"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(Script) script = {.script = rows[i].script};
        g_auto(PstGateRun) run = {NULL};
        g_autoptr(GError) error = NULL;

        g_test_message("row %u", i);
        g_assert_true(pst_gate_settle(&asking, &script, rows[i].settle_s * G_USEC_PER_SEC,
                                      (rows[i].settle_s + 10) * G_USEC_PER_SEC, &run, &error));
        g_assert_no_error(error);
        g_test_message("%u askings: %s", run.n_asked, run.verdict->summary);
        g_assert_cmpint(run.verdict->result, ==, rows[i].result);
        g_assert_nonnull(strstr(run.verdict->summary, rows[i].says));
        g_assert_true(rows[i].n_asked > 0 ? run.n_asked == rows[i].n_asked : run.n_asked > 1);
    }
}

/* An error after a verdict is asked again. Where it comes last that verdict is of before: nothing
 * is passed or failed by it, but both are told. */
static void
test_errors(void)
{
    static const struct {
        const char *script;
        PstGateResult result;
        guint unchecked;
        const char *says;
    } rows[] = {
        {"mep", PST_GATE_PASS, 0, "all 2 hold"},
        {"beeb", PST_GATE_FAIL, 0, "harness can't get in by SSH"},
        {"me", PST_GATE_COULD_NOT_CHECK, 2,
         "libvirt is gone; the verdict before that was pass: all 2 hold"},
        {"be", PST_GATE_COULD_NOT_CHECK, 2,
         "libvirt is gone; the verdict before that was fail: 1 of 2 is broken"},
        {"he", PST_GATE_COULD_NOT_CHECK, 2,
         "libvirt is gone; the verdict before that was could-not-check: 1 of 2"},
        {"hhhhhhhe", PST_GATE_FAIL, 0, "each of the"}, /* it is over before */
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(Script) script = {.script = rows[i].script};
        g_auto(PstGateRun) run = {NULL};
        g_autoptr(GError) error = NULL;

        g_assert_true(pst_gate_settle(&asking, &script, 20 * G_USEC_PER_SEC, 30 * G_USEC_PER_SEC,
                                      &run, &error));
        g_assert_no_error(error);
        g_test_message("row %u: %u askings: %s", i, run.n_asked, run.verdict->summary);
        g_assert_cmpint(run.verdict->result, ==, rows[i].result);
        g_assert_nonnull(strstr(run.verdict->summary, rows[i].says));
        g_assert_cmpuint(run.verdict->unchecked->len, ==, rows[i].unchecked);
        if (rows[i].unchecked == 0)
            continue;
        g_assert_cmpuint(run.verdict->held->len + run.verdict->broken->len, ==, 0);
        g_assert_true(pst_gate_may_change(run.verdict));
        g_autoptr(GDateTime) now_utc = g_date_time_new_now_utc();
        g_autofree char *xml = pst_gate_to_junit(run.verdict, now_utc, 0);
        g_assert_nonnull(strstr(xml, "tests=\"2\" failures=\"0\" errors=\"2\""));
    }
}

static void
world_check(World *world, const char *name, const char *state)
{
    PstChecksCheck *check =
        pst_fields_append(&pst_report_checks_check_fields, &world->checks->checks);

    check->name = g_strdup(name);
    check->state = g_strdup(state);
}

/* A service that systemd takes to be active at once may listen later: what a port or a check misses
 * is waited for as long as one is young, and of a port of before, as long as its own is. */
static void
test_young(void)
{
    static const struct {
        const char *policy, *started;
        gint64 ago_ms;
        gboolean broken, moves;
    } rows[] = {
        {"[ports]\nopen=8080\n", "app.service", 0, TRUE, TRUE},
        {"[ports]\nopen=8080\n", "app.service", 29999, TRUE, TRUE},
        {"[ports]\nopen=8080\n", "app.service", 30000, TRUE, FALSE},
        {"[ports]\nopen=8080\n", NULL, 0, TRUE, FALSE},
        {"[ports]\nopen=443\n", "app.service", 0, FALSE, FALSE},
        {"[ports]\nno-lost=yes\n", "app.service", 3000, TRUE, TRUE},
        {"[ports]\nno-lost=yes\n", "cron.service", 3000, TRUE, FALSE},
        {"[checks]\npass=page\n", "app.service", 3000, TRUE, TRUE},
        {"[units]\nactive=nginx\n", "app.service", 3000, FALSE, FALSE},
        {"[settings]\nselinux=permissive\n", "app.service", 3000, TRUE, FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(World) world = {0}, former = {0};

        world_init(&former);
        world_listen(&former, 8080, "0.0.0.0");
        PstNetworkListening *row = former.guest.network->listening->pdata[2];
        row->unit = g_strdup("app.service");
        world_init(&world);
        world.before = world_baseline(&former);
        world_check(&world, "page", "critical");
        world_set_policy(&world, rows[i].policy);
        if (rows[i].started != NULL) {
            PstServicesStarted *started =
                pst_fields_append(&pst_report_services_started_fields, &world.services->started);
            started->name = g_strdup(rows[i].started);
            started->ago_ms = rows[i].ago_ms;
        }
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);

        g_test_message("row %u: %s", i, verdict->summary);
        g_assert_cmpint(verdict->broken->len > 0, ==, rows[i].broken);
        g_assert_cmpint(pst_gate_may_change(verdict), ==, rows[i].moves);
    }
}

/* While there is time for another, each has ten seconds; the last one, and the only one, all that
 * is left of the deadline. */
static void
test_last_asking(void)
{
    static const struct {
        const char *script;
        gint64 settle_s, deadline_s, takes_s, window_s;
        guint n_asked;
    } rows[] = {
        {"p", 0, 60, 3, 60, 1},     {"p", 60, 70, 3, 10, 1},     {"m", 5, 60, 10, 60, 1},
        {"m", 10, 300, 10, 300, 1}, {"mm", 11, 300, 10, 290, 2}, {"p", 60, 8, 3, 8, 1},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(Script)
            script = {.script = rows[i].script, .takes_us = rows[i].takes_s * G_USEC_PER_SEC};
        g_auto(PstGateRun) run = {NULL};
        g_autoptr(GError) error = NULL;

        g_test_message("row %u", i);
        g_assert_true(pst_gate_settle(&asking, &script, rows[i].settle_s * G_USEC_PER_SEC,
                                      rows[i].deadline_s * G_USEC_PER_SEC, &run, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(run.n_asked, ==, rows[i].n_asked);
        g_assert_cmpint((script.window_us + G_USEC_PER_SEC / 2) / G_USEC_PER_SEC, ==,
                        rows[i].window_s);
    }
}

/* Where there is no verdict yet, nobody is asked again. */
static void
test_first_error(void)
{
    g_auto(Script) script = {.script = "ep"};
    g_auto(PstGateRun) run = {NULL};
    g_autoptr(GError) error = NULL;

    g_assert_false(
        pst_gate_settle(&asking, &script, 20 * G_USEC_PER_SEC, 30 * G_USEC_PER_SEC, &run, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_NO_HYPERVISOR);
    g_assert_cmpuint(script.n, ==, 1);
}

/* It is blamed on sudo, and on what is known to be why. */
static void
test_hung_is_attributed(void)
{
    g_auto(World) world = {0};

    world_init(&world);
    world_set_policy(&world, "[reachable]\nroot=yes\nways=sudo\n");
    spoil(&world, 'h');
    PstFinding *cause = add_finding(&world, "pam", "pam.log-blocked", PST_SEVERITY_CRITICAL);
    world.n_hung = 2;
    g_autoptr(PstGateVerdict) verdict = world_judge(&world);

    g_assert_cmpuint(verdict->broken->len, ==, 2);
    for (guint i = 0; i < 2; i++) {
        const PstGateOutcome *outcome = verdict->broken->pdata[i];

        g_assert_cmpstr(outcome->finding->id, ==, "sudo.hangs");
        g_assert_cmpstr(outcome->root->id, ==, cause->id);
    }
    g_assert_false(pst_gate_may_change(verdict));
}

/* That root is wanted shut does not hold because nobody answers. */
static void
test_hung_is_not_shut(void)
{
    g_auto(World) world = {0};

    world_init(&world);
    world_set_policy(&world, "[reachable]\nroot=no\n");
    spoil(&world, 'h');
    world.n_hung = 5;
    g_autoptr(PstGateVerdict) verdict = world_judge(&world);

    g_assert_cmpint(verdict->result, ==, PST_GATE_COULD_NOT_CHECK);
    g_assert_false(pst_gate_hangs(verdict));
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gate/settles", test_settles);
    g_test_add_func("/gate/errors", test_errors);
    g_test_add_func("/gate/last-asking", test_last_asking);
    g_test_add_func("/gate/young", test_young);
    g_test_add_func("/gate/first-error", test_first_error);
    g_test_add_func("/gate/hung-is-attributed", test_hung_is_attributed);
    g_test_add_func("/gate/hung-is-not-shut", test_hung_is_not_shut);
    return g_test_run();
}
