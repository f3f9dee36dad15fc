// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/enroll.h"

#include <string.h>

#include "host-sidecar/enroll-guest.h"
#include "host-sidecar/enroll-install.h"
#include "host-sidecar/enroll-words.h"
#include "host-sidecar/exit-code.h"
#include "protocol/error.h"

#define PC                                                                                         \
    "<domain type='qemu'><name>web</name><os><type arch='x86_64' machine='pc'>hvm</type></os>"     \
    "<devices>"
#define CHANNEL                                                                                    \
    "<channel type='unix'><target type='virtio' name='org.postern.shim.0'/>"                       \
    "<alias name='channel3'/><address type='virtio-serial' port='4'/></channel>"
#define RECORDER                                                                                   \
    "<channel type='file'><source path='/r/web.records' append='on'/><target type='virtio' "       \
    "name='org.postern.recorder.0'/></channel>"
#define END "</devices></domain>"

/* ---- what a definition has ---- */

static void
test_sight(void)
{
    PstEnrollSight sight = {.channel = FALSE};
    g_autofree char *alias = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(pst_enroll_sight_read(PC END, &sight, NULL));
    g_assert_false(sight.channel || sight.recorder || sight.panic || sight.video ||
                   sight.console_log || sight.may_console_log);
    g_assert_true(sight.may_panic && sight.may_video);
    g_assert_true(pst_enroll_sight_read(
        PC CHANNEL RECORDER "<serial type='pty'><log file='/l'/></serial><panic model='isa'/>"
                            "<video><model type='vga'/></video>" END,
        &sight, NULL));
    g_assert_true(sight.channel && sight.recorder && sight.panic && sight.video &&
                  sight.console_log && sight.may_console_log);
    g_assert_true(pst_enroll_sight_read(
        "<domain><os><type arch='aarch64' machine='virt'/></os></domain>", &sight, NULL));
    g_assert_false(sight.may_panic || sight.may_video);
    g_assert_false(pst_enroll_sight_read("<pool/>", &sight, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_INTERNAL);

    g_autofree char *device =
        pst_enroll_sight_device(PC RECORDER CHANNEL END, "org.postern.shim.0", &alias);
    g_assert_cmpstr(device, ==,
                    "<channel type=\"unix\"><target type=\"virtio\" "
                    "name=\"org.postern.shim.0\"/></channel>");
    g_assert_cmpstr(alias, ==, "channel3");
    g_assert_null(pst_enroll_sight_device(PC RECORDER END, "org.postern.shim.0", NULL));
}

static void
test_mark(void)
{
    static const char written[] = "<enrolled added='channel-live recorder-lasting package'/>";
    const PstEnrollMark mark =
        PST_ENROLL_MARK_CHANNEL_LIVE | PST_ENROLL_MARK_RECORDER_LASTING | PST_ENROLL_MARK_PACKAGE;
    g_autofree char *element = pst_enroll_mark_write(mark);
    g_autofree char *all = pst_enroll_mark_write(PST_ENROLL_MARK_ALL);
    g_autofree char *long_one = g_strnfill(5000, ' ');
    g_autofree char *too_long = g_strconcat(long_one, written, NULL);

    g_assert_cmpstr(element, ==, written);
    g_assert_cmpuint(pst_enroll_mark_read(element), ==, mark);
    g_assert_cmpuint(pst_enroll_mark_read(all), ==, PST_ENROLL_MARK_ALL);
    g_assert_null(pst_enroll_mark_write(0));
    /* What is not understood was not added. */
    g_assert_cmpuint(pst_enroll_mark_read("<enrolled added='tpm panic'/>"), ==,
                     PST_ENROLL_MARK_PANIC);
    g_assert_cmpuint(pst_enroll_mark_read("<enrolled/>"), ==, 0);
    g_assert_cmpuint(pst_enroll_mark_read("package"), ==, 0);
    g_assert_cmpuint(pst_enroll_mark_read(""), ==, 0);
    g_assert_cmpuint(pst_enroll_mark_read(too_long), ==, 0);
}

/* ---- the guest's system ---- */

static const struct {
    const char *text;
    PstEnrollPackageKind kind;
    const char *system;
} systems[] = {
    {"NAME=\"Debian GNU/Linux\"\nID=debian\n", PST_ENROLL_PACKAGE_DEB, "debian"},
    {"ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", PST_ENROLL_PACKAGE_DEB, "linuxmint"},
    {"ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", PST_ENROLL_PACKAGE_RPM, "rocky"},
    {"ID='opensuse-leap'\nID_LIKE='suse opensuse'\n", PST_ENROLL_PACKAGE_RPM, "opensuse-leap"},
    {"ID=rocky\n", PST_ENROLL_PACKAGE_RPM, "rocky"},
    {"ID=linuxmint\n", PST_ENROLL_PACKAGE_DEB, "linuxmint"},
    {"ID=arch\n", PST_ENROLL_PACKAGE_UNKNOWN, "arch"},
    {"ID_LIKE=debianish\n", PST_ENROLL_PACKAGE_UNKNOWN, NULL},
    {"", PST_ENROLL_PACKAGE_UNKNOWN, NULL},
    {"ID=\"", PST_ENROLL_PACKAGE_UNKNOWN, "\""},
};

static void
test_system(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(systems); i++) {
        g_autofree char *system = NULL;

        g_assert_cmpint((int)pst_enroll_guest_kind(systems[i].text, &system), ==,
                        (int)systems[i].kind);
        g_assert_cmpstr(system, ==, systems[i].system);
    }
}

