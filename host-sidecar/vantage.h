// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* A vantage: who asks to get in, from where, and how. Every verdict on access is for one; two of
 * them can differ in every respect. It is named once in the host's configuration,
 *
 *   [vantage harness]
 *   user=harness
 *   from=192.0.2.10
 *   port=22
 *   key=/etc/harness/id_ed25519.pub
 *   command=/usr/bin/systemctl restart nginx
 *
 * and given as --as NAME, or member by member; what stands on the command line wins. */

/* As given on the command line; each may be NULL. */
typedef struct {
    char *as;
    char *user;
    char *from;    /* address, without a mask */
    char *port;    /* 1 to 65535 */
    char *key;     /* a public key file, a public key line, or a SHA256: fingerprint */
    char *command; /* program and arguments, quoted as for a shell; no shell is run */
} PstVantageWords;

#define PST_VANTAGE_N_ENTRIES 6
#define PST_VANTAGE_N_LOCAL 3 /* those that also concern a user who is already in */

void pst_vantage_words_clear(PstVantageWords *words);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstVantageWords, pst_vantage_words_clear)

/* Fills in the first N of the options that set WORDS. */
void pst_vantage_entries(PstVantageWords *words, GOptionEntry *entries, guint n);

/* The vantage as the arguments of probes: an object, empty where nothing was said. NULL with
 * PST_ERROR_USAGE. */
JsonObject *pst_vantage_read(const PstVantageWords *words, GError **error);

/* Gives ARGS those members that a probe of this kind takes. */
void pst_vantage_apply(JsonObject *vantage, const PstReportKind *kind, JsonObject *args);

/* Adds those members of FROM that VANTAGE says nothing of. */
void pst_vantage_fill(JsonObject *vantage, JsonObject *from);

/* The names of the members, but for the user, that are not the same in the two, as "from, key";
 * what else they have is not looked at. NULL for none. Free with g_free(). */
char *pst_vantage_differs(JsonObject *one, JsonObject *other);
