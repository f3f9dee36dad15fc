// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/finding-catalogue.h"

const PstFindingPage *
pst_finding_catalogue_find(const char *id)
{
    for (guint i = 0; i < pst_finding_catalogue_n; i++)
        if (g_str_equal(pst_finding_catalogue[i].id, id))
            return &pst_finding_catalogue[i];
    return NULL;
}
