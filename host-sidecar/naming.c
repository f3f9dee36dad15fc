// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/naming.h"

#include "host-sidecar/caller.h"
#include "host-sidecar/loop-tell.h"
#include "host-sidecar/task.h"

typedef struct {
    GMainContext *context;
    PstServer *server;
    guint64 number;
    PstCaller caller;
} Naming;

typedef struct {
    PstServer *server;
    guint64 number;
    char *words, *executable; /* NULL: nobody is served who can't be named */
} Named;

static void
free_naming(gpointer data)
{
    Naming *naming = data;

    pst_caller_clear(&naming->caller);
    g_main_context_unref(naming->context);
    g_free(naming);
}

static void
free_named(gpointer data)
{
    Named *named = data;

    g_free(named->words);
    g_free(named->executable);
    g_free(named);
}

static gboolean
on_named(gpointer data)
{
    const Named *named = data;

    pst_server_named(named->server, named->number, named->words, named->executable);
    return G_SOURCE_REMOVE;
}

static void
tell(GMainContext *context, PstServer *server, guint64 number, const char *words,
     const char *executable)
{
    Named *named = g_new0(Named, 1);

    *named = (Named){server, number, g_strdup(words), g_strdup(executable)};
    pst_loop_tell(context, on_named, named, free_named);
}

static gpointer
run_naming(gpointer data, GError **unused G_GNUC_UNUSED)
{
    const Naming *naming = data;
    g_autofree char *words = pst_caller_describe(&naming->caller);

    tell(naming->context, naming->server, naming->number, words, naming->caller.executable);
    return NULL;
}

void
pst_naming_begin(GMainContext *context, PstServer *server, guint64 number, int fd)
{
    g_auto(PstCaller) caller = {0};

    if (pst_caller_read(fd, &caller, NULL)) {
        Naming *naming = g_new0(Naming, 1);

        *naming = (Naming){g_main_context_ref(context), server, number, caller};
        caller = (PstCaller){0};
        if (pst_task_start(run_naming, naming, free_naming, "name", NULL))
            return;
    }
    tell(context, server, number, NULL, NULL);
}
