// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/fields.h"

/* The manifest of a bundle of evidence: what is in it, how each part was had or why it was not, and
 * the digest of each. Pure functions; whose digest the manifest itself has stands elsewhere. */

#define PST_MANIFEST_NAME "manifest.json"
#define PST_MANIFEST_FORMAT "postern-forensics-1"

/* Parts that were had and parts that were not. */
#define PST_MANIFEST_MAX_PARTS 128
#define PST_MANIFEST_MAX_BYTES (128 * 1024)

typedef struct {
    char *path;       /* in the bundle, as reports/sudo.json; absent where it is not there */
    char *what;       /* what it is, in words */
    gint64 bytes;     /* of the file */
    char *sha256;     /* of the file, 64 hexadecimal digits */
    char *via;        /* channel, agent, agent-builtin, volume, host, none: as of an answer; or
                         libvirt, postern */
    gint64 age_ms;    /* of what it tells, when it was had */
    gint64 took_ms;   /* from the start of the gathering until it was had, or given up */
    char *error;      /* why it is not there, or not whole */
    PstTri unwritten; /* it was had, and is not there because it could not be written */
} PstManifestPart;

/* What became of a part. */
typedef enum {
    PST_MANIFEST_PART_WHOLE,
    PST_MANIFEST_PART_NOT_WHOLE, /* there, and less than there was */
    PST_MANIFEST_PART_NOT_HAD,
    PST_MANIFEST_PART_UNWRITTEN,
} PstManifestPartState;

/* How the gathering ended. */
typedef enum {
    PST_MANIFEST_COMPLETE, /* everything was tried, with its outcome */
    PST_MANIFEST_INTERRUPTED,
} PstManifestEnd;

typedef struct {
    char *format;
    char *version; /* of postern */
    char *bundle;  /* its id: 32 hexadecimal digits */
    char *guest;
    char *uuid;
    char *caller;
    char *summary;             /* the verdict, in a line */
    gint64 begun_us, ended_us; /* the host's real time */
    gint64 deadline_ms;
    int end;           /* PstManifestEnd */
    char *interrupted; /* by what, absent where it was not */
    GPtrArray *parts;  /* of PstManifestPart */
} PstManifest;

extern const PstFields pst_manifest_fields;
extern const PstFields pst_manifest_part_fields;
extern const char *const pst_manifest_end_names[];

/* With a new id, and no parts. */
PstManifest *pst_manifest_new(const char *guest, const char *uuid, const char *caller);
void pst_manifest_free(PstManifest *manifest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstManifest, pst_manifest_free)

/* A new part, borrowed. */
PstManifestPart *pst_manifest_add(PstManifest *manifest, const char *what, const char *via);

PstManifestPartState pst_manifest_part_state(const PstManifestPart *part);

/* How many of its parts are so. */
guint pst_manifest_count(const PstManifest *manifest, PstManifestPartState state);

/* Which were had and could not be written, and why the first of them could not: for people, NULL
 * where all were. Free with g_free(). */
char *pst_manifest_unwritten(const PstManifest *manifest);

/* As it is written: a line of JSON. Free with g_free(). */
char *pst_manifest_to_text(const PstManifest *manifest, gsize *len);

/* Strict, and of any bytes: PST_ERROR_PROTOCOL. No path in it leads out of the bundle. */
PstManifest *pst_manifest_read(const char *text, gsize len, GError **error);

/* Whether PATH can be that of a part: relative, two names at most, each of lower-case letters,
 * digits, '.', '-' and '_', beginning with none of these three. */
gboolean pst_manifest_is_path(const char *path);

/* A file that is there. */
typedef struct {
    char *path;
    gint64 bytes;
    char *sha256;
    char *odd; /* where it is no plain file, or there twice: what it is; else NULL */
} PstManifestFile;

void pst_manifest_file_free(PstManifestFile *file);

typedef enum {
    PST_MANIFEST_CHANGED,
    PST_MANIFEST_MISSING,
    PST_MANIFEST_ADDED,
} PstManifestChangeKind;

typedef struct {
    PstManifestChangeKind kind;
    const char *path; /* borrowed */
    char *detail;
} PstManifestChange;

extern const char *const pst_manifest_change_names[];

void pst_manifest_change_free(PstManifestChange *change);

/* What of FILES, of PstManifestFile, is not as the manifest has it: of PstManifestChange, in the
 * manifest's order, then what was added. Free with g_ptr_array_unref(), before both. */
GPtrArray *pst_manifest_compare(const PstManifest *manifest, const GPtrArray *files);
