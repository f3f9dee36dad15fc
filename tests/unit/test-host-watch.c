// SPDX-License-Identifier: LGPL-2.1-or-later
/* How long a guest is watched, and what is done then: in worlds whose clock the test moves. */
#include "host-sidecar/host-watch.h"
#include "protocol/error.h"

#define NEVER (-1)
#define LOOK_MS 100 /* what a sample takes */
/* Of host-watch.c. */
#define WATCH_MS 3000
#define EXPLAIN_MS 2000
#define RECORDS_MS 2000

typedef enum { NOTHING, TOLD, GIVEN_UP } Outcome;

/* All times are since the rung began. */
typedef struct {
    const char *name;
    gint deadline_ms;
    const char *state;
    const char *panic;    /* a line of the console */
    gint monitor_ms;      /* for how long QEMU's monitor has been silent by then */
    gint at_work_ms;      /* until then somebody is about to ask or asks the guest; NEVER: nobody */
    gint asked_ms;        /* when the message was sent; NEVER: it waits for its turn */
    gint answers_ms[4];   /* when the guest shows signs of life; 0: no more */
    gint works_until_ms;  /* so long its processor does something, and its disk */
    gboolean diskless;    /* the disk does not */
    gboolean spins;       /* its processor has no rest, and its disk no request */
    gint console_life_ms; /* when other lines come after the panic; 0: never */
    gint settled_ms;      /* when nothing is left to be asked; 0: never */
    gint console_ms;      /* what reading console and newest record takes */
    gint records_ms;      /* when the rung of the volume has ended */
    guint fails;          /* the sample with this number; 0: none does */
    Outcome outcome;
    gint at_ms; /* of it */
    guint n_samples;
    PstTri asked, answered;
    gint since_ms; /* of a certainty: what counts as a later sign of life */
} Row;

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
        return PST_INQUIRY_PULSE_NOBODY;
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

#define LONG 40000 /* a deadline that is far away */
#define PANIC "Kernel panic - not syncing: x"
#define SECOND_LOOK (WATCH_MS + LOOK_MS)
#define THIRD_LOOK (SECOND_LOOK + WATCH_MS + LOOK_MS)
#define FOURTH_LOOK (THIRD_LOOK + WATCH_MS + LOOK_MS)
#define YES PST_TRI_YES
#define NO PST_TRI_NO
#define UNKNOWN PST_TRI_UNKNOWN