/* ---- the plan ---- */

/* One that runs, is kept, has nothing, and whose agent does all. */
static PstEnrollFacts *
bare(void)
{
    PstEnrollFacts *facts = g_new0(PstEnrollFacts, 1);

    facts->runs = facts->lasting = TRUE;
    facts->live.may_panic = facts->live.may_video = facts->live.may_console_log = TRUE;
    facts->live.free_ports = 29;
    facts->definition = facts->live;
    facts->folder = g_strdup("/pool");
    facts->guest.kind = PST_ENROLL_PACKAGE_DEB;
    facts->guest.architecture = g_strdup("amd64");
    return facts;
}

static char *
summary(const GPtrArray *steps)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < steps->len; i++) {
        const PstEnrollStep *step = steps->pdata[i];
        g_assert_nonnull(step->detail);
        g_assert_null(strchr(step->detail, '\n'));
        g_string_append_printf(out, "%s%s=%s", i > 0 ? " " : "", pst_enroll_kind_names[step->step],
                               pst_enroll_state_names[step->state]);
    }
    return g_string_free(out, FALSE);
}

static PstEnrollPackage deb = {(char *)"/p/postern-shim.deb",
                               PST_ENROLL_PACKAGE_DEB,
                               (char *)"0.1.0",
                               (char *)"amd64",
                               (char *)"aa",
                               NULL};

static void
all_there(PstEnrollFacts *facts, PstEnrollWish *wish G_GNUC_UNUSED)
{
    PstEnrollSight *sights[] = {&facts->live, &facts->definition};

    for (guint i = 0; i < 2; i++)
        sights[i]->channel = sights[i]->recorder = sights[i]->panic = sights[i]->video = TRUE;
    facts->shim = g_strdup("0.1.0");
    facts->guest.version = g_strdup("0.1.0");
    facts->guest.loaded = TRUE;
    facts->guest.active = g_strdup("active");
    facts->guest.enabled = g_strdup("enabled");
}

static void
no_agent(PstEnrollFacts *facts, PstEnrollWish *wish G_GNUC_UNUSED)
{
    facts->guest.agent_problem = g_strdup("no guest agent runs");
    facts->guest.kind = PST_ENROLL_PACKAGE_UNKNOWN;
}

