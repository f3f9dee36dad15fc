// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/power-do.h"

#include <libvirt/libvirt.h>

#include "host-sidecar/domain-state.h"
#include "host-sidecar/task.h"
#include "host-sidecar/virt-error.h"
#include "protocol/error.h"

/* What is left for doing it by force, and for starting it again: a QEMU that hangs libvirt kills
 * only ten seconds after it has asked it to end (virProcessKillPainfullyDelay()). */
#define FORCE_US (14 * (gint64)G_USEC_PER_SEC)
#define START_US (3 * (gint64)G_USEC_PER_SEC)
/* The steps that come before force: so many, and as many parts of the time that is left. */
#define N_GENTLE 2
/* Of a reset, of libvirt's call to its event: a QEMU that hangs does not get the one. */
#define SETTLE_US (5 * (gint64)G_USEC_PER_SEC)

typedef enum { AGENT, ACPI, HARD, START } Way;
static const char *const way_names[] = {"agent", "acpi", "hard", "start"};

/* ---- what libvirt tells of it ---- */

/* What has become of the guest, and of the call that is under way. Shared with libvirt's thread of
 * events and with tasks, which may still hold it when the act is over. */
typedef struct {
    gint references;
    GMutex lock;
    GCond changed;
    gboolean stopped, rebooted;
    guint pressed; /* the step whose call has returned, from 1 */
    GError *error; /* why that failed */
} News;

static News *
ref_news(News *news)
{
    g_atomic_int_inc(&news->references);
    return news;
}

static void
unref_news(void *data)
{
    News *news = data;

    if (!g_atomic_int_dec_and_test(&news->references))
        return;
    g_mutex_clear(&news->lock);
    g_cond_clear(&news->changed);
    g_clear_error(&news->error);
    g_free(news);
}

static void
tell(News *news, gboolean *what)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&news->lock);

    *what = TRUE;
    g_cond_signal(&news->changed);
}

static int
on_lifecycle(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain G_GNUC_UNUSED, int event,
             int detail G_GNUC_UNUSED, void *data)
{
    if (event == VIR_DOMAIN_EVENT_STOPPED || event == VIR_DOMAIN_EVENT_UNDEFINED)
        tell(data, &((News *)data)->stopped);
    return 0;
}

static void
on_reboot(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain G_GNUC_UNUSED, void *data)
{
    tell(data, &((News *)data)->rebooted);
}

static void
watch(virDomainPtr domain, int event, virConnectDomainEventGenericCallback callback, News *news)
{
    if (virConnectDomainEventRegisterAny(virDomainGetConnect(domain), domain, event, callback,
                                         ref_news(news), unref_news) < 0)
        unref_news(news);
}

/* ---- a step's call, in a task ---- */

typedef struct {
    PstGuest *guest;
    News *news;
    guint number;
    Way way;
    gboolean reset; /* else it is to be off */
} Press;

static void
free_press(gpointer data)
{
    Press *press = data;

    pst_guest_unref(press->guest);
    unref_news(press->news);
    g_free(press);
}

static int
call(virDomainPtr domain, const Press *press)
{
    switch (press->way) {
    case AGENT:
        return press->reset ? virDomainReboot(domain, VIR_DOMAIN_REBOOT_GUEST_AGENT)
                            : virDomainShutdownFlags(domain, VIR_DOMAIN_SHUTDOWN_GUEST_AGENT);
    case ACPI:
        return press->reset ? virDomainReboot(domain, VIR_DOMAIN_REBOOT_ACPI_POWER_BTN)
                            : virDomainShutdownFlags(domain, VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN);
    case HARD:
        return press->reset ? virDomainReset(domain, 0) : virDomainDestroyFlags(domain, 0);
    case START:
        break;
    }
    return virDomainCreateWithFlags(domain, 0);
}

static int
state_of(virDomainPtr domain, int *reason)
{
    int state = VIR_DOMAIN_NOSTATE;

    *reason = 0;
    virDomainGetState(domain, &state, reason, 0);
    return state;
}

