// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/diagnose.h"
#include "host-sidecar/vantage.h"

/* What a diagnosis is to be of, from the command line, for all verbs that make one. */

typedef struct {
    PstVantageWords who;
    gboolean passive;
    char *units;
    JsonObject *vantage; /* what the words say; NULL until they are read */
} PstDiagnoseWords;

void pst_diagnose_words_clear(PstDiagnoseWords *words);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstDiagnoseWords, pst_diagnose_words_clear)

#define PST_DIAGNOSE_WORDS_N_ENTRIES (2 + PST_VANTAGE_N_ENTRIES)

/* Fills in the options that set WORDS: so many of them. */
void pst_diagnose_words_entries(PstDiagnoseWords *words, GOptionEntry *entries);

/* Makes a wish of what was said, whose members are borrowed from WORDS. FALSE with PST_ERROR_USAGE.
 */
gboolean pst_diagnose_words_read(PstDiagnoseWords *words, PstDiagnoseWish *wish, GError **error);