static void
no_agent_but_shim(PstEnrollFacts *facts, PstEnrollWish *wish)
{
    all_there(facts, wish);
    no_agent(facts, wish);
}

static void
no_exec(PstEnrollFacts *facts, PstEnrollWish *wish G_GNUC_UNUSED)
{
    facts->guest.exec_problem = g_strdup("guest-exec is blocked");
}

static void
no_files(PstEnrollFacts *facts, PstEnrollWish *wish G_GNUC_UNUSED)
{
    facts->guest.file_problem = g_strdup("guest-file-open is blocked");
}

static void
live_only(PstEnrollFacts *facts, PstEnrollWish *wish)
{
    all_there(facts, wish);
    facts->definition.channel = facts->definition.recorder = FALSE;
}

static void
lasting_only(PstEnrollFacts *facts, PstEnrollWish *wish)
{
    all_there(facts, wish);
    facts->live.channel = facts->live.recorder = FALSE;
}

static void
transient(PstEnrollFacts *facts, PstEnrollWish *wish G_GNUC_UNUSED)
{
    facts->lasting = FALSE;
    memset(&facts->definition, 0, sizeof facts->definition);
}

static void
no_controller(PstEnrollFacts *facts, PstEnrollWish *wish G_GNUC_UNUSED)
{
    facts->live.free_ports = facts->definition.free_ports = 0;
}

static void
no_controller_but_kept(PstEnrollFacts *facts, PstEnrollWish *wish)
{
    lasting_only(facts, wish);
    facts->live.free_ports = 0;
    g_clear_pointer(&facts->shim, g_free);
}

static void
no_controller_nor_kept(PstEnrollFacts *facts, PstEnrollWish *wish)
{
    transient(facts, wish);
    facts->live.free_ports = 0;
}

static void
one_port_left(PstEnrollFacts *facts, PstEnrollWish *wish G_GNUC_UNUSED)
{
    facts->live.free_ports = facts->definition.free_ports = 1;
}

static void
no_pool(PstEnrollFacts *facts, PstEnrollWish *wish)
{
    g_clear_pointer(&facts->folder, g_free);
    wish->console_log = TRUE;
}

static void
no_isa(PstEnrollFacts *facts, PstEnrollWish *wish)
{
    facts->definition.may_panic = facts->definition.may_video = FALSE;
    wish->video = PST_ENROLL_WANTED;
}

static void
unwanted(PstEnrollFacts *facts G_GNUC_UNUSED, PstEnrollWish *wish)
{
    wish->panic = wish->video = PST_ENROLL_UNWANTED;
    wish->no_recorder = TRUE;
}

static void
no_package(PstEnrollFacts *facts G_GNUC_UNUSED, PstEnrollWish *wish)
{
    wish->package = NULL;
}

static void
other_kind(PstEnrollFacts *facts, PstEnrollWish *wish G_GNUC_UNUSED)
{
    facts->guest.kind = PST_ENROLL_PACKAGE_RPM;
}

static void
other_machine(PstEnrollFacts *facts, PstEnrollWish *wish G_GNUC_UNUSED)
{
    g_free(facts->guest.architecture);
    facts->guest.architecture = g_strdup("arm64");
}

static void
other_system(PstEnrollFacts *facts, PstEnrollWish *wish G_GNUC_UNUSED)
{
    facts->guest.kind = PST_ENROLL_PACKAGE_UNKNOWN;
    facts->guest.system = g_strdup("arch");
}

static void
older(PstEnrollFacts *facts, PstEnrollWish *wish)
{
    all_there(facts, wish);
    g_free(facts->guest.version);
    facts->guest.version = g_strdup("0.0.9");
}

static void
older_said(PstEnrollFacts *facts, PstEnrollWish *wish)
{
    older(facts, wish);
    wish->package_said = TRUE;
}

static void
by_hand(PstEnrollFacts *facts, PstEnrollWish *wish)
{
    all_there(facts, wish);
    g_clear_pointer(&facts->guest.version, g_free);
}

