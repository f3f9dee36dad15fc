// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/exit-code.h"
#include "host-sidecar/snapshot-judge.h"
#include "host-sidecar/snapshot-words.h"
#include "protocol/error.h"

#define NOW_US (G_GINT64_CONSTANT(1700000000) * G_USEC_PER_SEC)

/* ---- what may be asked for ---- */

static const struct {
    const char *name;
    gboolean good;
} names[] = {
    {"before", TRUE},     {"before the change 1.2_3", TRUE},
    {"vorher-ä", TRUE},   {"a.b", TRUE},
    {"1", TRUE},          {"", FALSE},
    {".", FALSE},         {"..", FALSE},
    {".hidden", FALSE},   {"-n", FALSE},
    {"a/b", FALSE},       {"../../etc/passwd", FALSE},
    {" a", FALSE},        {"a ", FALSE},
    {" ", FALSE},         {"a\nb", FALSE},
    {"a\033[2J", FALSE},  {"a\x7f", FALSE},
    {"a\xc2\x85", FALSE}, {"\xff", FALSE},
};

static void
test_name(void)
{
    g_autofree char *longest = g_strnfill(PST_SNAPSHOT_MAX_NAME, 'a');
    g_autofree char *longer = g_strnfill(PST_SNAPSHOT_MAX_NAME + 1, 'a');
    PstSnapshotWish wish = {.name = longest};

    g_assert_true(pst_snapshot_check_wish(&wish, NULL));
    wish.name = longer;
    g_assert_false(pst_snapshot_check_wish(&wish, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;

        wish.name = names[i].name;
        g_assert_cmpint(pst_snapshot_check_wish(&wish, &error), ==, names[i].good);
        if (names[i].good)
            continue;
        g_assert_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS);
        g_assert_nonnull(g_strstr_len(error->message, -1, "nothing was changed"));
        g_assert_null(g_strstr_len(error->message, -1, "\n"));
    }
    /* One that nobody named can be one, and by another second is another. */
    g_autofree char *made = pst_snapshot_name_of(NOW_US);
    wish.name = made;
    g_assert_cmpstr(made, ==, "postern-20231114T221320Z");
    g_assert_true(pst_snapshot_check_wish(&wish, NULL));
}

static const struct {
    const char *description;
    gboolean disk_only, live, quiesce, good;
} wishes[] = {
    {NULL, FALSE, FALSE, FALSE, TRUE},    {"why", TRUE, FALSE, FALSE, TRUE},
    {NULL, TRUE, FALSE, TRUE, TRUE},      {NULL, FALSE, TRUE, FALSE, TRUE},
    {NULL, TRUE, TRUE, FALSE, FALSE},     {NULL, FALSE, FALSE, TRUE, FALSE},
    {NULL, FALSE, TRUE, TRUE, FALSE},     {"", FALSE, FALSE, FALSE, FALSE},
    {"a\nb", FALSE, FALSE, FALSE, FALSE},
};

static void
test_wish(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(wishes); i++) {
        const PstSnapshotWish wish = {NULL, wishes[i].description, wishes[i].disk_only,
                                      wishes[i].live, wishes[i].quiesce};
        g_autoptr(GError) error = NULL;

        g_test_message("wish %zu", i);
        g_assert_cmpint(pst_snapshot_check_wish(&wish, &error), ==, wishes[i].good);
        if (!wishes[i].good)
            g_assert_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS);
    }
}

/* ---- libvirt's XML ---- */

#define HEAD "<domainsnapshot><name>a</name><creationTime>1699999000</creationTime>"
#define DISKS(how)                                                                                 \
    "<disks><disk name='vda' snapshot='" how "'/><disk name='vdb' snapshot='no'/></disks>"
#define TAIL "<domain><name>web</name><devices><disk name='x'/></devices></domain></domainsnapshot>"