/* What was asked for by an earlier way may have come about meanwhile: that it is off is then no
 * error, and the event of that may be on its way. */
static gboolean
is_there(virDomainPtr domain, const Press *press)
{
    int reason;
    int state = state_of(domain, &reason);

    return press->way == START ? state == VIR_DOMAIN_RUNNING
                               : !press->reset && state == VIR_DOMAIN_SHUTOFF;
}

static void
note(const Press *press, gboolean there, GError *error)
{
    News *news = press->news;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&news->lock);

    /* Of a step that was given up nobody asks any more. */
    if (press->number <= news->pressed) {
        g_clear_error(&error);
        return;
    }
    news->pressed = press->number;
    g_clear_error(&news->error);
    news->error = error;
    news->stopped |= there && press->way != START;
    g_cond_signal(&news->changed);
}

static gpointer
run_press(gpointer data, GError **unused G_GNUC_UNUSED)
{
    const Press *press = data;
    GError *error = NULL;
    gboolean there = FALSE;
    virDomainPtr domain = pst_guest_connect(press->guest, &error);

    if (domain != NULL) {
        if (call(domain, press) != 0)
            pst_virt_error_set(&error, "libvirt");
        there = is_there(domain, press);
        if (there)
            g_clear_error(&error);
        pst_guest_disconnect(domain);
    }
    note(press, there, error);
    return NULL;
}

/* ---- all of it ---- */

typedef struct {
    PstGuest *guest;
    PstPowerDone *done;
    News *news;
    gint64 deadline_us;
} Act;

/* What libvirt was asked for it may do when nobody waits for it any more. */
static const char *
late_words(Way way, gboolean reset)
{
    if (way != HARD)
        return "libvirt did not answer in its time";
    return reset ? "libvirt did not answer in its time, and may reset it yet: cycle ends its QEMU"
                 : "libvirt did not answer in its time, and may stop it yet";
}

/* Waits for what the step is to bring about; the lock is held. */
static gboolean
await(const Act *act, guint number, Way way, gboolean reset, gint64 until_us, GError **error)
{
    News *news = act->news;

    for (;;) {
        gboolean returned = news->pressed >= number;

        if (returned && news->error != NULL) {
            g_propagate_error(error, g_error_copy(news->error));
            return FALSE;
        }
        if (way == START ? returned : reset ? news->rebooted : news->stopped)
            return TRUE;
        if (reset && news->stopped) {
            g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                        "it went off, and was not reset: its definition says so (on_reboot)");
            return FALSE;
        }
        if (!g_cond_wait_until(&news->changed, &news->lock, until_us)) {
            g_set_error(error, PST_ERROR, PST_ERROR_DEADLINE, "%s",
                        returned ? "it was asked, and nothing came of it in its time"
                                 : late_words(way, reset));
            return FALSE;
        }
    }
}

static gboolean
step(const Act *act, Way way, gboolean reset, gint64 until_us, GError **error)
{
    gint64 begun_us = g_get_monotonic_time();
    g_autoptr(GError) cause = NULL;
    PstPowerStep *told = pst_fields_append(&pst_power_step_fields, &act->done->steps);
    guint number = act->done->steps->len;
    Press *press = g_new0(Press, 1);

    *press = (Press){pst_guest_ref(act->guest), ref_news(act->news), number, way, reset};
    told->step = g_strdup(way_names[way]);
    if (pst_task_start(run_press, press, free_press, "power", &cause)) {
        g_mutex_lock(&act->news->lock);
        await(act, number, way, reset, MIN(until_us, act->deadline_us), &cause);
        /* One that is given up has no more to say. */
        act->news->pressed = MAX(act->news->pressed, number);
        g_mutex_unlock(&act->news->lock);
    }
    told->took_ms = (g_get_monotonic_time() - begun_us) / 1000;
    if (cause == NULL)
        return TRUE;
    told->problem = g_strdup(cause->message);
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}

