// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/interrupt.h"

#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

typedef struct {
    const char *name;
    int number;
} Signal;

static const Signal signals[] = {
    {"SIGINT", SIGINT},
    {"SIGTERM", SIGTERM},
    {"SIGHUP", SIGHUP},
};

/* What ends a job may signal it and then its whole group, as timeout(1) does. */
#define TOGETHER_US (G_USEC_PER_SEC / 2)

/* Of its thread alone, once it runs. */
static PstInterruptCaught tell;
static gpointer tell_data;
static gboolean told;
static gint64 told_us;

static gboolean
take(gpointer data)
{
    const Signal *which = data;

    if (told && g_get_monotonic_time() - told_us < TOGETHER_US)
        return G_SOURCE_CONTINUE;
    if (told)
        _exit(128 + which->number);
    told = TRUE;
    told_us = g_get_monotonic_time();
    tell(which->name, tell_data);
    return G_SOURCE_CONTINUE;
}

/* As nohup(1) does, and a shell for what it starts in the background. */
static gboolean
is_ignored(int number)
{
    struct sigaction action;

    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static gpointer
run(gpointer context)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(context, FALSE);

    g_main_loop_run(loop);
    return NULL;
}

void
pst_interrupt_catch(PstInterruptCaught caught, gpointer user_data)
{
    GMainContext *context = g_main_context_new();

    tell = caught;
    tell_data = user_data;
    for (guint i = 0; i < G_N_ELEMENTS(signals); i++) {
        if (is_ignored(signals[i].number))
            continue;
        g_autoptr(GSource) source = g_unix_signal_source_new(signals[i].number);
        g_source_set_callback(source, take, (gpointer)&signals[i], NULL);
        g_source_attach(source, context);
    }
    g_thread_unref(g_thread_new("interrupt", run, context));
}