static void
switched_off(PstEnrollFacts *facts, PstEnrollWish *wish)
{
    all_there(facts, wish);
    g_free(facts->guest.enabled);
    facts->guest.enabled = g_strdup("disabled");
}

static void
switched_off_and_stopped(PstEnrollFacts *facts, PstEnrollWish *wish)
{
    switched_off(facts, wish);
    g_free(facts->guest.active);
    facts->guest.active = g_strdup("inactive");
}

static void
switched_off_and_older(PstEnrollFacts *facts, PstEnrollWish *wish)
{
    older_said(facts, wish);
    g_free(facts->guest.enabled);
    facts->guest.enabled = g_strdup("disabled");
}

static void
masked(PstEnrollFacts *facts, PstEnrollWish *wish)
{
    switched_off(facts, wish);
    g_free(facts->guest.enabled);
    facts->guest.enabled = g_strdup("masked");
}

static void
configured(PstEnrollFacts *facts G_GNUC_UNUSED, PstEnrollWish *wish)
{
    wish->configuration = "bb";
}

static void
configured_otherwise(PstEnrollFacts *facts, PstEnrollWish *wish)
{
    configured(facts, wish);
    facts->guest.configuration = g_strdup("cc");
}

static void
configured_so(PstEnrollFacts *facts, PstEnrollWish *wish)
{
    configured(facts, wish);
    facts->guest.configuration = g_strdup("bb");
}

static const PstEnrollMark ports = PST_ENROLL_MARK_CHANNEL_LIVE | PST_ENROLL_MARK_CHANNEL_LASTING |
                                   PST_ENROLL_MARK_RECORDER_LIVE | PST_ENROLL_MARK_RECORDER_LASTING;
static const PstEnrollMark devices = PST_ENROLL_MARK_PANIC | PST_ENROLL_MARK_VIDEO;

#define PORTS_DUE "channel=due recorder=due "
#define DEVICES_DUE "panic=due video=due "
#define DUE PORTS_DUE DEVICES_DUE
#define IN_GUEST_DUE "package=due unit=due proof=due"
#define ALL_THERE "channel=there recorder=there panic=there video=there "

