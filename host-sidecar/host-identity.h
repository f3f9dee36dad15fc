// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Which host a local hypervisor is on: its URI is the same everywhere. */
typedef struct {
    char *name; /* NULL: the hypervisor is on another, or it is not known */
    char *id;   /* the same for one machine, and of no use to whoever wants its machine id:
                   sd_id128_get_machine_app_specific(3) */
} PstHostIdentity;

/* Of the host that URI, which may be NULL, is about; nothing where the URI itself names one. */
void pst_host_identity_read(const char *uri, PstHostIdentity *identity);
void pst_host_identity_clear(PstHostIdentity *identity);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstHostIdentity, pst_host_identity_clear)

/* The id of the machine whose /etc/machine-id has that text; NULL where it is none. Free with
 * g_free(). */
char *pst_host_identity_hash(const char *machine_id);
