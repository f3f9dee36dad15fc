// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/lifecycle.h"
#include "host-sidecar/store.h"

/* What the store keeps of a domain's lifecycle: a file for each domain, by its UUID, that is
 * written where a state has changed. Its time of change is when somebody last looked, so that
 * passing by costs reading a small file and dating it. One that can't be understood is begun anew.
 */

/* What is kept of it, which may be nothing. */
PstLifecycle *pst_store_lifecycle_read(const PstStore *store, const char *uuid);

/* Notes what is seen of it, and what it is called (NULL: as before). Returns the list with that in
 * it; it can be told even where it could not be kept: then *ERROR is set, to PST_ERROR_UNAVAILABLE
 * or PST_ERROR_BUSY. */
PstLifecycle *pst_store_lifecycle_note(const PstStore *store, const char *uuid, const char *domain,
                                       const PstLifecycleSight *sight, GError **error);

/* What a reading of the volume leaves: that NEWEST was the last record (NULL where there was none)
 * when it had been written to at WRITTEN_US, and how far it was read (NULL: what is known of that
 * still holds). PST_ERROR_UNAVAILABLE or PST_ERROR_BUSY where that could not be kept. */
gboolean pst_store_lifecycle_date(const PstStore *store, const char *uuid, const PstRecord *newest,
                                  gint64 written_us, const PstVolumePlace *place, GError **error);

/* What the domain was called: by libvirt when somebody passed by, else by its own records; or NULL.
 * Free with g_free().
 */
char *pst_store_lifecycle_name(const PstStore *store, const char *uuid);