static const struct {
    const char *text;
    int holds, kind;
} rows[] = {
    {HEAD "<state>running</state><memory snapshot='internal'/>" DISKS("internal") TAIL,
     PST_SNAPSHOT_MEMORY, PST_SNAPSHOT_INTERNAL},
    {HEAD "<state>paused</state>" TAIL, PST_SNAPSHOT_MEMORY, PST_SNAPSHOT_INTERNAL},
    {HEAD "<state>running</state><memory snapshot='external' file='/m'/>" DISKS("external") TAIL,
     PST_SNAPSHOT_MEMORY, PST_SNAPSHOT_EXTERNAL},
    {HEAD "<state>running</state><memory snapshot='external' file='/m'/>" DISKS("internal") TAIL,
     PST_SNAPSHOT_MEMORY, PST_SNAPSHOT_MIXED},
    {HEAD "<state>disk-snapshot</state><memory snapshot='no'/>" DISKS("external") TAIL,
     PST_SNAPSHOT_DISKS, PST_SNAPSHOT_EXTERNAL},
    {HEAD "<state>shutoff</state><memory snapshot='no'/>" DISKS("internal") TAIL, PST_SNAPSHOT_OFF,
     PST_SNAPSHOT_INTERNAL},
    {HEAD "<state>shutoff</state>" DISKS("external") TAIL, PST_SNAPSHOT_OFF, PST_SNAPSHOT_EXTERNAL},
};

static void
test_read(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(PstSnapshot) row = pst_snapshot_xml_read(rows[i].text, NOW_US, &error);

        g_test_message("snapshot %zu", i);
        g_assert_no_error(error);
        g_assert_cmpstr(row->name, ==, "a");
        g_assert_cmpint(row->age_ms, ==, 1000000);
        g_assert_cmpint(row->holds, ==, rows[i].holds);
        g_assert_cmpint(row->kind, ==, rows[i].kind);
        g_assert_null(row->parent);
        g_assert_null(row->description);
    }
}

static void
test_read_all(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstSnapshot) row = pst_snapshot_xml_read(
        "<domainsnapshot><name>b&lt;</name><description>of\033[2J</description>"
        "<state>disk-snapshot</state><parent><name>a</name></parent>"
        "<creationTime>1800000000</creationTime><disks>"
        "<disk name='vda' snapshot='external'><source file='/images/vda.b'/></disk></disks>"
        "</domainsnapshot>",
        NOW_US, &error);

    /* A terminal's control character is no XML. */
    g_assert_null(row);
    g_assert_error(error, PST_ERROR, PST_ERROR_INTERNAL);
    g_clear_error(&error);
    row = pst_snapshot_xml_read(
        "<domainsnapshot><name>b&lt;</name><description>why</description>"
        "<state>disk-snapshot</state><parent><name>a</name></parent>"
        "<creationTime>1800000000</creationTime><disks>"
        "<disk name='vda' snapshot='external'><source file='/images/vda.b'/></disk></disks>"
        "</domainsnapshot>",
        NOW_US, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(row->name, ==, "b<");
    g_assert_cmpstr(row->description, ==, "why");
    g_assert_cmpstr(row->parent, ==, "a");
    /* Made by a clock that is ahead. */
    g_assert_cmpint(row->age_ms, ==, 0);
    const PstSnapshotDisk *disk = row->disks->pdata[0];
    g_assert_cmpstr(disk->file, ==, "/images/vda.b");
    static const char *const wrong[] = {"", "<", "<domain/>", "<domainsnapshot/>"};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_assert_null(pst_snapshot_xml_read(wrong[i], NOW_US, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_INTERNAL);
        g_clear_error(&error);
    }
}

#define DISK(target, format, more)                                                                 \
    "<disk type='file' device='disk'><driver name='qemu' type='" format                            \
    "'/><source file='/images/" target ".img'/><target dev='" target "'/>" more "</disk>"
#define DOMAIN(os, devices)                                                                        \
    "<domain type='kvm'><name>web</name><os>" os "</os><devices>" devices "</devices></domain>"
#define CDROM                                                                                      \
    "<disk type='file' device='cdrom'><driver type='raw'/><target dev='sda'/><readonly/></disk>"
#define SHARE "<filesystem><driver type='virtiofs'/><source dir='/srv'/></filesystem>"
#define DEVICE "<hostdev mode='subsystem' type='pci'/>"
#define NVRAM "<nvram>/var/lib/libvirt/qemu/nvram/web.fd</nvram>"
#define NO "absent"

