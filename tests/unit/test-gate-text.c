// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a verdict is printed as. */
#include "protocol/json.h"
#include "tests/unit/gate-world.h"

#define REACHABLE "[reachable]\nlogin=yes\nroot=yes\n"
#define UNITS "[units]\nactive=nginx\n"
#define JOURNAL "[journal]\npriority=err\n"
#define SELINUX "[settings]\nselinux=enforcing\n"
#define NONE "[findings]\nnone=critical\n"

static void
both_failed(World *world)
{
    unit_failed_before(world);
    world_add_unit(world, "other.service", "failed");
}

static void
umask_told(World *world)
{
    world->security->umask = g_strdup("0022");
}

static void
job_runs(World *world)
{
    PstSystemJob *job =
        pst_fields_append(&pst_report_system_job_fields, &world->system->manager->jobs);

    job->unit = g_strdup("ssh.service");
    job->type = g_strdup("start");
    world->system->manager->n_jobs = 1;
}

static void
lock_out_and_low(World *world)
{
    lock_out(world);
    criticise(world);
}

#define NO_FAILED "[units]\nno-failed=yes\n"
#define NO_NEW_FAILED "[units]\nno-new-failed=yes\n"

static void
test_words(void)
{
    static const struct {
        const char *policy;
        void (*spoil)(World *world);
        const char *line;
    } cases[] = {
        {NO_FAILED, NULL, "holds      units.no-failed: no unit is failed\n"},
        {NO_FAILED "except=*\n", both_failed,
         "holds      units.no-failed: 2 units are failed, and may be so\n"},
        {NO_NEW_FAILED, NULL, "holds      units.no-new-failed: no unit is failed\n"},
        {NO_NEW_FAILED, unit_failed_before,
         "holds      units.no-new-failed: 1 unit is failed, and none that may not be is new\n"},
        {"[settings]\numask=0022\n", umask_told, "holds      settings.umask: umask is 0022\n"},
        {SELINUX, permissive, "BROKEN     settings.selinux: selinux is permissive, and not"},
        {UNITS, NULL, "holds      units.active nginx.service: nginx.service is active\n"},
        {REACHABLE, job_runs, "not settled: 1 job of systemd is under way: start ssh.service\n"},
        /* What another expectation told is not told at length once more. */
        {REACHABLE NONE, lock_out,
         "BROKEN     findings.none critical: broken by what is told above: "
         "sudo.password-required\nholds"},
        {NO_FAILED NONE, unit_failed,
         "BROKEN     findings.none critical: broken by what is told above: services.failed\n"},
        {REACHABLE NONE, lock_out_and_low, "BROKEN     findings.none critical: memory.low is so"},
        {NONE, lock_out, "BROKEN     findings.none critical: sudo.password-required is so"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0};

        world_init(&world);
        world_set_policy(&world, cases[i].policy);
        if (cases[i].spoil != NULL)
            cases[i].spoil(&world);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        g_autofree char *text = pst_gate_to_text(verdict);
        if (strstr(text, cases[i].line) == NULL)
            g_error("row %u, %s: %s", i, cases[i].policy, text);
    }
}

/* Nothing that a guest wrote is obeyed by a terminal, or ends an element. */
static void
test_hostile(void)
{
    g_auto(World) world = {0};

    world_init(&world);
    world_set_policy(&world, JOURNAL UNITS);
    log_error(&world);
    PstJournalLine *entry = world.journal->entries->pdata[0];
    g_free(entry->message);
    entry->message = g_strdup("\x1b[2J]]></failure><testcase name=\"x\xff\"/>");
    g_autoptr(PstGateVerdict) verdict = world_judge(&world);
    g_autofree char *text = pst_gate_to_text(verdict);
    g_autofree char *xml = pst_gate_to_junit(verdict, world.now, 1500000);

    g_assert_null(strchr(text, '\x1b'));
    g_assert_null(strchr(xml, '\x1b'));
    g_assert_true(g_utf8_validate(xml, -1, NULL));
    g_assert_null(strstr(xml, "<testcase name=\"x"));
    g_assert_nonnull(strstr(xml, "tests=\"2\" failures=\"1\" errors=\"0\" time=\"1.500\""));
}