static const Row rows[] = {
    {.name = "nobody is asked: it is told at once",
     .deadline_ms = LONG,
     .state = "running",
     .at_work_ms = NEVER,
     .outcome = TOLD,
     .at_ms = LOOK_MS,
     .n_samples = 1,
     .asked = NO,
     .answered = NO},
    {.name = "nobody is asked because QEMU is silent, and its processors stand still",
     .deadline_ms = LONG,
     .state = "running",
     .monitor_ms = 60000,
     .at_work_ms = NEVER,
     .outcome = GIVEN_UP,
     .at_ms = SECOND_LOOK,
     .n_samples = 2,
     .asked = NO,
     .answered = NO},
    {.name = "nobody is asked because QEMU is silent, and its processors run",
     .deadline_ms = LONG,
     .state = "running",
     .monitor_ms = 60000,
     .at_work_ms = NEVER,
     .works_until_ms = LONG,
     .outcome = TOLD,
     .at_ms = SECOND_LOOK,
     .n_samples = 2,
     .asked = NO,
     .answered = NO},
    {.name = "nobody is asked, and QEMU was just given a command",
     .deadline_ms = LONG,
     .state = "running",
     .monitor_ms = 10,
     .at_work_ms = NEVER,
     .outcome = TOLD,
     .at_ms = LOOK_MS,
     .n_samples = 1,
     .asked = NO,
     .answered = NO},
    {.name = "paused, and the records hang: they are waited for so long",
     .deadline_ms = LONG,
     .state = "paused",
     .at_work_ms = LONG,
     .records_ms = LONG,
     .outcome = GIVEN_UP,
     .at_ms = LOOK_MS + RECORDS_MS,
     .n_samples = 1,
     .asked = YES,
     .answered = NO},
    {.name = "off, nobody is asked, and the records come",
     .deadline_ms = LONG,
     .state = "off",
     .at_work_ms = NEVER,
     .records_ms = 500,
     .outcome = GIVEN_UP,
     .at_ms = 500,
     .n_samples = 1,
     .asked = NO,
     .answered = NO},
    {.name = "off, and the records are there",
     .deadline_ms = LONG,
     .state = "off",
     .at_work_ms = NEVER,
     .records_ms = LOOK_MS / 2,
     .outcome = GIVEN_UP,
     .at_ms = LOOK_MS,
     .n_samples = 1,
     .asked = NO,
     .answered = NO},
    {.name = "paused, the records hang, and the deadline is nearly over",
     .deadline_ms = 1000,
     .state = "paused",
     .at_work_ms = LONG,
     .records_ms = LONG,
     .outcome = GIVEN_UP,
     .at_ms = 666,
     .n_samples = 1,
     .asked = YES,
     .answered = NO},
    {.name = "silent and still for as long as it is watched",
     .deadline_ms = LONG,
     .state = "running",
     .at_work_ms = LONG,
     .outcome = GIVEN_UP,
     .at_ms = SECOND_LOOK,
     .n_samples = 2,
     .asked = YES,
     .answered = NO},
    {.name = "asked only while it was watched: watched once more",
     .deadline_ms = LONG,
     .state = "running",
     .at_work_ms = LONG,
     .asked_ms = 500,
     .outcome = GIVEN_UP,
     .at_ms = THIRD_LOOK,
     .n_samples = 3,
     .asked = YES,
     .answered = NO,
     .since_ms = SECOND_LOOK},
    {.name = "who waits for a turn has asked nothing, and that it is still says nothing",
     .deadline_ms = 10000,
     .state = "running",
     .at_work_ms = LONG,
     .asked_ms = NEVER,
     .outcome = TOLD,
     .at_ms = FOURTH_LOOK,
     .n_samples = 4,
     .asked = UNKNOWN,
     .answered = UNKNOWN},
    {.name = "signs of life: it goes on",
     .deadline_ms = 10000,
     .state = "running",
     .at_work_ms = LONG,
     .answers_ms = {1000, 4000, 7000},
     .outcome = TOLD,
     .at_ms = FOURTH_LOOK,
     .n_samples = 4,
     .asked = YES,
     .answered = YES},
    {.name = "signs of life, and then none",
     .deadline_ms = LONG,
     .state = "running",
     .at_work_ms = LONG,
     .answers_ms = {1000},
     .outcome = GIVEN_UP,
     .at_ms = THIRD_LOOK,
     .n_samples = 3,
     .asked = YES,
     .answered = NO,
     .since_ms = SECOND_LOOK},
    {.name = "silent and at work",
     .deadline_ms = 10000,
     .state = "running",
     .at_work_ms = LONG,
     .works_until_ms = LONG,
     .outcome = TOLD,
     .at_ms = FOURTH_LOOK,
     .n_samples = 4,
     .asked = YES,
     .answered = NO},
    {.name = "at work, and then still",
     .deadline_ms = LONG,
     .state = "running",
     .at_work_ms = LONG,
     .works_until_ms = 2000,
     .outcome = GIVEN_UP,
     .at_ms = THIRD_LOOK,
     .n_samples = 3,
     .asked = YES,
     .answered = NO,
     .since_ms = SECOND_LOOK},
    {.name = "all that asked it have ended meanwhile",
     .deadline_ms = LONG,
     .state = "running",
     .at_work_ms = 2000,
     .outcome = TOLD,
     .at_ms = SECOND_LOOK,
     .n_samples = 2,
     .asked = NO,
     .answered = NO},
    {.name = "no time to watch it",
     .deadline_ms = 3300,
     .state = "running",
     .at_work_ms = LONG,
     .outcome = TOLD,
     .at_ms = LOOK_MS,
     .n_samples = 1,
     .asked = YES,
     .answered = NO},
    {.name = "time to watch it, and none for another sample",
     .deadline_ms = 3400,
     .state = "running",
     .at_work_ms = LONG,
     .outcome = TOLD,
     .at_ms = 3066,
     .n_samples = 2,
     .asked = YES,
     .answered = NO},
    {.name = "no time even for the first",
     .deadline_ms = 400,
     .state = "running",
     .at_work_ms = LONG,
     .outcome = NOTHING,
     .n_samples = 1},
    {.name = "nothing is left to be asked",
     .deadline_ms = LONG,
     .state = "running",
     .at_work_ms = LONG,
     .settled_ms = 1000,
     .outcome = TOLD,
     .at_ms = 1000,
     .n_samples = 1,
     .asked = YES,
     .answered = NO},
    {.name = "libvirt does not tell of it",
     .deadline_ms = LONG,
     .state = "running",
     .at_work_ms = LONG,
     .fails = 1,
     .outcome = NOTHING,
     .n_samples = 1},
    {.name = "libvirt does not tell of it any more",
     .deadline_ms = LONG,
     .state = "running",
     .at_work_ms = LONG,
     .fails = 2,
     .outcome = TOLD,
     .at_ms = SECOND_LOOK,
     .n_samples = 2,
     .asked = YES,
     .answered = NO},
    {.name = "panicked, and silent meanwhile",
     .deadline_ms = LONG,
     .state = "running",
     .panic = PANIC,
     .at_work_ms = LONG,
     .works_until_ms = LONG,
     .diskless = TRUE,
     .outcome = GIVEN_UP,
     .at_ms = SECOND_LOOK,
     .n_samples = 2,
     .asked = YES,
     .answered = NO},
    {.name = "panicked, says the console, silent, and its disk is used",
     .deadline_ms = 10000,
     .state = "running",
     .panic = PANIC,
     .at_work_ms = LONG,
     .works_until_ms = LONG,
     .outcome = TOLD,
     .at_ms = FOURTH_LOOK,
     .n_samples = 4,
     .asked = YES,
     .answered = NO},
    {.name = "panicked, says the console, silent, and it goes on writing there",
     .deadline_ms = 10000,
     .state = "running",
     .panic = PANIC,
     .at_work_ms = LONG,
     .works_until_ms = LONG,
     .diskless = TRUE,
     .console_life_ms = 2000,
     .outcome = TOLD,
     .at_ms = FOURTH_LOOK,
     .n_samples = 4,
     .asked = YES,
     .answered = NO},
    {.name = "panicked, nobody to be asked, and it spins",
     .deadline_ms = LONG,
     .state = "running",
     .panic = PANIC,
     .at_work_ms = NEVER,
     .spins = TRUE,
     .outcome = GIVEN_UP,
     .at_ms = SECOND_LOOK,
     .n_samples = 2,
     .asked = NO,
     .answered = NO},
    {.name = "panicked, says the console, nobody to be asked, and it idles",
     .deadline_ms = LONG,
     .state = "running",
     .panic = PANIC,
     .at_work_ms = NEVER,
     .works_until_ms = LONG,
     .diskless = TRUE,
     .outcome = TOLD,
     .at_ms = SECOND_LOOK,
     .n_samples = 2,
     .asked = NO,
     .answered = NO},
    {.name = "panicked, says the console, nobody to be asked, and no time to watch",
     .deadline_ms = 3300,
     .state = "running",
     .panic = PANIC,
     .at_work_ms = NEVER,
     .spins = TRUE,
     .outcome = TOLD,
     .at_ms = LOOK_MS,
     .n_samples = 1,
     .asked = NO,
     .answered = NO},
    {.name = "panicked once, nobody to be asked, and the console went on: not watched",
     .deadline_ms = LONG,
     .state = "running",
     .panic = PANIC,
     .at_work_ms = NEVER,
     .spins = TRUE,
     .console_life_ms = 1,
     .outcome = TOLD,
     .at_ms = LOOK_MS,
     .n_samples = 1,
     .asked = NO,
     .answered = NO},
    {.name = "panicked, nobody to be asked, spins, and then the console goes on",
     .deadline_ms = LONG,
     .state = "running",
     .panic = PANIC,
     .at_work_ms = NEVER,
     .spins = TRUE,
     .console_life_ms = 2000,
     .outcome = TOLD,
     .at_ms = SECOND_LOOK,
     .n_samples = 2,
     .asked = NO,
     .answered = NO},
    {.name = "panicked, says the console, and it answers",
     .deadline_ms = 10000,
     .state = "running",
     .panic = PANIC,
     .at_work_ms = LONG,
     .answers_ms = {1000, 4000, 7000},
     .outcome = TOLD,
     .at_ms = FOURTH_LOOK,
     .n_samples = 4,
     .asked = YES,
     .answered = YES},
    {.name = "console and record hang: they are read beside the watch",
     .deadline_ms = LONG,
     .state = "running",
     .at_work_ms = LONG,
     .console_ms = LONG,
     .outcome = GIVEN_UP,
     .at_ms = SECOND_LOOK,
     .n_samples = 2,
     .asked = YES,
     .answered = NO},
    {.name = "console and record hang, and nobody is asked",
     .deadline_ms = LONG,
     .state = "running",
     .at_work_ms = NEVER,
     .console_ms = LONG,
     .outcome = TOLD,
     .at_ms = LOOK_MS + EXPLAIN_MS,
     .n_samples = 1,
     .asked = NO,
     .answered = NO},
    {.name = "console and record hang, and the deadline is nearly over",
     .deadline_ms = 1500,
     .state = "running",
     .at_work_ms = LONG,
     .console_ms = LONG,
     .outcome = TOLD,
     .at_ms = 1166,
     .n_samples = 1,
     .asked = YES,
     .answered = NO},
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
