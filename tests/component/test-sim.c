// SPDX-License-Identifier: LGPL-2.1-or-later
/* A sweep over simulated guests (tests/sim) of every kind at once: who answers is told with what it
 * said, who does not with why, and nobody with what is another's. */
#include <stdlib.h>
#include <string.h>

#include "host-sidecar/health.h"
#include "host-sidecar/task.h"
#include "protocol/json.h"
#include "tests/sim/sim.h"

#define N_REAL 20
#define N_OTHER 10
/* So that each has some seconds of its own. */
#define SWEEP_US (60 * (gint64)G_USEC_PER_SEC)
#define SETTLE_US (15 * G_USEC_PER_SEC)
#define DIGITS 4

static PstSim *sim;
static PstHealthMemory *memory;

/* What is to be told of each kind. */
static const struct {
    gboolean answers;
    const char *why; /* words of it, where it does not */
} wanted[PST_SIM_N_KINDS] = {
    [PST_SIM_REAL] = {TRUE, NULL},
    [PST_SIM_QUICK] = {TRUE, NULL},
    [PST_SIM_SLOW] = {TRUE, NULL},
    [PST_SIM_SILENT] = {FALSE, "answer in time"},
    [PST_SIM_FLOODING] = {FALSE, "the guest sends rubbish: the channel was given up"},
    [PST_SIM_LYING] = {FALSE, "the shim answered with the report of another probe"},
    [PST_SIM_POSING] = {FALSE, "the shim said hello and then nothing more"},
};

static void
say_nothing(const char *guest G_GNUC_UNUSED, guint n G_GNUC_UNUSED,
            gpointer user_data G_GNUC_UNUSED)
{
}

static PstHealth *
sweep(gboolean insist, GPtrArray **sights)
{
    const PstSweepPlan plan = {memory, insist, "test", say_nothing, NULL};
    const PstSweepGuests guests = pst_sim_sweep_guests(sim);
    g_autoptr(GKeyFile) config = g_key_file_new();
    g_autoptr(PstExpect) expect = pst_expect_read(config, NULL);
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    const PstHealthView view = {memory, expect, now, TRUE};
    g_autoptr(GError) error = NULL;

    *sights = pst_sweep_make(&guests, pst_sim_names(sim), &plan, g_get_monotonic_time() + SWEEP_US,
                             &error);
    g_assert_no_error(error);
    PstHealth *health = pst_health_judge(*sights, &view);
    pst_health_note(memory, health, *sights, TRUE, g_get_real_time());
    pst_task_settle(SETTLE_US);
    return health;
}

static const PstGuest *
guest_called(const char *name)
{
    for (guint i = 0; i < pst_sim_size(sim); i++)
        if (g_str_equal(pst_sim_guest(sim, i)->name, name))
            return pst_sim_guest(sim, i);
    g_error("no guest is called %s", name);
}

/* Its own interface is off: that is what a guest has to say that answers. */
static void
assert_link(const PstHealthRow *row, const PstGuest *guest)
{
    g_autofree char *path = g_strdup_printf("/sys/class/net/%s", guest->link);
    guint n = 0;

    for (guint i = 0; row->problems != NULL && i < row->problems->len; i++) {
        const PstProblem *problem = row->problems->pdata[i];

        if (!g_str_equal(problem->id, "network.link-down"))
            continue;
        g_assert_cmpstr(problem->subject, ==, path);
        g_assert_cmpint(problem->severity, ==, PST_SEVERITY_CRITICAL);
        n++;
    }
    g_assert_cmpuint(n, ==, 1);
}

static void
assert_row(const PstHealthRow *row)
{
    const PstGuest *guest = guest_called(row->name);

    g_test_message("%s %s: %s", row->name, pst_sim_kind_names[guest->kind],
                   row->why != NULL ? row->why : row->summary);
    g_assert_cmpstr(row->uuid, ==, guest->uuid);
    if (wanted[guest->kind].answers) {
        g_assert_cmpint(row->condition, ==, PST_CONDITION_ANSWERS);
        g_assert_cmpint(row->status, ==, PST_STATUS_CRITICAL);
        g_assert_cmpstr(row->via, ==, "channel");
        g_assert_null(row->why);
        assert_link(row, guest);
        return;
    }
    g_assert_cmpint(row->condition, ==, PST_CONDITION_SILENT);
    g_assert_cmpint(row->status, ==, PST_STATUS_UNKNOWN);
    g_assert_null(row->via);
    g_assert_cmpuint(row->problems->len, ==, 1);
    const PstProblem *problem = row->problems->pdata[0];
    g_assert_cmpstr(problem->id, ==, "host.no-answer");
    g_assert_nonnull(strstr(row->why, wanted[guest->kind].why));
    g_assert_nonnull(strstr(problem->message, wanted[guest->kind].why));
}

