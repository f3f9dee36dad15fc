// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/backend-host.h"

#include "host-sidecar/guest.h"
#include "host-sidecar/host-look.h"
#include "host-sidecar/host-watch.h"

typedef struct {
    PstGuest *guest;
    PstInquiry *inquiry;
    PstHostLook *look; /* NULL until the first sample */
} World;

static gint64
now_us(gpointer world G_GNUC_UNUSED)
{
    return g_get_monotonic_time();
}

static gboolean
look(gpointer data, gint64 deadline_us, GError **error)
{
    World *world = data;

    if (world->look != NULL)
        return pst_host_look_again(world->look, deadline_us, error);
    world->look = pst_host_look_new(world->guest, deadline_us, error);
    return world->look != NULL;
}

static PstHostData *
last_sample(gpointer world)
{
    return pst_host_look_data(((World *)world)->look);
}

static void
explain(gpointer world, gint64 until_us)
{
    pst_host_look_explain(((World *)world)->look, until_us);
}

static PstInquiryPulse
pulse(gpointer world, gint64 since_us)
{
    return pst_inquiry_pulse(((World *)world)->inquiry, since_us);
}

static gboolean
stay(gpointer world, gint64 until_us)
{
    return pst_inquiry_stay(((World *)world)->inquiry, until_us);
}

static void
await_records(gpointer world, gint64 until_us)
{
    pst_inquiry_await_end(((World *)world)->inquiry, PST_VIA_VOLUME, until_us);
}

static void
tell(gpointer data)
{
    World *world = data;

    pst_inquiry_see_host(world->inquiry, pst_host_look_finish(world->look));
}

static void
give_up(gpointer data, gint64 since_us)
{
    World *world = data;

    pst_inquiry_give_up(world->inquiry, pst_host_look_finish(world->look), since_us);
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

static gboolean
is_open(const PstGuest *guest G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    return TRUE;
}

static gboolean
ask(PstGuest *guest, PstInquiry *inquiry, GError **error)
{
    World world = {guest, inquiry, NULL};
    gboolean seen = pst_host_watch(&does, &world, pst_inquiry_deadline_us(inquiry), error);

    g_clear_pointer(&world.look, pst_host_look_free);
    return seen;
}

const PstBackend pst_backend_host = {
    .via = PST_VIA_HOST,
    .asks_nobody = TRUE,
    .is_open = is_open,
    .ask = ask,
};