static const struct {
    const char *name;
    void (*change)(PstEnrollFacts *facts, PstEnrollWish *wish);
    const char *steps;
    PstEnrollMark parts;
} rows[] = {
    {"bare", NULL, DUE IN_GUEST_DUE, 0},
    {"all there", all_there, ALL_THERE "package=there unit=there proof=due", 0},
    {"no agent", no_agent, DUE "package=administrator unit=administrator proof=not-reached", 0},
    {"no agent, a shim answers", no_agent_but_shim, ALL_THERE "package=there unit=there proof=due",
     0},
    {"no programs", no_exec, DUE "package=administrator unit=administrator proof=not-reached", 0},
    {"no files", no_files, DUE "package=administrator unit=administrator proof=not-reached", 0},
    {"live only", live_only, PORTS_DUE "panic=there video=there package=there unit=there proof=due",
     PST_ENROLL_MARK_CHANNEL_LASTING | PST_ENROLL_MARK_RECORDER_LASTING},
    {"lasting only", lasting_only,
     PORTS_DUE "panic=there video=there package=there unit=there proof=due",
     PST_ENROLL_MARK_CHANNEL_LIVE | PST_ENROLL_MARK_RECORDER_LIVE},
    {"not kept", transient, PORTS_DUE "panic=cannot video=cannot " IN_GUEST_DUE,
     PST_ENROLL_MARK_CHANNEL_LIVE | PST_ENROLL_MARK_RECORDER_LIVE | PST_ENROLL_MARK_PACKAGE},
    {"no controller", no_controller, DUE "package=due unit=due proof=administrator",
     PST_ENROLL_MARK_CHANNEL_LIVE | PST_ENROLL_MARK_CHANNEL_LASTING |
         PST_ENROLL_MARK_RECORDER_LIVE | PST_ENROLL_MARK_RECORDER_LASTING |
         PST_ENROLL_MARK_CONTROLLER | PST_ENROLL_MARK_PANIC | PST_ENROLL_MARK_VIDEO |
         PST_ENROLL_MARK_PACKAGE},
    {"no controller, and it is kept", no_controller_but_kept,
     ALL_THERE "package=there unit=there proof=administrator", 0},
    {"no controller, and it is not kept", no_controller_nor_kept,
     "channel=failed recorder=failed panic=cannot video=cannot package=due unit=due "
     "proof=administrator",
     PST_ENROLL_MARK_PACKAGE},
    {"one port left", one_port_left, DUE IN_GUEST_DUE,
     PST_ENROLL_MARK_CHANNEL_LIVE | PST_ENROLL_MARK_CHANNEL_LASTING |
         PST_ENROLL_MARK_RECORDER_LIVE | PST_ENROLL_MARK_RECORDER_LASTING |
         PST_ENROLL_MARK_CONTROLLER | PST_ENROLL_MARK_PANIC | PST_ENROLL_MARK_VIDEO |
         PST_ENROLL_MARK_PACKAGE},
    {"no pool", no_pool,
     "channel=due recorder=administrator " DEVICES_DUE "console-log=failed " IN_GUEST_DUE, 0},
    {"no ISA bus", no_isa, PORTS_DUE "panic=cannot video=failed " IN_GUEST_DUE, 0},
    {"unwanted", unwanted, "channel=due " IN_GUEST_DUE, 0},
    {"no package", no_package, DUE "package=failed unit=not-reached proof=not-reached", 0},
    {"another kind", other_kind, DUE "package=failed unit=not-reached proof=not-reached", 0},
    {"another machine", other_machine, DUE "package=failed unit=not-reached proof=not-reached", 0},
    {"another system", other_system,
     DUE "package=administrator unit=administrator proof=not-reached", 0},
    {"an older one", older, ALL_THERE "package=there unit=there proof=due", 0},
    {"an older one, and this is wanted", older_said, ALL_THERE "package=due unit=due proof=due", 0},
    {"by hand", by_hand, ALL_THERE "package=there unit=there proof=due", 0},
    {"switched off", switched_off, ALL_THERE "package=there unit=due proof=due",
     PST_ENROLL_MARK_UNIT},
    {"switched off and stopped", switched_off_and_stopped,
     ALL_THERE "package=there unit=due proof=due",
     PST_ENROLL_MARK_UNIT | PST_ENROLL_MARK_UNIT_STARTED},
    {"switched off, and another is wanted", switched_off_and_older,
     ALL_THERE "package=due unit=due proof=due", PST_ENROLL_MARK_UNIT},
    {"masked", masked, ALL_THERE "package=there unit=failed proof=due", 0},
    {"configured", configured, DUE "package=due configuration=due unit=due proof=due",
     PST_ENROLL_MARK_CONFIGURATION},
    {"configured otherwise", configured_otherwise,
     DUE "package=due configuration=failed unit=due proof=due", 0},
    {"configured so", configured_so, DUE "package=due configuration=there unit=due proof=due", 0},
};

static void
test_plan(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstEnrollFacts) facts = bare();
        PstEnrollWish wish = {.package = &deb, .package_problem = "there is none"};

        if (rows[i].change != NULL)
            rows[i].change(facts, &wish);
        g_autoptr(GPtrArray) steps = pst_enroll_plan(facts, &wish);
        g_autofree char *told = summary(steps);
        g_test_message("%s", rows[i].name);
        g_assert_cmpstr(told, ==, rows[i].steps);
        if (rows[i].parts != 0 && rows[i].change != configured)
            g_assert_cmpuint(pst_enroll_parts(steps), ==, rows[i].parts);
        if (rows[i].change == configured)
            g_assert_true((pst_enroll_parts(steps) & rows[i].parts) != 0);
        g_assert_cmpint(pst_enroll_is_due(steps), ==, strstr(told, "=due ") != NULL);
        g_assert_cmpint(strstr(told, "channel=due") != NULL &&
                            pst_enroll_find(steps, PST_ENROLL_CHANNEL)->later,
                        ==, rows[i].change == no_controller);
        g_assert_false(pst_enroll_is_complete(steps));
    }
}

