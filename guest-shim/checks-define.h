// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/config.h"

/* A check that the guest's administrator defined in /etc/postern/shim.conf. To define it is to
 * declare that it only looks, and changes nothing: nobody asks again.
 *
 *     [check disk]
 *     description = room on /srv
 *     command = /usr/lib/nagios/plugins/check_disk -w 10% -c 5% -p /srv
 *     user = nobody
 *     timeout = 5
 *
 * The command is an absolute path and its arguments, split at white space; quotes keep words
 * together as in a shell, but there is no shell and nothing is expanded. Without `user` it runs as
 * nobody, without `timeout` it has 10 seconds, and never more than 60. */

typedef struct {
    char *name;
    char *description;
    char **argv; /* NULL with `problem` */
    char *user;
    gint64 timeout_s;
    char *problem; /* why it can't be run; NULL where nothing is wrong */
} PstChecksDefinition;

/* Every check of CONFIG in the order of its coming: of PstChecksDefinition, owned by the caller.
 * Keys that are none become problems of CONFIG. */
GPtrArray *pst_checks_define_all(PstConfig *config);

/* Whether nobody but the superuser could have changed what ARGV0 names: the file and every folder
 * on the way to it. FALSE with PST_ERROR_NOT_ALLOWED, PST_ERROR_ABSENT, PST_ERROR_UNAVAILABLE. */
gboolean pst_checks_define_is_safe(const PstSysroot *sysroot, const char *argv0, GError **error);
