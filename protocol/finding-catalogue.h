// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

/* A row of the catalogue: the finding's page. */
typedef struct {
    const char *id;
    const char *title;
    const char *severity; /* as it usually is */
    const char *meaning;
    const char *impact;
    const char *remedy;
} PstFindingPage;

/* All pages, in the order of their ids; generated from protocol/findings/. */
extern const PstFindingPage pst_finding_catalogue[];
extern const guint pst_finding_catalogue_n;

/* The page of ID, or NULL. */
const PstFindingPage *pst_finding_catalogue_find(const char *id);

/* The ids that the probe can report, as a JSON array of strings, owned by the caller. */
JsonArray *pst_finding_catalogue_ids(const char *probe);
