// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/fields.h"

/* One thing that happened, as `watch` tells it: docs/protocol.md, watch. What comes from a guest is
 * the guest's word. */

typedef enum {
    PST_WATCH_GUEST,   /* the guest's shim says so */
    PST_WATCH_LIBVIRT, /* libvirt does */
    PST_WATCH_POSTERN, /* of the watching itself */
} PstWatchSource;

/* What the watching says of itself. */
#define PST_WATCH_LISTENING "listening"
#define PST_WATCH_DEAF "not-listening"
#define PST_WATCH_LOST "hypervisor-lost"
#define PST_WATCH_BACK "hypervisor-back"
#define PST_WATCH_DAEMON_LOST "daemon-lost"
#define PST_WATCH_DAEMON_BACK "daemon-back"

typedef struct {
    gint64 time_us; /* the host's real time when it happened */
    int source;     /* PstWatchSource */
    char *domain;   /* its name; NULL where it is no domain's, or not known */
    char *uuid;
    char *event; /* its kind */
    char *message;
    char *path; /* these four as in a guest's event: protocol/event.h */
    char *unit;
    char *text;
    gint64 suppressed;
    gint64 lost;     /* how many right before it were dropped, on whatever way */
    gint64 since_us; /* the host's real time since which nothing was heard; PST_INT_UNKNOWN: no such
                        time */
    PstTri late;     /* YES: something that happened after it was told before it */
} PstWatchEvent;

extern const PstFields pst_watch_event_fields;

/* A new one with a time and a message; strings are copied. */
PstWatchEvent *pst_watch_event_new(gint64 time_us, PstWatchSource source, const char *event,
                                   const char *message);
void pst_watch_event_free(PstWatchEvent *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstWatchEvent, pst_watch_event_free)

JsonObject *pst_watch_event_to_json(const PstWatchEvent *event);

/* NULL with PST_ERROR_INVALID_PARAMS. */
PstWatchEvent *pst_watch_event_from_json(JsonObject *json, GError **error);

/* The line, or lines, for people, with a line's end. Free with g_free(). */
char *pst_watch_event_render(const PstWatchEvent *event);