/* What is noted is what is added: nothing of what was there before. */
static void
test_parts(void)
{
    g_autoptr(PstEnrollFacts) facts = bare(), replaced = bare();
    PstEnrollWish wish = {.package = &deb};
    g_autoptr(GPtrArray) steps = pst_enroll_plan(facts, &wish);

    g_assert_cmpuint(pst_enroll_parts(steps), ==, ports | devices | PST_ENROLL_MARK_PACKAGE);
    older_said(replaced, &wish);
    g_autoptr(GPtrArray) few = pst_enroll_plan(replaced, &wish);
    g_assert_cmpuint(pst_enroll_parts(few), ==, 0);
}

/* ---- the way back ---- */

static void
test_undo(void)
{
    g_autoptr(PstEnrollFacts) facts = bare();
    g_autoptr(GPtrArray) none = pst_enroll_plan_undo(facts);
    g_autofree char *nothing = summary(none);

    g_assert_cmpstr(nothing, ==, "package=there recorder=there channel=there");
    g_assert_true(pst_enroll_is_complete(none));

    facts->guest.version = g_strdup("0.1.0");
    facts->mark = PST_ENROLL_MARK_ALL;
    g_autoptr(GPtrArray) all = pst_enroll_plan_undo(facts);
    g_autofree char *undone = summary(all);
    g_assert_cmpstr(undone, ==,
                    "configuration=due unit=due package=due console-log=due video=due panic=due "
                    "recorder=due channel=due controller=due");
    g_assert_cmpuint(pst_enroll_parts(all), ==, PST_ENROLL_MARK_ALL);

    g_clear_pointer(&facts->guest.version, g_free);
    for (guint i = 0; i < 2; i++) {
        facts->guest.partly = i == 1;
        g_autoptr(GPtrArray) half = pst_enroll_plan_undo(facts);
        g_assert_nonnull(strstr(pst_enroll_find(half, PST_ENROLL_PACKAGE)->detail,
                                i == 1 ? "is removed" : "is gone already"));
    }

    /* A package that was there before stays, and its unit is disabled again. */
    facts->mark = PST_ENROLL_MARK_UNIT;
    facts->guest.loaded = TRUE;
    g_autoptr(GPtrArray) unit = pst_enroll_plan_undo(facts);
    g_autofree char *disabled = summary(unit);
    g_assert_cmpstr(disabled, ==, "unit=due package=there recorder=there channel=there");
    g_assert_nonnull(strstr(pst_enroll_find(unit, PST_ENROLL_UNIT)->detail, "and goes on"));
    g_assert_cmpuint(pst_enroll_parts(unit), ==, PST_ENROLL_MARK_UNIT);
    facts->mark |= PST_ENROLL_MARK_UNIT_STARTED;
    g_autoptr(GPtrArray) both = pst_enroll_plan_undo(facts);
    g_assert_nonnull(strstr(pst_enroll_find(both, PST_ENROLL_UNIT)->detail, "is stopped"));
    g_assert_cmpuint(pst_enroll_parts(both), ==, facts->mark);
    facts->guest.loaded = FALSE;
    g_free(facts->guest.enabled);
    facts->guest.enabled = g_strdup("masked");
    g_autoptr(GPtrArray) hidden = pst_enroll_plan_undo(facts);
    g_assert_nonnull(strstr(pst_enroll_find(hidden, PST_ENROLL_UNIT)->detail, "masked since"));

    /* What was there live before enroll stays. */
    facts->mark = PST_ENROLL_MARK_CHANNEL_LASTING | PST_ENROLL_MARK_PACKAGE;
    facts->guest.agent_problem = g_strdup("the guest is off");
    g_autoptr(GPtrArray) some = pst_enroll_plan_undo(facts);
    g_autofree char *left = summary(some);
    g_assert_cmpstr(left, ==, "package=administrator recorder=there channel=due");
    g_assert_cmpint(pst_enroll_find(some, PST_ENROLL_CHANNEL)->parts, ==,
                    PST_ENROLL_MARK_CHANNEL_LASTING);
}