static const struct {
    const char *text;
    PstSnapshotWish wish;
    const char *obstacle; /* a part of it; NO: none */
} obstacles[] = {
    {DOMAIN("", DISK("vda", "qcow2", "") CDROM), {NULL}, NO},
    {DOMAIN("", DISK("vda", "qcow2", "") DISK("vdb", "raw", "<readonly/>")), {NULL}, NO},
    {DOMAIN("", DISK("vda", "qcow2", "") DISK("vdb", "raw", "")), {NULL}, "vdb is raw"},
    {DOMAIN("", DISK("vda", "raw", "")), {.disk_only = TRUE}, NO},
    {DOMAIN("", DISK("vda", "raw", "")), {.live = TRUE}, NO},
    {DOMAIN("", DISK("vda", "qcow2", "") SHARE), {NULL}, "a folder of the host's"},
    {DOMAIN("", DISK("vda", "qcow2", "") SHARE), {.live = TRUE}, "a folder of the host's"},
    {DOMAIN("", DISK("vda", "qcow2", "") SHARE), {.disk_only = TRUE}, NO},
    {DOMAIN("", DISK("vda", "qcow2", "") DEVICE), {NULL}, "a device of the host's"},
    {DOMAIN(NVRAM, DISK("vda", "qcow2", "")), {NULL}, "firmware"},
    {DOMAIN(NVRAM, DISK("vda", "qcow2", "")), {.disk_only = TRUE}, NO},
    {DOMAIN("", DISK("vda", "qcow2", "")), {.disk_only = TRUE, .quiesce = TRUE}, "its agent"},
    {DOMAIN("", CDROM), {NULL}, "no disk"},
    {"<domain type='test'/>", {NULL}, NO},
};

static void
test_obstacle(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(obstacles); i++) {
        g_auto(PstSnapshotXmlDomain) domain = {.disks = NULL};
        g_autoptr(GError) error = NULL;

        g_test_message("domain %zu", i);
        g_assert_true(pst_snapshot_xml_read_domain(obstacles[i].text, &domain, &error));
        g_assert_no_error(error);
        g_autofree char *said = pst_snapshot_judge_obstacle(&obstacles[i].wish, &domain);
        if (g_str_equal(obstacles[i].obstacle, NO))
            g_assert_null(said);
        else
            g_assert_nonnull(g_strstr_len(said, -1, obstacles[i].obstacle));
    }
    g_auto(PstSnapshotXmlDomain) domain = {.disks = NULL};
    g_assert_false(pst_snapshot_xml_read_domain("<", &domain, NULL));
}

