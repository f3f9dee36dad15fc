// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/recorder-check.h"

#include "host-sidecar/backend-channel.h"
#include "host-sidecar/guest-channel.h"
#include "host-sidecar/task.h"

/* A shim that is stopped must not cost what the volume tells. */
#define MAX_GREETING_US (2 * G_USEC_PER_SEC)
#define PATIENCE_US G_USEC_PER_SEC
#define PAUSE_US (250 * G_GINT64_CONSTANT(1000))

void
pst_recorder_check_free(PstRecorderCheck *check)
{
    g_free(check->note);
    g_clear_pointer(&check->records, pst_volume_records_free);
    g_clear_error(&check->error);
    g_free(check);
}

/* The channel is let go of at once: others wait for it. */
static gboolean
greet(PstGuest *guest, gint64 deadline_us, GError **error)
{
    gint64 now_us = g_get_monotonic_time();
    gint64 until_us = now_us + MIN(MAX_GREETING_US, (deadline_us - now_us) / 2);

    if (pst_guest_greeting(guest) != NULL)
        return TRUE;
    if (!guest->xml.recorder || !pst_backend_channel.is_open(guest, NULL))
        return TRUE;
    g_autoptr(PstHello) hello = pst_guest_channel_greet(guest, until_us, error);
    if (hello == NULL)
        return FALSE;
    pst_guest_note_greeting(guest, hello);
    return TRUE;
}

/* Reads, or takes what was read since, and judges it where the shim was greeted. */
static void
look(const PstGuest *guest, const PstGuestGreeting *greeting, gint64 since_us,
     PstRecorderCheck *check)
{
    g_clear_pointer(&check->records, pst_volume_records_free);
    g_clear_error(&check->error);
    check->records = pst_volume_read(guest, since_us, &check->error);
    if (greeting != NULL)
        check->state =
            pst_recorder_state_judge(greeting->hello, check->records, greeting->greeted_us);
}

/* The pool is asked only where something is missing. A volume that is there and can't be read may
 * be the recorder's own, whose folder the pool has another name for. */
static gboolean
is_astray(const PstGuest *guest, const PstHello *hello, const PstRecorderCheck *check)
{
    if (guest->xml.recorder_path == NULL ||
        !pst_recorder_state_may_be_astray(check->state, hello, check->records))
        return FALSE;
    virConnectPtr connection = pst_hypervisor_connect(guest->hypervisor, NULL);
    g_autoptr(PstVolumePool) pool =
        connection != NULL ? pst_volume_pool_open(connection, NULL) : NULL;
    if (pool == NULL)
        return FALSE;
    g_autofree char *folder = pst_volume_pool_folder(pool);
    return pst_recorder_state_is_astray(guest->xml.recorder_path, folder) &&
           (check->state == PST_RECORDER_STATE_BEHIND || !pst_volume_pool_has(pool, guest->uuid));
}

PstRecorderCheck *
pst_recorder_check_make(PstGuest *guest, gint64 deadline_us, gint64 patience_us)
{
    PstRecorderCheck *check = g_new0(PstRecorderCheck, 1);
    g_autoptr(GError) cause = NULL;
    gboolean greeted = greet(guest, deadline_us, &cause);
    const PstGuestGreeting *greeting = pst_guest_greeting(guest);
    gint64 now_us = g_get_monotonic_time();
    gint64 until_us = MIN(deadline_us - PAUSE_US, now_us + patience_us);

    /* What was read before can tell that the last record is there, and not that it is missing. */
    look(guest, greeting, PST_VOLUME_SHARE_ANY, check);
    if (check->state == PST_RECORDER_STATE_BEHIND)
        look(guest, greeting, now_us, check);
    while (check->state == PST_RECORDER_STATE_BEHIND && g_get_monotonic_time() < until_us) {
        g_usleep(PAUSE_US);
        look(guest, greeting, g_get_monotonic_time(), check);
    }
    const char *unread = check->error != NULL     ? check->error->message
                         : check->records != NULL ? check->records->unread
                                                  : NULL;
    const PstHello *hello = greeting != NULL ? greeting->hello : NULL;
    check->state = pst_recorder_state_of_device(check->state, &guest->xml);
    if (is_astray(guest, hello, check))
        check->state = PST_RECORDER_STATE_ASTRAY;
    check->note = pst_recorder_state_explain(check->state, hello, guest->name, unread);
    if (check->note == NULL && !greeted)
        check->note =
            g_strdup_printf("whether the recorder still writes is not known: %s", cause->message);
    return check;
}

typedef struct {
    PstGuest *guest;
    gint64 deadline_us;
} Check;

static void
free_check(gpointer data)
{
    Check *check = data;

    pst_guest_unref(check->guest);
    g_free(check);
}

static gpointer
run_check(gpointer data, GError **error G_GNUC_UNUSED)
{
    const Check *check = data;

    return pst_recorder_check_make(check->guest, check->deadline_us, PATIENCE_US);
}

PstRecorderCheck *
pst_recorder_check_until(PstGuest *guest, gint64 deadline_us, GError **error)
{
    Check *check = g_new0(Check, 1);

    *check = (Check){pst_guest_ref(guest), deadline_us};
    return pst_task_call(run_check, check, free_check, (GDestroyNotify)pst_recorder_check_free,
                         deadline_us, "libvirt", error);
}
