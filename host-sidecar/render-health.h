// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/health.h"

/* A sweep's verdict for people and programs. Whatever a guest wrote is escaped here. All return
 * text that ends in a line feed, to be freed with g_free(). */

/* The counts, then a line a domain, the worst first. With CHANGES only what is other than the last
 * sweep told. */
char *pst_render_health(const PstHealth *health, gboolean changes);

char *pst_render_health_json(const PstHealth *health, gboolean changes);

/* One line as monitoring plugins print it, with performance data: at most 2 KiB. */
char *pst_render_health_plugin(const PstHealth *health);

/* The same where there is no verdict. */
char *pst_render_health_plugin_failure(const char *message);
