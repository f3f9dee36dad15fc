// SPDX-License-Identifier: LGPL-2.1-or-later
/* How long a guest is watched, and what is done then: in worlds whose clock the test moves. */
#include "host-sidecar/host-watch.h"
#include "protocol/error.h"
#include "tests/unit/host-watch-rows.h"

typedef struct {
    const Row *row;
    gint64 start_us, now_us, sampled_us;
    guint n_samples;
    gboolean console_life; /* as it was last read */
    PstHostData *data;
    Outcome outcome;
    gint64 since_us;
} World;

static gint64
ms(const World *world, gint64 when_us)
{
    return (when_us - world->start_us) / 1000;
}

static gint64
us(const World *world, gint64 when_ms)
{
    return world->start_us + when_ms * 1000;
}

static gint64
now_us(gpointer world)
{
    return ((World *)world)->now_us;
}

static void
add_devices(PstHostData *data, const Row *row, gint64 watched_ms, gint64 worked_ms)
{
    PstHostCpu *cpu = pst_fields_append(&pst_report_host_cpu_fields, &data->cpus);
    PstHostDisk *disk = pst_fields_append(&pst_report_host_disk_fields, &data->disks);

    data->memory = pst_fields_new(&pst_report_host_memory_fields);
    data->watched_ms = watched_ms;
    cpu->progress_ms = row->spins ? watched_ms : worked_ms / 10;
    cpu->busy_percent = row->spins ? 100 : worked_ms > 0 ? 10 : 0;
    disk->progress = worked_ms > 0 && !row->diskless;
}

static gboolean
look(gpointer data, gint64 deadline_us, GError **error)
{
    World *world = data;
    gint64 before_us = world->sampled_us;

    world->n_samples++;
    world->now_us += LOOK_MS * G_GINT64_CONSTANT(1000);
    if (world->now_us > deadline_us || world->n_samples == world->row->fails) {
        world->now_us = MIN(world->now_us, deadline_us);
        g_set_error(error, PST_ERROR, PST_ERROR_NO_DOMAIN, "it is gone");
        return FALSE;
    }
    if (world->data != NULL)
        pst_fields_free(pst_report_host_kind.data, world->data);
    world->data = pst_fields_new(pst_report_host_kind.data);
    world->data->state = g_strdup(world->row->state);
    world->sampled_us = world->now_us;
    if (world->row->panic != NULL) {
        world->data->console = pst_fields_new(&pst_report_host_console_fields);
        world->data->console->panic = g_strdup(world->row->panic);
        world->data->console->went_on = PST_TRI(world->console_life);
    }
    if (world->row->monitor_ms > 0) {
        world->data->monitor = pst_fields_new(&pst_report_host_monitor_fields);
        world->data->monitor->state = g_strdup("occupied");
        world->data->monitor->for_ms = world->row->monitor_ms + ms(world, world->now_us);
    }
    if (world->n_samples > 1)
        add_devices(world->data, world->row, (world->now_us - before_us) / 1000,
                    MAX(0, world->row->works_until_ms - ms(world, before_us)));
    return TRUE;
}

static PstHostData *
last_sample(gpointer world)
{
    return ((World *)world)->data;
}

static void
explain(gpointer data, gint64 until_us)
{
    World *world = data;

    g_assert_true(world->n_samples == 1 || world->row->panic != NULL);
    world->now_us = MIN(until_us, world->now_us + world->row->console_ms * 1000);
    world->console_life =
        world->row->console_life_ms > 0 && ms(world, world->now_us) >= world->row->console_life_ms;
    if (world->row->panic != NULL)
        world->data->console->went_on = PST_TRI(world->console_life);
}

/* As test-inquiry.c has it of an inquiry. */
static PstInquiryPulse
pulse(gpointer data, gint64 since_us)
{
    const World *world = data;
    const Row *row = world->row;

    for (guint i = 0; i < G_N_ELEMENTS(row->answers_ms) && row->answers_ms[i] > 0; i++) {
        gint64 when_us = us(world, row->answers_ms[i]);
        if (when_us <= world->now_us && when_us >= since_us)
            return PST_INQUIRY_PULSE_ALIVE;
    }
    if (row->at_work_ms == NEVER || world->now_us >= us(world, row->at_work_ms))
        return row->mute ? PST_INQUIRY_PULSE_MUTE : PST_INQUIRY_PULSE_NOBODY;
    return row->asked_ms != NEVER && us(world, row->asked_ms) <= since_us
               ? PST_INQUIRY_PULSE_SILENT
               : PST_INQUIRY_PULSE_WAITING;
}

static gboolean
stay(gpointer data, gint64 until_us)
{
    World *world = data;
    gint64 settled_us = us(world, world->row->settled_ms);

    g_assert_cmpint(until_us, >=, world->now_us);
    if (world->row->settled_ms > 0 && settled_us <= until_us) {
        world->now_us = MAX(world->now_us, settled_us);
        return FALSE;
    }
    world->now_us = until_us;
    return TRUE;
}

static void
await_records(gpointer data, gint64 until_us)
{
    World *world = data;

    g_assert_cmpint(until_us, <=, world->now_us + RECORDS_MS * 1000);
    world->now_us = MAX(world->now_us, MIN(until_us, us(world, world->row->records_ms)));
}

static void
tell(gpointer data)
{
    World *world = data;

    g_assert_cmpint(world->outcome, ==, NOTHING);
    world->outcome = TOLD;
}

static void
give_up(gpointer data, gint64 since_us)
{
    World *world = data;

    g_assert_cmpint(world->outcome, ==, NOTHING);
    world->outcome = GIVEN_UP;
    world->since_us = since_us;
}

static const PstHostWatchWorld does = {
    .now_us = now_us,
    .look = look,
    .data = last_sample,
    .explain = explain,
    .pulse = pulse,
    .stay = stay,
    .await_records = await_records,
    .tell = tell,
    .give_up = give_up,
};

static void
test_watch(gconstpointer data)
{
    const Row *row = data;
    World world = {.row = row, .start_us = 5 * G_USEC_PER_SEC, .now_us = 5 * G_USEC_PER_SEC};
    g_autoptr(GError) error = NULL;
    gboolean seen = pst_host_watch(&does, &world, us(&world, row->deadline_ms), &error);

    g_assert_cmpint(seen, ==, row->outcome != NOTHING);
    g_assert_cmpint(error == NULL, ==, seen);
    g_assert_cmpint(world.outcome, ==, row->outcome);
    g_assert_cmpuint(world.n_samples, ==, row->n_samples);
    if (!seen) {
        g_assert_error(error, PST_ERROR, PST_ERROR_NO_DOMAIN);
        return;
    }
    g_assert_cmpint(ms(&world, world.now_us), ==, row->at_ms);
    g_assert_cmpint(world.data->asked, ==, row->asked);
    g_assert_cmpint(world.data->answered, ==, row->answered);
    if (row->outcome == GIVEN_UP)
        g_assert_cmpint(ms(&world, world.since_us), ==, row->since_ms);
    pst_fields_free(pst_report_host_kind.data, world.data);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strconcat("/host-watch/", rows[i].name, NULL);
        g_test_add_data_func(path, &rows[i], test_watch);
    }
    return g_test_run();
}
