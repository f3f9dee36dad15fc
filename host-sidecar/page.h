// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/answer.h"

/* Files and folders of a guest as text for people: what the verbs `read` and `ls` print of one
 * page. Whatever the guest wrote is escaped. */

/* The text of a file with nothing in it that a terminal obeys; NULL where the report has neither
 * text nor says that there can be none. Free with g_free(). */
char *pst_page_file(const PstReport *report);

/* A line for each entry of a folder: mode, owner, size, last change, name. Free with g_free(). */
char *pst_page_list(const PstReport *report);

/* What the finding PROBE.denied says, as PST_ERROR_NOT_ALLOWED; FALSE where there is none. */
gboolean pst_page_is_denied(const PstReport *report, GError **error);

/* The arguments for the page behind this one; NULL where it was the last. Owned by the caller. */
JsonObject *pst_page_next(const PstReport *report, JsonObject *args);
