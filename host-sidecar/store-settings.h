// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* What the group [store] of the host's configuration says of the store: folder, domain_size,
 * total_size and keep. */

typedef struct {
    /* POSTERN_STORE of the environment; else what the configuration says; else
     * $XDG_STATE_HOME/postern/records, /var/lib/postern/records of root. */
    char *folder;
    gsize domain_bytes;
    gsize total_bytes; /* of all domains of a hypervisor */
    gint64 keep_us;    /* how long what no domain has any more is kept */
} PstStoreSettings;

/* NULL with PST_ERROR_USAGE that names the key. */
PstStoreSettings *pst_store_settings_read(GKeyFile *config, GError **error);
void pst_store_settings_free(PstStoreSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstStoreSettings, pst_store_settings_free)
