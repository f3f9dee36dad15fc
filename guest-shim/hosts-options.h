// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* The options of a line of hosts.allow or hosts.deny: hosts_options(5). */

enum {
    PST_HOSTS_MAY_ALLOW = 1,
    PST_HOSTS_MAY_DENY = 2,
};

/* What a line makes of a connection that it is about, by OPTIONS (changed; NULL where it has none)
 * and by what its file means where they leave that open: one of the above, or both where that
 * depends on what a program of theirs says. What is wrong in them denies. */
guint pst_hosts_options_judge(char *options, gboolean file_allows);
