// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/watch-want.h"

struct PstWatchWant {
    PstWatchWanted wanted;
    char **domains;
    gboolean checked; /* whether each of them is there */
};

PstWatchWant *
pst_watch_want_new(const PstWatchWanted *wanted)
{
    PstWatchWant *want = g_new0(PstWatchWant, 1);

    want->wanted = *wanted;
    want->domains = g_strdupv((char **)wanted->domains);
    return want;
}

void
pst_watch_want_free(PstWatchWant *want)
{
    g_strfreev(want->domains);
    g_free(want);
}

static gboolean
is_it(const char *domain, const char *name, const char *uuid)
{
    return g_str_equal(domain, name) || g_ascii_strcasecmp(domain, uuid) == 0;
}

gboolean
pst_watch_want_covers(const PstWatchWant *want, const char *name, const char *uuid)
{
    const PstWatchWanted *wanted = &want->wanted;
    gboolean named = want->domains == NULL;

    if (name == NULL || uuid == NULL)
        return TRUE;
    for (char **domain = want->domains; !named && *domain != NULL; domain++)
        named = is_it(*domain, name, uuid);
    return named && (wanted->may == NULL || wanted->may(name, uuid, wanted->user_data));
}

void
pst_watch_want_tell(const PstWatchWant *want, const PstWatchEvent *event)
{
    want->wanted.told(event, want->wanted.user_data);
}

void
pst_watch_want_check(PstWatchWant *want, const char *const *uuids, const char *const *names)
{
    if (want->checked || want->domains == NULL)
        return;
    want->checked = TRUE;
    for (char **domain = want->domains; *domain != NULL; domain++) {
        gboolean found = FALSE;

        for (guint i = 0; !found && uuids[i] != NULL; i++)
            found = is_it(*domain, names[i], uuids[i]);
        if (found)
            continue;
        g_autoptr(PstWatchEvent) event =
            pst_watch_event_new(g_get_real_time(), PST_WATCH_POSTERN, PST_WATCH_DEAF,
                                "there is no such domain now, by its name or UUID");
        event->domain = g_strdup(*domain);
        pst_watch_want_tell(want, event);
    }
}
