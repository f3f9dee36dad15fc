// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/bundle.h"
#include "host-sidecar/diagnose.h"
#include "host-sidecar/guest.h"

/* A bundle of evidence from its first part to its seal. */

typedef struct {
    const char *method; /* the verb, for the audit */
    const char *path;   /* where it is to be; NULL: a folder here, named by guest and time */
    gboolean beside;    /* where that is taken, PATH-2, PATH-3 … */
    const PstDiagnoseWish *wish;
    gboolean unattended; /* a signal is no word on it: what goes on here sees to those itself */
    gint64 span_us;      /* how long it may take in all */
    gint64 deadline_us;  /* when that has passed, on the monotonic clock */
} PstForensicsWish;

typedef struct {
    char *path;
    PstBundle *bundle;
    const PstManifest *manifest; /* the bundle's */
    PstStatus status;
    char *sha256; /* of the manifest */
} PstForensics;

/* The name of a bundle's folder, by guest and time. Free with g_free(). */
char *pst_forensics_name(const char *guest);

/* NULL with PST_ERROR_OUTPUT where the bundle can be neither begun nor sealed, or the seal not be
 * recorded. */
PstForensics *pst_forensics_make(PstGuest *guest, const PstForensicsWish *wish, GError **error);
void pst_forensics_free(PstForensics *forensics);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstForensics, pst_forensics_free)

/* PST_EXIT_OUTPUT where anything that was had could not be written, PST_EXIT_UNKNOWN where the
 * gathering was interrupted. */
int pst_forensics_exit_code(const PstForensics *forensics);

/* What was made, and where. */
char *pst_forensics_to_text(const PstForensics *forensics);
JsonObject *pst_forensics_to_json(const PstForensics *forensics);