static void
test_write(void)
{
    const PstSnapshotWish wish = {.description = "a <b> & 'c'"};
    g_autofree char *plain = pst_snapshot_xml_write(&wish, "n<", NULL);
    g_autofree char *live = pst_snapshot_xml_write(&wish, "n", "/images/a'b.memory");

    g_assert_cmpstr(plain, ==,
                    "<domainsnapshot><name>n&lt;</name><description>a &lt;b&gt; &amp; "
                    "&apos;c&apos;</description></domainsnapshot>");
    g_assert_nonnull(
        g_strstr_len(live, -1, "<memory snapshot='external' file='/images/a&apos;b.memory'/>"));
    /* What is written is read as what it was. */
    g_autoptr(PstSnapshot) row = pst_snapshot_xml_read(plain, NOW_US, NULL);
    g_assert_cmpstr(row->description, ==, wish.description);

    g_auto(PstSnapshotXmlDomain) domain = {.disks = NULL};
    g_autoptr(GError) error = NULL;
    g_assert_true(pst_snapshot_xml_read_domain(
        DOMAIN("", "<disk type='network'><target dev='vda'/></disk>" DISK("vdb", "qcow2", "")),
        &domain, NULL));
    g_autofree char *memory = pst_snapshot_xml_memory(&domain, "web", "n", &error);
    g_assert_cmpstr(memory, ==, "/images/web.n.memory");
    g_ptr_array_set_size(domain.disks, 1);
    g_assert_null(pst_snapshot_xml_memory(&domain, "web", "n", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_PATH_SHUT);
}

/* ---- a revert ---- */

static const struct {
    const char *snapshot;
    const char *domain;
    PstSnapshotVersion version;
    gboolean may;
    const char *then;  /* a part of the sentence on how it will be */
    const char *stays; /* comma-separated */
} reverts[] = {
    {HEAD "<state>running</state><memory snapshot='internal'/>" DISKS("internal") TAIL,
     DOMAIN("", DISK("vda", "qcow2", "")), 9000000, TRUE, "goes on", ""},
    {HEAD "<state>shutoff</state>" DISKS("internal") TAIL,
     DOMAIN("", DISK("vda", "qcow2", "") DISK("vdb", "raw", "") DISK("vdc", "qcow2", "")), 9000000,
     TRUE, "will be off", "vdb,vdc"},
    {HEAD "<state>disk-snapshot</state>" DISKS("external") TAIL,
     DOMAIN("", DISK("vda", "qcow2", "")), 9000000, FALSE, "loss of power", ""},
    {HEAD "<state>disk-snapshot</state>" DISKS("external") TAIL,
     DOMAIN("", DISK("vda", "qcow2", "")), 9009000, TRUE, "loss of power", ""},
    /* What is not known may be tried. */
    {HEAD "<state>disk-snapshot</state>" DISKS("external") TAIL,
     DOMAIN("", DISK("vda", "qcow2", "")), 0, TRUE, "loss of power", ""},
    {HEAD "<state>disk-snapshot</state>" DISKS("external") TAIL, "<domain type='test'/>", 9000000,
     TRUE, "loss of power", ""},
};

static void
test_revert(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(reverts); i++) {
        g_autoptr(PstSnapshot) row = pst_snapshot_xml_read(reverts[i].snapshot, NOW_US, NULL);
        g_auto(PstSnapshotXmlDomain) domain = {.disks = NULL};
        g_autoptr(GError) error = NULL;

        g_test_message("revert %zu", i);
        g_assert_true(pst_snapshot_xml_read_domain(reverts[i].domain, &domain, NULL));
        g_assert_cmpint(pst_snapshot_judge_may_revert(row, &domain, reverts[i].version, &error), ==,
                        reverts[i].may);
        if (!reverts[i].may) {
            g_assert_error(error, PST_ERROR, PST_ERROR_PATH_SHUT);
            g_assert_nonnull(g_strstr_len(error->message, -1, "libvirt 9.0.0 can't"));
        }
        g_auto(GStrv) lost = pst_snapshot_judge_lost(row);
        g_auto(GStrv) stays = pst_snapshot_judge_stays(row, &domain);
        g_autofree char *names_of_stays = g_strjoinv(",", stays);
        g_assert_cmpstr(lost[0], ==, "what happened in it in the last 16 min 40 s");
        g_assert_nonnull(g_strstr_len(lost[1], -1, reverts[i].then));
        g_assert_cmpstr(names_of_stays, ==, reverts[i].stays);
    }
}

static const struct {
    const char *snapshot;
    gboolean quiesce;
    const char *domain;
    guint n;
} fragile[] = {
    {HEAD "<state>running</state><memory snapshot='internal'/>" DISKS("internal") TAIL, FALSE,
     DOMAIN("", DISK("vda", "qcow2", "")), 0},
    {HEAD "<state>running</state><memory snapshot='internal'/>" DISKS("internal") TAIL, FALSE,
     DOMAIN(NVRAM, DISK("vda", "qcow2", "") DISK("vdb", "raw", "")), 2},
    /* Not at rest, no way back, and other files. */
    {HEAD "<state>disk-snapshot</state>" DISKS("external") TAIL, FALSE,
     DOMAIN("", DISK("vda", "qcow2", "")), 3},
    {HEAD "<state>disk-snapshot</state>" DISKS("external") TAIL, TRUE,
     DOMAIN("", DISK("vda", "qcow2", "")), 2},
};

static void
test_fragile(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(fragile); i++) {
        g_autoptr(PstSnapshot) row = pst_snapshot_xml_read(fragile[i].snapshot, NOW_US, NULL);
        g_auto(PstSnapshotXmlDomain) domain = {.disks = NULL};
        const PstSnapshotWish wish = {.quiesce = fragile[i].quiesce};

        g_test_message("fragile %zu", i);
        g_assert_true(pst_snapshot_xml_read_domain(fragile[i].domain, &domain, NULL));
        g_auto(GStrv) notes = pst_snapshot_judge_fragile(row, &wish, &domain, 9000000);
        g_assert_cmpuint(g_strv_length(notes), ==, fragile[i].n);
    }
}

