// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/record-set.h"
#include "host-sidecar/store-file.h"
#include "host-sidecar/store-settings.h"
#include "protocol/fields.h"

/* The sidecar's own copy of what guests recorded, so that a flood of a recorder, a lost volume or a
 * domain that was undefined does not take it away. A folder for each hypervisor, by its URI, and in
 * it a file for each domain, by its UUID: a stream of records like a volume, whose time of change
 * is that of its newest record. Beside it stands what its lifecycle was (store-lifecycle.h).
 * Bounded by the settings; files as store-file.h has them. Thread-safe, as no state is kept. */

#define PST_STORE_RECORDS ".records"
#define PST_STORE_LIFECYCLE ".lifecycle"

typedef struct PstStore PstStore;

/* Makes the folder where it is missing; PST_ERROR_UNAVAILABLE. */
PstStore *pst_store_open(const PstStoreSettings *settings, const char *uri, GError **error);
/* As the configuration says; *KEEP_US, which may be NULL, is how long what no domain has any more
 * is kept. PST_ERROR_USAGE too. */
PstStore *pst_store_open_configured(const char *uri, gint64 *keep_us, GError **error);
void pst_store_free(PstStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstStore, pst_store_free)

/* Its folder, borrowed. */
const PstStoreFolder *pst_store_folder(const PstStore *store);

/* What store and volume hold together. */
typedef struct {
    GPtrArray *records; /* a set without stubs */
    gint64 written_us;  /* when the newest was written, the host's real time; 0 where not known */
    PstRecordSetMerge merge;
    guint n_before; /* how many records were kept before */
    gint64 kept;    /* how many are now, where that is all of them; else PST_INT_UNKNOWN */
} PstStoreView;

/* Merges what was read from the volume, which was last written at VOLUME_US, with what is kept, and
 * keeps what there is room for. Takes VOLUME over; the view is filled in any case, and the
 * caller's. FALSE with PST_ERROR_UNAVAILABLE, or PST_ERROR_BUSY where another harvester did not let
 * go of the file: then nothing was kept. */
gboolean pst_store_harvest(const PstStore *store, const char *uuid, GPtrArray *volume,
                           gint64 volume_us, PstStoreView *view, GError **error);

/* When the newest record that is kept was written, by the guest's own clock where the host's time
 * was never known; 0 where there is none. */
gint64 pst_store_written_us(const PstStore *store, const char *uuid);

gboolean pst_store_has_records(const PstStore *store, const char *uuid);

/* What the newest record that tells it calls its domain, or NULL. Nothing is kept, no lock is
 * taken. Free with g_free(). */
char *pst_store_name(const PstStore *store, const char *uuid);

typedef struct {
    char *uuid;
    gboolean records; /* else of its lifecycle */
    gsize bytes;
    gint64 written_us; /* of a lifecycle: when somebody last looked */
} PstStoreFile;

/* Every file of it, up to two a domain: a GPtrArray of PstStoreFile that frees them. */
GPtrArray *pst_store_list(const PstStore *store);

/* Removes a domain's files; that there is none is no error. PST_ERROR_UNAVAILABLE, PST_ERROR_BUSY.
 */
gboolean pst_store_remove(const PstStore *store, const char *uuid, GError **error);
