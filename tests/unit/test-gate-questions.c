// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/json.h"
#include "tests/unit/gate-world.h"

#define REACHABLE "[reachable]\nlogin=yes\nroot=yes\n"
#define UNITS "[units]\nactive=nginx\n"
#define JOURNAL "[journal]\npriority=err\n"
#define PORTS "[ports]\nopen=443\n"
#define FILES "[files]\nbelow=/etc\nexcept=/etc/ssh/*\n"
#define SELINUX "[settings]\nselinux=enforcing\n"
#define ROOT "[settings]\nsshd.PermitRootLogin=no;prohibit-password\n"
#define NONE "[findings]\nnone=critical\n"

static void
test_questions(void)
{
    static const struct {
        const char *policy, *asked, *not_asked;
    } cases[] = {
        {UNITS, "services {\"units\":[\"nginx.service\"]}", "sudo"},
        {REACHABLE, "sudo {\"user\":\"harness\"}", "storage"},
        {JOURNAL, "journal {\"priority\":3,\"lines\":200,\"after\":\"s=8d1f", "ssh"},
        {PORTS, "firewall {\"port\":443,\"protocol\":\"tcp\"}", "sudo"},
        {"[ports]\nno-lost=yes\n", "firewall {}", "sudo"},
        {FILES, "changes {\"paths\":[\"/etc\"],\"since_us\":1000000000}", "sudo"},
        {ROOT, "ssh {\"user\":\"harness\"}", "security"},
        {SELINUX, "security ", "ssh"},
        {"[finding memory.low]\nverdict=forbid\n", "memory {}", "sudo"},
        {NONE, "containers {}", "file"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0};
        guint n = 0;
        g_autoptr(GString) all = g_string_new("\n");

        world_init(&world);
        world_set_policy(&world, cases[i].policy);
        const PstGateCase one = {.policy = world.policy,
                                 .guest = "web",
                                 .vantage = world.guest.vantage,
                                 .since = world.since};
        g_autofree PstAnswer **questions = pst_gate_questions(&one, &n);
        for (guint j = 0; j < n; j++) {
            g_autofree char *args = pst_json_to_text(questions[j]->args, NULL);
            /* What asking leaves in the journal is never asked for. */
            g_assert_false(json_object_has_member(questions[j]->args, "own"));
            g_string_append_printf(all, "%s %s\n", questions[j]->probe, args);
            pst_answer_free(questions[j]);
        }
        g_autofree char *asked = g_strconcat("\n", cases[i].asked, NULL);
        g_autofree char *not_asked = g_strconcat("\n", cases[i].not_asked, " ", NULL);
        g_assert_nonnull(strstr(all->str, asked));
        g_assert_null(strstr(all->str, not_asked));
        g_assert_nonnull(strstr(all->str, "\nsystem "));
        g_autofree char *text = pst_gate_explain_text(&one);
        g_assert_nonnull(strstr(text, cases[i].asked));
    }
}

/* Whether the journal still has the moment's entry is asked where something compares, and once. */
static void
test_place(void)
{
    static const struct {
        const char *policy;
        gboolean baseline;
        guint n;
    } cases[] = {
        {REACHABLE, FALSE, 0}, {REACHABLE, TRUE, 1}, {"[units]\nno-new-failed=yes\n", FALSE, 1},
        {JOURNAL, FALSE, 1},   {JOURNAL, TRUE, 1},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0};
        const PstBaseline before = {0};
        guint n = 0, n_asked = 0;

        world_init(&world);
        world_set_policy(&world, cases[i].policy);
        const PstGateCase one = {.policy = world.policy,
                                 .guest = "web",
                                 .vantage = world.guest.vantage,
                                 .since = world.since,
                                 .before = cases[i].baseline ? &before : NULL};
        g_autofree PstAnswer **questions = pst_gate_questions(&one, &n);
        for (guint j = 0; j < n; j++) {
            if (json_object_has_member(questions[j]->args, "after")) {
                n_asked++;
                g_assert_true(json_object_has_member(questions[j]->args, "priority") ||
                              json_object_get_int_member(questions[j]->args, "lines") == 1);
            }
            pst_answer_free(questions[j]);
        }
        g_assert_cmpuint(n_asked, ==, cases[i].n);
    }
}

#define NEW JOURNAL "[findings]\nno-new=warning\n"
#define FORBID(id) NEW "[finding " id "]\nverdict=forbid\n"

/* The journal is asked once, where one answer serves for what it says and for what is found. */
static void
test_one_journal(void)
{
    static const struct {
        const char *policy;
        gboolean mark;
        guint n;
    } cases[] = {
        {NEW, TRUE, 1},
        {FORBID("memory.low"), TRUE, 1},
        {NEW, FALSE, 2},
        {JOURNAL NONE, TRUE, 2},
        {FORBID("journal.errors"), TRUE, 2},
        {FORBID("j*.errors"), TRUE, 2},
        {JOURNAL "units=ssh\n[findings]\nno-new=warning\n", TRUE, 2},
        {"[journal]\npriority=warning\n[findings]\nno-new=warning\n", TRUE, 2},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0};
        guint n = 0, n_asked = 0;

        world_init(&world);
        world_set_policy(&world, cases[i].policy);
        const PstGateCase one = {.policy = world.policy,
                                 .guest = "web",
                                 .vantage = world.guest.vantage,
                                 .since = cases[i].mark ? world.since : NULL};
        g_autofree PstAnswer **questions = pst_gate_questions(&one, &n);
        for (guint j = 0; j < n; j++) {
            n_asked += g_str_equal(questions[j]->probe, "journal");
            pst_answer_free(questions[j]);
        }
        g_test_message("row %u", i);
        g_assert_cmpuint(n_asked, ==, cases[i].n);
    }
}

