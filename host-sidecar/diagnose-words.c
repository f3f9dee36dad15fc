// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/diagnose-words.h"

#include <string.h>

#define N_OWN (PST_DIAGNOSE_WORDS_N_ENTRIES - PST_VANTAGE_N_ENTRIES)

void
pst_diagnose_words_clear(PstDiagnoseWords *words)
{
    pst_vantage_words_clear(&words->who);
    g_free(words->units);
    g_clear_pointer(&words->vantage, json_object_unref);
}

void
pst_diagnose_words_entries(PstDiagnoseWords *words, GOptionEntry *entries)
{
    const GOptionEntry own[N_OWN] = {
        {"passive", 0, 0, G_OPTION_ARG_NONE, &words->passive,
         "Leave no trace in the guest's own logs", NULL},
        {"units", 0, 0, G_OPTION_ARG_STRING, &words->units, "These units must be active", "UNIT,…"},
    };

    memcpy(entries, own, sizeof(own));
    pst_vantage_entries(&words->who, entries + N_OWN, PST_VANTAGE_N_ENTRIES);
}

gboolean
pst_diagnose_words_read(PstDiagnoseWords *words, PstDiagnoseWish *wish, GError **error)
{
    words->vantage = pst_vantage_read(&words->who, error);
    *wish = (PstDiagnoseWish){words->vantage, words->passive, words->units, NULL};
    return words->vantage != NULL;
}