/* ---- what is told ---- */

static void
test_lines(void)
{
    PstEnrollPackage rpm = deb;
    g_auto(GStrv) lines = pst_enroll_install_lines(&deb);
    rpm.kind = PST_ENROLL_PACKAGE_RPM;
    g_auto(GStrv) others = pst_enroll_install_lines(&rpm);

    g_assert_cmpuint(g_strv_length(lines), ==, 3);
    g_assert_cmpstr(lines[0], ==,
                    "chmod 0600 /root/postern-shim.deb && echo 'aa  /root/postern-shim.deb' | "
                    "sha256sum -c");
    g_assert_cmpstr(lines[1], ==,
                    "DEBIAN_FRONTEND=noninteractive apt-get -y --no-install-recommends install "
                    "/root/postern-shim.deb");
    g_assert_cmpstr(lines[2], ==,
                    "systemctl enable --now postern-shim && rm /root/postern-shim.deb");
    g_assert_cmpstr(others[1], ==, "rpm -U /root/postern-shim.rpm");
}

static void
test_words(void)
{
    g_autoptr(PstEnrollTold) told = pst_fields_new(&pst_enroll_told_fields);
    PstEnrollStep *step = pst_fields_append(&pst_enroll_step_fields, &told->steps);

    told->guest = g_strdup("web");
    told->complete = told->changed = PST_TRI_YES;
    step->step = PST_ENROLL_CHANNEL;
    step->state = PST_ENROLL_DONE;
    step->detail = g_strdup("a\033[2Jb");
    step->took_ms = 1500;
    g_autofree char *done = pst_enroll_words_text(told, FALSE);
    g_assert_true(g_str_has_prefix(done, "web: it is enrolled\n  channel "));
    g_assert_null(strchr(done, '\033'));
    g_assert_nonnull(strstr(done, "(1.5 s)\n"));
    g_assert_cmpint(pst_enroll_words_exit_code(told), ==, PST_EXIT_OK);

    step->state = PST_ENROLL_ADMINISTRATOR;
    told->complete = PST_TRI_NO;
    told->lines = g_strsplit("one two", " ", -1);
    told->bring = g_strdup("it");
    g_autofree char *left = pst_enroll_words_text(told, FALSE);
    g_assert_true(g_str_has_suffix(left, "bring it\nthen, as root in the guest:\none\ntwo\n"));
    g_assert_cmpint(pst_enroll_words_exit_code(told), ==, PST_EXIT_WARNING);
    step->state = PST_ENROLL_FAILED;
    g_autofree char *failed = pst_enroll_words_text(told, FALSE);
    g_assert_true(g_str_has_prefix(failed, "web: it is not enrolled: a step failed\n"));
    g_assert_cmpint(pst_enroll_words_exit_code(told), ==, PST_EXIT_CRITICAL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_autoptr(GBytes) bytes = g_bytes_new_static("deb", 3);
    deb.bytes = bytes;
    g_test_add_func("/enroll/sight", test_sight);
    g_test_add_func("/enroll/mark", test_mark);
    g_test_add_func("/enroll/system", test_system);
    g_test_add_func("/enroll/plan", test_plan);
    g_test_add_func("/enroll/parts", test_parts);
    g_test_add_func("/enroll/undo", test_undo);
    g_test_add_func("/enroll/lines", test_lines);
    g_test_add_func("/enroll/words", test_words);
    return g_test_run();
}