/* What is expected is told whole: yes from no, and what is excepted. */
static void
test_explain(void)
{
    static const char *const lines[] = {
        "\nwhose access: {\"user\":\"harness\",\"from\":\"192.0.2.1\"}\nexpects:\n",
        "\n  reachable.login = no\n    by ",
        "\n  reachable.root = yes\n    by ",
        "\n  units.no-failed\n    but a.service or b*\n    by services; ",
        "\n  journal.priority err\n    of ssh.service\n    but sudo: x* or y\n    by journal; ",
        "\n  files.below /etc\n    but /etc/motd\n    by changes; ",
        "\n  settings.selinux = enforcing or permissive\n",
        "\n  settings.sshd.Banner = not set\n",
        "\n  finding.forbid system.no-systemd\n",
        "\nexcepts:\n  [storage.full@/var] allow -- a new disk comes, until 2027-01-31\n"
        "  [memory.*] downgrade to warning, until nobody says when\nneeds ",
    };
    g_auto(World) world = {0};

    world_init(&world);
    json_object_set_string_member(world.guest.vantage, "from", "192.0.2.1");
    world_set_policy(&world,
                     "[reachable]\nlogin=no\nroot=yes\n[units]\nno-failed=yes\nexcept=a;b*\n"
                     "[journal]\nunits=ssh\nexcept=sudo: x*;y\n"
                     "[files]\nbelow=/etc\nexcept=/etc/motd\n"
                     "[settings]\nselinux=enforcing;permissive\nsshd.Banner=\n"
                     "[findings]\nnone=critical\n"
                     "[finding system.no-systemd]\nverdict=forbid\n"
                     "[finding storage.full@/var]\nreason=a new disk comes\nuntil=2027-01-31\n"
                     "[finding memory.*]\nverdict=downgrade\n");
    const PstGateCase one = {
        .policy = world.policy, .guest = "web", .vantage = world.guest.vantage};
    g_autofree char *text = pst_gate_explain_text(&one);
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
        if (strstr(text, lines[i]) == NULL)
            g_error("there is no %s in %s", lines[i], text);
    g_autoptr(JsonObject) json = pst_gate_explain_json(&one);
    JsonArray *rules = json_object_get_array_member(json, "expects");
    JsonObject *login = json_array_get_object_element(rules, 0);
    JsonObject *failed = json_array_get_object_element(rules, 2);
    JsonArray *exceptions = json_object_get_array_member(json, "excepts");
    JsonObject *full = json_array_get_object_element(exceptions, 0);

    g_assert_false(json_object_get_boolean_member(login, "wanted"));
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(failed, "except")), ==, 2);
    g_assert_cmpuint(json_array_get_length(exceptions), ==, 2);
    g_assert_cmpstr(json_object_get_string_member(full, "finding"), ==, "storage.full@/var");
    g_assert_cmpstr(json_object_get_string_member(full, "until"), ==, "2027-01-31");
    g_assert_cmpstr(
        json_object_get_string_member(json_object_get_object_member(json, "vantage"), "from"), ==,
        "192.0.2.1");
}

/* A guest that is asked about that key; NULL: none is named. */
static void
init_with_key(World *world, const char *key)
{
    world_init(world);
    /* No baseline asks about single ports. */
    for (guint i = 0; i < world->n; i++)
        json_object_remove_member(world->answers[i]->args, "port");
    if (key == NULL)
        return;
    pst_json_set_string(world_find(world, "ssh", NULL)->args, "key", key);
    pst_json_set_string(world->guest.vantage, "key", key);
}

/* Who came by another key before was asked about otherwise: what is so now may have been so. */
static void
test_vantage(void)
{
    static const struct {
        const char *before, *now;
        PstGateResult result;
    } cases[] = {
        {NULL, NULL, PST_GATE_FAIL},
        {"SHA256:a", "SHA256:a", PST_GATE_FAIL},
        {"SHA256:a", "SHA256:b", PST_GATE_COULD_NOT_CHECK},
        {NULL, "SHA256:b", PST_GATE_COULD_NOT_CHECK},
        {"SHA256:a", NULL, PST_GATE_COULD_NOT_CHECK},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0}, former = {0};

        init_with_key(&former, cases[i].before);
        former.before = world_baseline(&former);
        init_with_key(&world, cases[i].now);
        world_set_policy(&world, "[findings]\nno-new=warning\n");
        add_finding(&world, "ssh", "ssh.config-invalid", PST_SEVERITY_WARNING);
        world.before = g_steal_pointer(&former.before);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        g_autofree char *notes = g_strjoinv("\n", verdict->notes);

        g_test_message("row %u: %s", i, verdict->summary);
        g_assert_cmpint(verdict->result, ==, cases[i].result);
        g_assert_true((strstr(notes, "the baseline was asked otherwise (key)") != NULL) ==
                      (cases[i].result == PST_GATE_COULD_NOT_CHECK));
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gate/questions", test_questions);
    g_test_add_func("/gate/place", test_place);
    g_test_add_func("/gate/one-journal", test_one_journal);
    g_test_add_func("/gate/explain", test_explain);
    g_test_add_func("/gate/vantage", test_vantage);
    return g_test_run();
}
