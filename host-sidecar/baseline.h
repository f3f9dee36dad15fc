// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/mark.h"

/* How a guest was at one time: all that it told, who it is, and when that was in its own time. One
 * file, so that whoever changes a guest can hold it against itself later. Pure functions. */

#define PST_BASELINE_FORMAT "postern-baseline-1"
#define PST_BASELINE_MAX_BYTES (16 * 1024 * 1024)
/* Each is asked about by probes of its own, and all go as one call. */
#define PST_BASELINE_MAX_USERS 8

typedef struct {
    char *version;      /* of the postern that made it */
    char *guest;        /* the domain's name */
    char *uuid;         /* the domain's; NULL: not known */
    char *uri;          /* of its hypervisor; NULL: not known */
    char *host;         /* where that is local: its name; NULL: not known, or the URI has it */
    char *host_id;      /* and as PstHostIdentity has it; the same */
    char **users;       /* whose access was asked about, by name; never NULL */
    gint64 taken_us;    /* the host's real time when all had answered */
    PstMark *mark;      /* NULL: the guest itself did not tell which boot this is */
    char *after;        /* the place in the journal of an earlier baseline; NULL: not asked */
    PstTri after_found; /* whether the journal still had it */
    char *unmarked;     /* why not; NULL where there is a mark */
    char **host_keys;   /* as "ssh-ed25519 SHA256:…", by name; NULL: not told */
    GPtrArray *answers; /* of PstAnswer, by probe and arguments; never NULL. What they were asked is
                           told without what passes, such as the host's clock */
} PstBaseline;

typedef struct {
    const char *const *users; /* NULL-terminated, PST_BASELINE_MAX_USERS at most; NULL: nobody */
    char *units;              /* comma-separated, that are told of whatever their state; NULL */
    JsonObject *vantage;      /* what else is told of the caller, as pst_vantage_read(); NULL */
    gboolean passive;         /* nothing that leaves a trace in the guest */
} PstBaselineWish;

/* The wish that asks what EARLIER was asked; its users are borrowed from there. */
void pst_baseline_wish_again(const PstBaseline *earlier, PstBaselineWish *wish);
/* Of such a wish, or of any whose vantage and units are the wish's own. */
void pst_baseline_wish_clear(PstBaselineWish *wish);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstBaselineWish, pst_baseline_wish_clear)

/* With nothing in it. */
PstBaseline *pst_baseline_new(void);
void pst_baseline_free(PstBaseline *baseline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstBaseline, pst_baseline_free)

/* The questions of a baseline; the guest is also asked whether its journal still has the place of
 * EARLIER, which may be NULL. *n; the array and they are owned by the caller. */
PstAnswer **pst_baseline_questions(const char *guest, const PstBaselineWish *wish,
                                   const PstBaseline *earlier, guint *n);

/* The baseline of their answers, which were all there at HOST_US. Takes the array and the answers
 * over, and adds what is derived from them. UUID and URI may be NULL. Never NULL: what did not
 * answer is in it as that. */
PstBaseline *pst_baseline_make(PstAnswer **answers, guint n, const PstBaselineWish *wish,
                               const char *uuid, const char *uri, gint64 host_us);

/* The answer of PROBE about USER; USER is NULL where the probe takes none, or nobody was asked
 * about. NULL where that was not asked. */
const PstAnswer *pst_baseline_find(const PstBaseline *baseline, const char *probe,
                                   const char *user);

/* Whom an answer is about; borrowed, NULL for nobody. */
const char *pst_baseline_user_of(const PstAnswer *answer);

/* As it is written: a line of JSON, always the same for the same, with its digest. Free with
 * g_free(). */
char *pst_baseline_to_text(const PstBaseline *baseline, gsize *len);

/* Strict, and of any bytes: NULL with PST_ERROR_PROTOCOL in one line. */
PstBaseline *pst_baseline_read(const char *text, gsize len, GError **error);

/* The same of a file: PST_ERROR_ABSENT where no file has that name, PST_ERROR_NO_PERMISSION where
 * the caller may not read it, and PST_ERROR_UNAVAILABLE where it can't be read for another reason.
 * Errors name it. */
PstBaseline *pst_baseline_load(const char *path, GError **error);
