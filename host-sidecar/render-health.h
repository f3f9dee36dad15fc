// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/health.h"

/* A sweep's verdict for people and programs. Whatever a guest wrote is escaped here. All return
 * text that ends in a line feed, to be freed with g_free(). */

/* The counts, then a line a domain, the worst first. With CHANGES only what is other than the last
 * sweep told. */
char *pst_render_health(const PstHealth *health, gboolean changes);

char *pst_render_health_json(const PstHealth *health, gboolean changes);

/* The same as an object. */
JsonObject *pst_render_health_to_json(const PstHealth *health, gboolean changes);

/* One line as monitoring plugins print it, with performance data: at most 2 KiB. */
char *pst_render_health_plugin(const PstHealth *health);

/* Text in it, of at most MAX bytes: whatever stands behind a bar is performance data. */
void pst_render_health_append_plain(GString *out, const char *text, gsize max);

/* "3 domains: 1 critical, 2 ok": ONE or MANY of what COUNT counts in DATA. */
typedef guint (*PstRenderHealthCount)(gconstpointer data, PstStatus status);
void pst_render_health_append_counts(GString *out, const char *one, const char *many,
                                     PstRenderHealthCount count, gconstpointer data);

/* In capitals, but ok, and in the order in which they are told. */
#define PST_HEALTH_N_STATUSES 4
extern const char *const pst_health_status_words[];
extern const PstStatus pst_health_worst_first[PST_HEALTH_N_STATUSES];

/* The same where there is no verdict. */
char *pst_render_health_plugin_failure(const char *message);