static void
test_verdicts(void)
{
    GPtrArray *sights;
    guint n[PST_SIM_N_KINDS] = {0};
    g_autoptr(PstHealth) health = sweep(FALSE, &sights);

    g_assert_cmpuint(health->domains->len, ==, pst_sim_size(sim));
    for (guint i = 0; i < health->domains->len; i++) {
        const PstHealthRow *row = health->domains->pdata[i];
        assert_row(row);
        n[guest_called(row->name)->kind]++;
    }
    for (PstSimKind kind = 0; kind < PST_SIM_N_KINDS; kind++)
        g_assert_cmpuint(n[kind], ==, kind == PST_SIM_REAL ? N_REAL : N_OTHER);
    g_ptr_array_unref(sights);
}

/* Each PREFIX in TEXT is followed by NUMBER. Returns how many there are. */
static guint
assert_numbers(const char *text, const char *prefix, const char *number)
{
    guint n = 0;

    for (const char *at = strstr(text, prefix); at != NULL; at = strstr(at, prefix), n++) {
        at += strlen(prefix);
        if (g_ascii_isdigit(*at))
            g_assert_cmpmem(at, DIGITS, number, DIGITS);
    }
    return n;
}

/* All that is told of a guest, and kept of it: of itself alone. */
static void
test_rows_apart(void)
{
    GPtrArray *sights;
    g_autoptr(PstHealth) health = sweep(TRUE, &sights);
    guint n_links = 0;

    for (guint i = 0; i < health->domains->len; i++) {
        PstHealthRow *row = health->domains->pdata[i];
        PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;
        g_autoptr(JsonObject) json = pst_fields_encode(&pst_health_row_fields, row, &cut);
        g_autofree char *text = pst_json_to_text(json, NULL);
        const char *number = row->name + strlen("guest-");

        g_assert_cmpuint(strlen(number), ==, DIGITS);
        assert_numbers(text, "guest-", number);
        n_links += assert_numbers(text, "/sim", number);
        assert_numbers(text, "interface sim", number);
    }
    g_assert_cmpuint(n_links, >=, N_REAL + 2 * N_OTHER);
    for (guint i = 0; i < memory->guests->len; i++) {
        const PstHealthEntry *entry = memory->guests->pdata[i];
        const char *number = entry->name + strlen("guest-");

        g_assert_cmpstr(entry->uuid, ==, guest_called(entry->name)->uuid);
        for (char **told = entry->told; told != NULL && *told != NULL; told++)
            assert_numbers(*told, "/sim", number);
        if (entry->summary != NULL)
            assert_numbers(entry->summary, "interface sim", number);
    }
    g_ptr_array_unref(sights);
}

/* The next sweep asks those that answered, and tells of the others what it knows. */
static void
test_left_alone(void)
{
    GPtrArray *sights;
    g_autoptr(PstHealth) health = sweep(FALSE, &sights);

    g_assert_cmpuint(sights->len, ==, pst_sim_size(sim));
    for (guint i = 0; i < sights->len; i++) {
        const PstHealthSight *sight = sights->pdata[i];
        PstSimKind kind = guest_called(sight->name)->kind;

        g_assert_true(sight->asked == wanted[kind].answers);
        g_assert_true(sight->left_alone != wanted[kind].answers);
    }
    for (guint i = 0; i < health->domains->len; i++) {
        const PstHealthRow *row = health->domains->pdata[i];
        PstSimKind kind = guest_called(row->name)->kind;
        const PstProblem *first = row->problems->pdata[0];

        if (!wanted[kind].answers)
            g_assert_nonnull(strstr(first->message, wanted[kind].why));
    }
    g_ptr_array_unref(sights);
}

int
main(int argc, char **argv)
{
    PstSimPlan plan = {0};
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 2);
    plan.shim = argv[1];
    for (PstSimKind kind = 0; kind < PST_SIM_N_KINDS; kind++)
        plan.n[kind] = kind == PST_SIM_REAL ? N_REAL : N_OTHER;
    sim = pst_sim_new(&plan, &error);
    g_assert_no_error(error);
    memory = pst_health_memory_new();
    g_test_add_func("/sim/verdicts", test_verdicts);
    g_test_add_func("/sim/rows-apart", test_rows_apart);
    g_test_add_func("/sim/left-alone", test_left_alone);
    int failed = g_test_run();
    pst_health_memory_free(memory);
    pst_sim_end(sim, NULL);
    return failed;
}
