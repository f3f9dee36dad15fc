// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/record-dates.h"
#include "host-sidecar/volume-place.h"

/* The last states of a domain and when they changed, as whoever passed by has seen them: libvirt
 * keeps no such history. Pure functions over a bounded list. Times are the host's real time in
 * microseconds. */

#define PST_LIFECYCLE_MAX 64
/* Of the list as text. */
#define PST_LIFECYCLE_MAX_BYTES (32 * 1024)

/* A state, from when it was first seen on. State and reason are libvirt's numbers. */
typedef struct {
    gint64 state;
    gint64 reason;
    gint64 id;        /* libvirt's number of the running domain; PST_INT_UNKNOWN where it is off */
    gint64 seen_us;   /* when it was first seen */
    gint64 before_us; /* when the state before was last seen: it changed between the two, just then
                       * where they are equal; PST_INT_UNKNOWN where nobody had looked before, or
                       * the clock was set back since */
    gint64 host_boot; /* of a running domain: pst_lifecycle_host_boot() of its host, which gives the
                       * same numbers again after a boot; PST_INT_UNKNOWN where it is not known */
} PstLifecycleEntry;

/* What the domain was called before. */
#define PST_LIFECYCLE_MAX_FORMER 8
typedef struct {
    char *name;
    gint64 until_us; /* when it was first seen to be called otherwise */
} PstLifecycleName;

typedef struct {
    char *domain;       /* what it was called last; NULL where not known */
    GPtrArray *former;  /* of PstLifecycleName, the oldest first; NULL where there are none */
    GPtrArray *entries; /* of PstLifecycleEntry, the oldest first; NULL where there are none */
    GPtrArray *dates;   /* of PstRecordDate: what its recorder's volume held when; NULL for none */
    PstVolumePlace *place; /* up to where that was read; NULL where not known */
} PstLifecycle;

/* What somebody sees of a domain. */
typedef struct {
    gint64 state, reason;
    gint64 id; /* as above */
    gint64 seen_us;
    gboolean exact;   /* it is known to have changed just then, as by an event of libvirt's */
    gint64 host_boot; /* as above */
} PstLifecycleSight;

PstLifecycle *pst_lifecycle_new(void);
void pst_lifecycle_free(PstLifecycle *lifecycle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstLifecycle, pst_lifecycle_free)

/* The list of a text that it was written to; NULL with PST_ERROR_PARSE or PST_ERROR_INVALID_PARAMS
 * where it is too long, or not whole, or holds what nothing could have written. */
PstLifecycle *pst_lifecycle_parse(const char *text, gsize len, GError **error);

/* A line of JSON. Free with g_free(). */
char *pst_lifecycle_to_text(const PstLifecycle *lifecycle, gsize *len);

/* A number of the host's boot, made of its boot id: where two differ, the boots do.
 * PST_INT_UNKNOWN where TEXT is no boot id. */
gint64 pst_lifecycle_host_boot(const char *text);

typedef enum {
    PST_LIFECYCLE_NOTHING, /* not noted: somebody who looked later was faster, or it is nonsense */
    PST_LIFECYCLE_SAME,    /* as it was: only when it was last seen so is news */
    PST_LIFECYCLE_NEWS,    /* the list has changed */
} PstLifecycleNote;

/* Notes what is seen; a new entry only where it differs from the last. One that is exact dates the
 * entry of who was faster to look and knew less. LOOKED_US is when somebody last looked. Where the
 * host's clock was set back, what would lie ahead is dated to now. */
PstLifecycleNote pst_lifecycle_note(PstLifecycle *lifecycle, const PstLifecycleSight *sight,
                                    gint64 looked_us);

/* Keeps what the domain is called, and was before, as seen at SEEN_US; whether that is another name
 * than before. */
gboolean pst_lifecycle_call(PstLifecycle *lifecycle, const char *domain, gint64 seen_us);

/* Whether entry I is of another run than the one before it, though neither was seen off. */
gboolean pst_lifecycle_is_restart(const PstLifecycle *lifecycle, guint i);