/* A harness that comes by a key and names none is told where only a password lets in. */
static void
test_password(void)
{
    static const struct {
        const char *policy, *key;
        PstTri accepted;
        gboolean noted;
    } cases[] = {
        {REACHABLE, NULL, PST_TRI_YES, FALSE},
        {REACHABLE, NULL, PST_TRI_NO, TRUE},
        {"[reachable]\nroot=yes\n", NULL, PST_TRI_NO, FALSE},
        {REACHABLE, "SHA256:a", PST_TRI_NO, FALSE}, /* it fails */
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0};

        world_init(&world);
        world_set_policy(&world, cases[i].policy);
        world.guest.ssh->key_accepted = cases[i].accepted;
        if (cases[i].key != NULL)
            json_object_set_string_member(world.guest.vantage, "key", cases[i].key);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        g_autofree char *text = pst_gate_to_text(verdict);

        g_assert_true((verdict->result == PST_GATE_PASS) == (cases[i].key == NULL));
        if ((strstr(text, "\nnote       a password alone is what lets in") != NULL) !=
            cases[i].noted)
            g_error("row %u, %s: %s", i, cases[i].policy, text);
    }
}

/* Of two exceptions the one that decides is told, in whichever order they stand. */
static void
test_exceptions(void)
{
#define OVER "[finding memory.low]\nreason=over\nuntil=2026-11-26\n"
#define LOWER "[finding memory.l*]\nverdict=downgrade\nreason=lower\nuntil=never\n"
#define LETS "[finding memory.*]\nreason=lets\nuntil=2026-12-24\n"
    static const struct {
        const char *policy, *line;
        PstGateResult result;
    } cases[] = {
        {NONE OVER LETS, "\nexcepted   [memory.low] memory.low is so -- lets, until 2026-12-24\n",
         PST_GATE_PASS},
        {NONE LETS OVER, "\nexcepted   [memory.low] memory.low is so -- lets, until 2026-12-24\n",
         PST_GATE_PASS},
        {NONE OVER LOWER, "\nexcepted   [memory.low] memory.low is so -- lower\n", PST_GATE_PASS},
        {NONE LOWER LETS, "\nexcepted   [memory.low] memory.low is so -- lets, until 2026-12-24\n",
         PST_GATE_PASS},
        {NONE OVER, "\nEXPIRED    [memory.low] memory.low is so -- over, until 2026-11-26\n",
         PST_GATE_FAIL},
    };
#undef OVER
#undef LOWER
#undef LETS

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(World) world = {0};

        world_init(&world);
        world_set_policy(&world, cases[i].policy);
        criticise(&world);
        g_autoptr(PstGateVerdict) verdict = world_judge(&world);
        g_autofree char *text = pst_gate_to_text(verdict);

        g_assert_cmpint(verdict->result, ==, cases[i].result);
        g_assert_cmpuint(verdict->excused->len, ==, 1);
        if (strstr(text, cases[i].line) == NULL)
            g_error("row %u, %s: %s", i, cases[i].policy, text);
    }
}

/* A finding's id is the guest's word as well, where an exception is of a pattern. */
static void
test_hostile_id(void)
{
    g_auto(World) world = {0};

    world_init(&world);
    world_set_policy(&world, NONE "[finding memory.*]\nreason=r\nuntil=never\n");
    add_finding(&world, "memory", "memory.\x1b]0;x\a\n", PST_SEVERITY_CRITICAL);
    g_autoptr(PstGateVerdict) verdict = world_judge(&world);
    g_autofree char *text = pst_gate_to_text(verdict);
    g_autofree char *xml = pst_gate_to_junit(verdict, world.now, 0);

    g_assert_cmpint(verdict->result, ==, PST_GATE_PASS);
    g_assert_nonnull(strstr(text, "excepted   [memory."));
    g_assert_null(strpbrk(text, "\x1b\a"));
    g_assert_null(strpbrk(xml, "\x1b\a"));
}

