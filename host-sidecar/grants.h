// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Which callers of a door may ask what of which domains, as the groups [grant NAME] of the host's
 * configuration say:
 *
 *     [grant monitoring]
 *     users=nagios;1005
 *     groups=monitoring
 *     domains=web-*;db
 *     methods=list;ask
 *
 * Of what only asks: where no such group grants any of it, whoever may open the socket may ask
 * everything; where one does, what none grants is refused. What changes a guest is refused in any
 * case unless one grants it. Pure: names are made numbers when the configuration is read, and
 * callers are known by numbers. */

typedef enum {
    PST_GRANT_LIST = 1 << 0,     /* to see the domain in `list` */
    PST_GRANT_ASK = 1 << 1,      /* every probe but those that read files */
    PST_GRANT_READ = 1 << 2,     /* these */
    PST_GRANT_HEAL = 1 << 3,     /* to attach the recorder's device anew */
    PST_GRANT_POWER = 1 << 4,    /* to reset, stop and start it */
    PST_GRANT_EXEC = 1 << 5,     /* to run commands in it */
    PST_GRANT_SNAPSHOT = 1 << 6, /* to make a snapshot of it */
    PST_GRANT_REVERT = 1 << 7,   /* to revert it to one */
} PstGrant;

/* Those of the recovery door. */
#define PST_GRANTS_CHANGING                                                                        \
    ((guint)(PST_GRANT_HEAL | PST_GRANT_POWER | PST_GRANT_EXEC | PST_GRANT_SNAPSHOT |              \
             PST_GRANT_REVERT))

typedef struct PstGrants PstGrants;

/* By the kernel's word. */
typedef struct {
    guint uid;
    const guint *groups; /* its own one and the supplementary ones */
    guint n_groups;
} PstGrantsCaller;

/* The number of a user or group; FALSE where there is none of that name. Numbers are not asked for.
 */
typedef gboolean (*PstGrantsNumber)(const char *name, gboolean is_group, guint *number);

/* NULL with PST_ERROR_USAGE that names group and key: a grant that is not understood might have
 * meant less than what would be left. A name that has no number grants nothing, and is no error: it
 * is among the unknown. */
PstGrants *pst_grants_read(GKeyFile *config, PstGrantsNumber number, GError **error);
void pst_grants_free(PstGrants *grants);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstGrants, pst_grants_free)

/* What is to be said of each name that has no number; NULL-terminated, the grants' own. */
const char *const *pst_grants_unknown(const PstGrants *grants);

/* The right that a question needs. */
PstGrant pst_grants_needed(const char *probe);

/* Whether the caller may ask the domain that it calls DOMAIN. libvirt takes a name for a number or
 * a UUID where it can be one: who may not ask every domain may call none by its number, and by its
 * UUID only where the grant has it letter by letter. */
gboolean pst_grants_allow(const PstGrants *grants, const PstGrantsCaller *caller,
                          const char *domain, PstGrant right);

/* The same of a domain that was found, by its name and UUID, which may be NULL. */
gboolean pst_grants_allow_found(const PstGrants *grants, const PstGrantsCaller *caller,
                                const char *name, const char *uuid, PstGrant right);

/* Whether it has all of RIGHTS, a sum of PstGrant, for every domain. */
gboolean pst_grants_allow_all(const PstGrants *grants, const PstGrantsCaller *caller, guint rights);

/* Whether there is any domain of which it has the right. */
gboolean pst_grants_allow_any(const PstGrants *grants, const PstGrantsCaller *caller,
                              PstGrant right);
