// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/watch-event.h"

/* One who wants to know what happens, and of which domains. Pure but for what it is told by. */

typedef struct PstWatchWant PstWatchWant;

typedef struct {
    /* Names and UUIDs, NULL-terminated and copied; NULL: all domains. */
    const char *const *domains;
    /* Whether it may know of this one. NULL: of all. */
    gboolean (*may)(const char *name, const char *uuid, gpointer user_data);
    /* EVENT is lent. */
    void (*told)(const PstWatchEvent *event, gpointer user_data);
    gpointer user_data;
} PstWatchWanted;

PstWatchWant *pst_watch_want_new(const PstWatchWanted *wanted);
void pst_watch_want_free(PstWatchWant *want);

/* Whether it wants to know of that domain, and may; NULLs are of none, and for everybody. */
gboolean pst_watch_want_covers(const PstWatchWant *want, const char *name, const char *uuid);

void pst_watch_want_tell(const PstWatchWant *want, const PstWatchEvent *event);

/* Tells it, once, which of the domains that it names are not among all that there are: it may have
 * mistyped them. Both arrays are NULL-terminated. */
void pst_watch_want_check(PstWatchWant *want, const char *const *uuids, const char *const *names);