/* Whoever copies an undo runs that and nothing else, whatever a guest calls its files. */
static void
test_undo(void)
{
    static const char *const link[] = {"ip", "link", "", "a b", NULL};
    static const struct {
        struct {
            PstUndoKind kind;
            const char *path, *mode, *owner, *unit, *action;
            const char *const *argv;
        } undo;
        const char *words;
    } cases[] = {
        {{.kind = PST_UNDO_MODE, .mode = "0440", .path = "/etc/sudoers"},
         "chmod 0440 /etc/sudoers"},
        {{.kind = PST_UNDO_OWNER, .owner = "0:0", .path = "/a b"}, "chown -h 0:0 '/a b'"},
        {{.kind = PST_UNDO_MODE, .mode = "0440", .path = "/x;$(id) 'y"},
         "chmod 0440 '/x;$(id) '\\''y'"},
        {{.kind = PST_UNDO_MODE, .mode = "0440", .path = "/x'\n\x1b[2J;id\\"},
         "chmod 0440 $'/x\\047\\012\\033\\1332J\\073id\\134'"},
        {{.kind = PST_UNDO_MODE, .mode = "0440", .path = "/\xe2\x80\xae"},
         "chmod 0440 $'/\\342\\200\\256'"},
        {{.kind = PST_UNDO_MODE, .mode = "0440", .path = "-R"}, NULL},
        {{.kind = PST_UNDO_MODE, .mode = "0440 /;id", .path = "/x"}, NULL},
        {{.kind = PST_UNDO_MODE, .mode = "", .path = "/x"}, NULL},
        {{.kind = PST_UNDO_MODE, .path = "/x"}, NULL},
        {{.kind = PST_UNDO_OWNER, .owner = "--from=0:0", .path = "/x"}, NULL},
        {{.kind = PST_UNDO_OWNER, .owner = "0:", .path = "/x"}, NULL},
        {{.kind = PST_UNDO_UNIT, .action = "start", .unit = "a\\x2db.service"},
         "systemctl start 'a\\x2db.service'"},
        {{.kind = PST_UNDO_UNIT, .action = "start", .unit = "--root=/x"}, NULL},
        {{.kind = PST_UNDO_UNIT, .action = "start"}, NULL},
        {{.kind = PST_UNDO_ARGV, .argv = link}, "ip link '' 'a b'"},
        {{.kind = PST_UNDO_FILE, .path = "/x"}, NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const PstUndo undo = {
            .kind = (int)cases[i].undo.kind,
            .path = (char *)cases[i].undo.path,
            .mode = (char *)cases[i].undo.mode,
            .owner = (char *)cases[i].undo.owner,
            .unit = (char *)cases[i].undo.unit,
            .action = (char *)cases[i].undo.action,
            .argv = (char **)cases[i].undo.argv,
        };
        g_autofree char *words = pst_gate_undo_words(&undo);

        g_assert_cmpstr(words, ==, cases[i].words);
    }
    g_assert_null(pst_gate_undo_words(NULL));
}

/* It is told whole, however long. */
static void
test_undo_is_told_whole(void)
{
    g_auto(World) world = {0};
    g_autofree char *name = g_strnfill(250, 'n');

    world_init(&world);
    world_set_policy(&world, REACHABLE);
    lock_out(&world);
    GPtrArray *findings = world_find(&world, "sudo", NULL)->report->findings;
    PstUndo *undo = pst_report_undo(findings->pdata[findings->len - 1], PST_UNDO_MODE);
    undo->mode = g_strdup("0440");
    undo->path = g_strdup_printf("/%s;id", name);
    g_autoptr(PstGateVerdict) verdict = world_judge(&world);
    g_autofree char *text = pst_gate_to_text(verdict);
    g_autofree char *line = g_strdup_printf("\n           undo: chmod 0440 '/%s;id'\n", name);

    g_assert_nonnull(strstr(text, line));
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gate/text/words", test_words);
    g_test_add_func("/gate/text/hostile", test_hostile);
    g_test_add_func("/gate/text/password", test_password);
    g_test_add_func("/gate/text/exceptions", test_exceptions);
    g_test_add_func("/gate/text/hostile-id", test_hostile_id);
    g_test_add_func("/gate/text/undo", test_undo);
    g_test_add_func("/gate/text/undo-is-told-whole", test_undo_is_told_whole);
    return g_test_run();
}
