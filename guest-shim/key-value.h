// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* The value of KEY in a text of lines `KEY=value`, `key = value` or `KEY value`, as
 * selinux(8)'s config, auditd.conf(5), fapolicyd.conf(5), login.defs(5) and systemd's files of
 * state have them: comments begin with `#`, the case of a key is of no account, quotes around a
 * value go. The last such line holds. *line, which may be NULL, is its number from 1. NULL where
 * there is none; free with g_free(). */
char *pst_key_value_get(const char *text, const char *key, guint *line);