/* Until when force may take: of a cycle it is not the last step. */
static gint64
force_until(const Act *act, gboolean reset)
{
    gint64 now_us = g_get_monotonic_time();

    if (reset)
        return now_us + SETTLE_US;
    if (act->done->action != PST_POWER_CYCLE)
        return act->deadline_us;
    return act->deadline_us - MIN(START_US, (act->deadline_us - now_us) / 4);
}

/* Down, or reset: as gently as was asked for. */
static gboolean
push(const Act *act, gboolean reset, gboolean graceful, GError **error)
{
    gint64 left_us = act->deadline_us - g_get_monotonic_time();
    gint64 gentle_us = left_us - MIN(FORCE_US, left_us / 2);
    gboolean listens = act->guest->state == VIR_DOMAIN_RUNNING;

    for (Way way = AGENT; graceful && listens && gentle_us > 0 && way <= ACPI; way++)
        if (step(act, way, reset, g_get_monotonic_time() + gentle_us / N_GENTLE, NULL))
            return TRUE;
    return step(act, HARD, reset, force_until(act, reset), error);
}

typedef struct {
    int state;
    char *words;
    gboolean persistent, saved;
} Look;

static void
free_look(gpointer data)
{
    Look *look = data;

    g_free(look->words);
    g_free(look);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Look, free_look)

static Look *
look_at_domain(virDomainPtr domain)
{
    int reason = 0;
    Look *look = g_new0(Look, 1);

    look->state = state_of(domain, &reason);
    const char *why = pst_domain_state_reason(look->state, reason);
    look->words = why != NULL ? g_strdup_printf("%s (%s)", pst_domain_state_name(look->state), why)
                              : g_strdup(pst_domain_state_name(look->state));
    look->persistent = virDomainIsPersistent(domain) == 1;
    look->saved = virDomainHasManagedSaveImage(domain, 0) == 1;
    return look;
}

static gpointer
run_look(gpointer data, GError **error)
{
    virDomainPtr domain = pst_guest_connect(data, error);

    if (domain == NULL)
        return NULL;
    Look *look = look_at_domain(domain);
    pst_guest_disconnect(domain);
    return look;
}

static Look *
look_at(PstGuest *guest, gint64 deadline_us, GError **error)
{
    return pst_task_call(run_look, pst_guest_ref(guest), (GDestroyNotify)pst_guest_unref, free_look,
                         deadline_us, "libvirt", error);
}

/* ---- the connection by which libvirt tells ---- */

typedef struct {
    PstGuest *guest;
    News *news;
} Ear;

static void
free_ear(gpointer data)
{
    Ear *ear = data;

    pst_guest_unref(ear->guest);
    unref_news(ear->news);
    g_free(ear);
}

/* Its callbacks go with the connection. */
static gpointer
run_open(gpointer data, GError **error)
{
    const Ear *ear = data;
    virDomainPtr domain = pst_guest_connect(ear->guest, error);

    if (domain == NULL)
        return NULL;
    watch(domain, VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle),
          ear->news);
    watch(domain, VIR_DOMAIN_EVENT_ID_REBOOT, VIR_DOMAIN_EVENT_CALLBACK(on_reboot), ear->news);
    return domain;
}

static gpointer
run_close(gpointer data, GError **error G_GNUC_UNUSED)
{
    pst_guest_disconnect(data);
    return NULL;
}

static void
close_ear(gpointer domain)
{
    g_autoptr(GError) error = NULL;

    pst_task_start(run_close, domain, NULL, "power", &error);
}

static virDomainPtr
open_ear(const Act *act, GError **error)
{
    Ear *ear = g_new0(Ear, 1);

    *ear = (Ear){pst_guest_ref(act->guest), ref_news(act->news)};
    return pst_task_call(run_open, ear, free_ear, close_ear, act->deadline_us, "libvirt", error);
}

