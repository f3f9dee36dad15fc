// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/store-lifecycle.h"

#include <unistd.h>

/* What the file holds, and when somebody last looked; a new one with an error where it could not be
 * read. */
static PstLifecycle *
read_file(int fd, gint64 *looked_us, GError **error)
{
    struct stat st;
    PstLifecycle *lifecycle = NULL;

    *looked_us = 0;
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size <= PST_LIFECYCLE_MAX_BYTES) {
        g_autoptr(GBytes) bytes = pst_store_file_read(fd, PST_LIFECYCLE_MAX_BYTES, error);
        gsize len = 0;
        const char *text = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;

        lifecycle = len > 0 ? pst_lifecycle_parse(text, len, NULL) : NULL;
        *looked_us = pst_store_file_written_us(&st);
    }
    return lifecycle != NULL ? lifecycle : pst_lifecycle_new();
}

static PstLifecycleNote
note(PstLifecycle *lifecycle, const char *domain, const PstLifecycleSight *sight, gint64 looked_us)
{
    PstLifecycleNote noted = pst_lifecycle_note(lifecycle, sight, looked_us);

    if (noted != PST_LIFECYCLE_NOTHING && domain != NULL &&
        pst_lifecycle_call(lifecycle, domain, sight->seen_us))
        return PST_LIFECYCLE_NEWS;
    return noted;
}

/* Without a lock: who replaces the file meanwhile has looked later, and what is dated then is no
 * file any more. */
static PstLifecycle *
look(const PstStore *store, const char *name, const char *domain, const PstLifecycleSight *sight,
     PstLifecycleNote *noted)
{
    int fd = pst_store_file_open(pst_store_folder(store), name);
    gint64 looked_us = 0;
    PstLifecycle *lifecycle = read_file(fd, &looked_us, NULL);

    *noted = note(lifecycle, domain, sight, looked_us);
    if (fd < 0)
        return lifecycle;
    if (*noted == PST_LIFECYCLE_SAME)
        pst_store_file_date(fd, sight->seen_us);
    close(fd);
    return lifecycle;
}

PstLifecycle *
pst_store_lifecycle_note(const PstStore *store, const char *uuid, const char *domain,
                         const PstLifecycleSight *sight, GError **error)
{
    g_autofree char *name = g_strconcat(uuid, PST_STORE_LIFECYCLE, NULL);
    g_autofree char *text = NULL;
    PstLifecycleNote noted = PST_LIFECYCLE_NOTHING;
    g_autoptr(PstLifecycle) lifecycle = look(store, name, domain, sight, &noted);
    gint64 looked_us = 0;
    gsize len = 0;

    if (noted != PST_LIFECYCLE_NEWS)
        return g_steal_pointer(&lifecycle);
    int locked = pst_store_file_lock(pst_store_folder(store), name, error);
    if (locked < 0)
        return g_steal_pointer(&lifecycle);
    /* Another may have noted it meanwhile. */
    g_autoptr(GError) cause = NULL;
    g_autoptr(PstLifecycle) current = read_file(locked, &looked_us, &cause);
    if (cause != NULL)
        g_propagate_error(error, g_steal_pointer(&cause));
    else if (note(current, domain, sight, looked_us) == PST_LIFECYCLE_NEWS) {
        text = pst_lifecycle_to_text(current, &len);
        pst_store_file_replace(pst_store_folder(store), name, text, len, sight->seen_us, error);
    }
    close(locked);
    return g_steal_pointer(&current);
}

/* FALSE where all of it is known. */
static gboolean
note_reading(PstLifecycle *lifecycle, const PstRecord *newest, gint64 written_us,
             const PstVolumePlace *place)
{
    gboolean news = newest != NULL && pst_record_dates_note(&lifecycle->dates, newest, written_us);

    if (place == NULL ||
        (lifecycle->place != NULL && pst_volume_place_equal(lifecycle->place, place)))
        return news;
    g_clear_pointer(&lifecycle->place, pst_volume_place_free);
    lifecycle->place = pst_volume_place_copy(place);
    return TRUE;
}

gboolean
pst_store_lifecycle_date(const PstStore *store, const char *uuid, const PstRecord *newest,
                         gint64 written_us, const PstVolumePlace *place, GError **error)
{
    g_autofree char *name = g_strconcat(uuid, PST_STORE_LIFECYCLE, NULL);
    g_autoptr(PstLifecycle) known = pst_store_lifecycle_read(store, uuid);
    g_autoptr(GError) cause = NULL;
    gint64 looked_us = 0;
    gsize len = 0;

    if (!note_reading(known, newest, written_us, place))
        return TRUE;
    int locked = pst_store_file_lock(pst_store_folder(store), name, error);
    if (locked < 0)
        return FALSE;
    g_autoptr(PstLifecycle) current = read_file(locked, &looked_us, &cause);
    gboolean done = cause == NULL;
    if (done && note_reading(current, newest, written_us, place)) {
        g_autofree char *text = pst_lifecycle_to_text(current, &len);
        done = pst_store_file_replace(pst_store_folder(store), name, text, len, looked_us, error);
    }
    if (cause != NULL)
        g_propagate_error(error, g_steal_pointer(&cause));
    close(locked);
    return done;
}

PstLifecycle *
pst_store_lifecycle_read(const PstStore *store, const char *uuid)
{
    g_autofree char *name = g_strconcat(uuid, PST_STORE_LIFECYCLE, NULL);
    int fd = pst_store_file_open(pst_store_folder(store), name);
    gint64 looked_us = 0;
    PstLifecycle *lifecycle = read_file(fd, &looked_us, NULL);

    if (fd >= 0)
        close(fd);
    return lifecycle;
}

char *
pst_store_lifecycle_name(const PstStore *store, const char *uuid)
{
    g_autoptr(PstLifecycle) lifecycle = pst_store_lifecycle_read(store, uuid);

    return lifecycle->domain != NULL ? g_steal_pointer(&lifecycle->domain)
                                     : pst_store_name(store, uuid);
}