static const struct {
    gint64 ms;
    const char *words;
} spans[] = {
    {0, "0 s"},
    {59999, "59 s"},
    {60000, "1 min 0 s"},
    {3599999, "59 min 59 s"},
    {7500000, "2 h 5 min"},
    {G_GINT64_CONSTANT(172800000), "2 days 0 h"},
    {G_GINT64_CONSTANT(1000000000), "11 days 13 h"},
};

static void
test_span(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(spans); i++) {
        g_autofree char *words = pst_snapshot_judge_span(spans[i].ms);
        g_assert_cmpstr(words, ==, spans[i].words);
    }
}

/* ---- words ---- */

static void
test_words(void)
{
    g_autoptr(PstSnapshotList) list = pst_fields_new(&pst_snapshot_list_fields);
    g_auto(PstSnapshotOutcome)
        outcome = {.act = json_object_new(), .done = pst_fields_new(&pst_snapshot_done_fields)};
    const char *const stays[] = {"vdb", NULL};

    list->guest = g_strdup("web");
    g_autofree char *none = pst_snapshot_words_list(list);
    g_assert_cmpstr(none, ==, "web has no snapshots\n");
    PstSnapshot *row = pst_fields_append(&pst_snapshot_fields, &list->snapshots);
    row->name = g_strdup("a\033");
    row->description = g_strdup("why");
    row->parent = g_strdup("z");
    row->current = PST_TRI_YES;
    row->age_ms = 7500000;
    row->holds = PST_SNAPSHOT_MEMORY;
    row->kind = PST_SNAPSHOT_INTERNAL;
    g_autofree char *text = pst_snapshot_words_list(list);
    g_assert_cmpstr(text, ==,
                    "a\\x1b, the current one: 2 h 5 min old, running, with its memory, internal, "
                    "from z\n    why\n");
    g_assert_null(pst_snapshot_find(list, "b", NULL));

    outcome.done->snapshot = g_ptr_array_steal_index(list->snapshots, 0);
    outcome.done->took_ms = 3400;
    outcome.done->lost = pst_snapshot_judge_lost(outcome.done->snapshot);
    outcome.done->stays = g_strdupv((char **)stays);
    json_object_set_string_member(outcome.act, "guest", "web");
    g_autofree char *lost = pst_snapshot_words_lost("web", outcome.done);
    g_assert_cmpstr(
        lost, ==,
        "Revert web to a\\x1b: lost is what happened in it in the last 2 h 5 min; its "
        "memory is in it: the guest goes on where it was then, its clock behind and its "
        "connections gone; not in it, and as they are now, stay its disks vdb");
    g_autofree char *done = pst_snapshot_words_reverted(&outcome);
    g_assert_cmpstr(done, ==,
                    "web: it was reverted to a\\x1b (3.4 s)\n"
                    "lost: what happened in it in the last 2 h 5 min\n"
                    "as they were: its disks vdb\n");
    g_assert_cmpint(pst_snapshot_words_exit_code(&outcome), ==, PST_EXIT_OK);
    outcome.proof = pst_fields_new(&pst_power_proof_fields);
    outcome.proof->verdict = PST_POWER_NOT_BACK;
    g_assert_cmpint(pst_snapshot_words_exit_code(&outcome), ==, PST_EXIT_UNKNOWN);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/snapshot/name", test_name);
    g_test_add_func("/snapshot/wish", test_wish);
    g_test_add_func("/snapshot/read", test_read);
    g_test_add_func("/snapshot/read-all", test_read_all);
    g_test_add_func("/snapshot/obstacle", test_obstacle);
    g_test_add_func("/snapshot/write", test_write);
    g_test_add_func("/snapshot/revert", test_revert);
    g_test_add_func("/snapshot/fragile", test_fragile);
    g_test_add_func("/snapshot/span", test_span);
    g_test_add_func("/snapshot/words", test_words);
    return g_test_run();
}