static gboolean
start(const Act *act, gboolean saved, GError **error)
{
    if (!step(act, START, FALSE, act->deadline_us, error))
        return FALSE;
    if (saved)
        act->done->note = g_strdup("it was started from its managed save, and goes on where it "
                                   "was saved: it did not boot");
    return TRUE;
}

static gboolean
carry_out(Act *act, const Look *before, gboolean graceful, GError **error)
{
    switch ((PstPowerAction)act->done->action) {
    case PST_POWER_RESET:
        return push(act, TRUE, graceful, error);
    case PST_POWER_STOP:
        return push(act, FALSE, graceful, error);
    case PST_POWER_START:
        return start(act, before->saved, error);
    case PST_POWER_CYCLE:
        break;
    }
    if (before->state == VIR_DOMAIN_SHUTOFF)
        return start(act, before->saved, error);
    g_autoptr(GError) cause = NULL;
    if (!push(act, FALSE, graceful, error)) {
        g_prefix_error(error, "it was not started again: ");
        return FALSE;
    }
    if (start(act, FALSE, &cause))
        return TRUE;
    g_set_error(error, PST_ERROR, cause->code, "it was stopped, and can't be started again: %s",
                cause->message);
    return FALSE;
}

/* By the guest's state of when it was opened it was said whether its evidence is to be kept: where
 * somebody has started or stopped it since, there is none. */
static gboolean
may_begin(PstPowerAction action, const PstGuest *guest, const Look *before, gboolean *needed,
          GError **error)
{
    gboolean was_needed = FALSE;

    if (!pst_power_may(action, guest->state, &was_needed, error) ||
        !pst_power_may(action, before->state, needed, error))
        return FALSE;
    if (*needed && !was_needed) {
        g_set_error(error, PST_ERROR, PST_ERROR_BUSY,
                    "somebody else has just used its power, and it is %s by now: nothing was "
                    "changed; say it again",
                    before->words);
        return FALSE;
    }
    if (action != PST_POWER_CYCLE || before->persistent)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                "libvirt keeps no definition of it (it is transient), so that it could not be "
                "started again: nothing was changed; say reset");
    return FALSE;
}

static News *
news_new(void)
{
    News *news = g_new0(News, 1);

    news->references = 1;
    g_mutex_init(&news->lock);
    g_cond_init(&news->changed);
    return news;
}

/* libvirt tells from before the first step until after the last look. */
static gboolean
act_and_look(Act *act, const Look *before, gboolean graceful, GError **error)
{
    virDomainPtr ear = open_ear(act, error);
    g_autoptr(GError) cause = NULL;

    if (ear == NULL)
        return FALSE;
    gboolean done = carry_out(act, before, graceful, error);
    /* A transient domain is no more once it is off: that is no failure. */
    g_autoptr(Look) after = done ? look_at(act->guest, act->deadline_us, &cause) : NULL;
    if (after != NULL)
        act->done->state_after = g_strdup(after->words);
    else if (g_error_matches(cause, PST_ERROR, PST_ERROR_NO_DOMAIN))
        act->done->state_after = g_strdup("gone");
    close_ear(ear);
    return done;
}

PstPowerDone *
pst_power_do(PstGuest *guest, PstPowerAction action, gboolean graceful, gint64 deadline_us,
             GError **error)
{
    gboolean needed = FALSE;
    g_autoptr(Look) before = look_at(guest, deadline_us, error);

    if (before == NULL || !may_begin(action, guest, before, &needed, error))
        return NULL;
    g_autoptr(PstPowerDone) done = pst_fields_new(&pst_power_done_fields);
    Act act = {guest, done, NULL, deadline_us};
    done->action = (int)action;
    done->state_before = g_strdup(before->words);
    done->changed = PST_TRI(needed);
    if (!needed) {
        done->state_after = g_strdup(before->words);
        return g_steal_pointer(&done);
    }
    act.news = news_new();
    gboolean carried_out = act_and_look(&act, before, graceful, error);
    unref_news(act.news);
    return carried_out ? g_steal_pointer(&done) : NULL;
}
