// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/policy.h"

/* The values of a policy's keys, read from text. All return FALSE, or NULL, with PST_ERROR_USAGE.
 */

/* Of the words between semicolons those that are not empty; one at least. */
char **pst_policy_text_list(const char *value, GError **error);
gboolean pst_policy_text_bool(const char *value, gboolean *yes, GError **error);

/* A word of the NULL-terminated NAMES, as its place among them. */
gboolean pst_policy_text_word(const char *value, const char *const *names, int *place,
                              GError **error);

gboolean pst_policy_text_date(const char *value, GDate *date, GError **error);

/* A unit's name; a name without a type is a service's. */
char *pst_policy_text_unit(const char *value, GError **error);

/* The type that such a name may have meant, where it became a service's for a misspelt one; else
 * NULL. Free with g_free(). */
char *pst_policy_text_why_odd_unit(const char *unit);

/* 22, 22/tcp or 53/udp: the port as a number, and the text as it is told. */
char *pst_policy_text_port(const char *value, gint64 *port, GError **error);

/* An absolute path without dots in it. */
gboolean pst_policy_text_path(const char *value, GError **error);

/* ID, or a pattern of ids of which one is in the catalogue, and @WHAT. */
gboolean pst_policy_text_finding(const char *value, PstPolicyException *exception, GError **error);

/* A setting that there is a report of: its name as it is told. */
char *pst_policy_text_setting(const char *name, GError **error);

/* Whether a setting may be told to have no value at all. */
gboolean pst_policy_text_may_be_unset(const char *name);

/* Why a setting is never told to have that value, such as the nearest that it may have; NULL where
 * it may well be. "" is none at all. Free with g_free(). */
char *pst_policy_text_why_never(const char *name, const char *value);

/* Whether VALUES, NULL-terminated, are all that the setting may have: it is always one of them. */
gboolean pst_policy_text_has_all(const char *name, char *const *values);

extern const char *const pst_policy_text_settings[];
