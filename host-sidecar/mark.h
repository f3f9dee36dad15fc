// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/answer.h"
#include "protocol/report-system.h"

/* A point in a guest's own time, so that "since" means the same whatever its clock, its boots and
 * its snapshots do meanwhile. Made of what the guest tells, and kept by whoever asked for it: as a
 * line of text without spaces. Pure functions. */

typedef struct {
    char *machine_id; /* 32 hexadecimal digits; NULL where the guest had none, as in an initramfs */
    char *boot_id;    /* the same */
    gint64 boottime_us; /* since that boot */
    gint64 realtime_us; /* by the guest's clock */
    gint64 offset_ms;   /* how far that was ahead of the host's; PST_INT_UNKNOWN */
    gint64 host_us;     /* the host's real time when the guest had told all this */
    char *cursor;       /* of the journal's newest entry then; NULL where there was none */
} PstMark;

void pst_mark_free(PstMark *mark);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstMark, pst_mark_free)

/* Whether TEXT is meant as a mark, and no span of time. */
gboolean pst_mark_is(const char *text);

/* NULL with PST_ERROR_USAGE where pst_mark_to_text() could not have written it. */
PstMark *pst_mark_parse(const char *text, GError **error);

/* Both free with g_free(), json_object_unref(). */
char *pst_mark_to_text(const PstMark *mark);
JsonObject *pst_mark_to_json(const PstMark *mark);

/* The questions that a mark is made of: *n, the array and they are owned by the caller. */
PstAnswer **pst_mark_questions(const char *guest, guint *n);

/* The mark of their answers, one at least, which were all there at HOST_US. NULL with
 * PST_ERROR_UNAVAILABLE where the guest itself did not tell which boot this is. */
PstMark *pst_mark_make(PstAnswer *const *answers, guint n, gint64 host_us, GError **error);

/* How a later answer of the guest stands to the mark. */
typedef enum {
    PST_MARK_UNTOLD,        /* it does not tell its boot */
    PST_MARK_OTHER_MACHINE, /* another guest is in its place */
    PST_MARK_OTHER_BOOT,    /* rebooted since, or reverted to another boot */
    PST_MARK_UNDONE,        /* reverted to before the mark: in its boot, or to another */
    PST_MARK_DOUBTFUL,      /* the same boot, which stood still for a while: paused, or undone; the
                             * journal decides */
    PST_MARK_SAME_BOOT,     /* the same boot, later */
} PstMarkRelation;

/* ASKED_US: the host's real time before NOW was asked for. FOUND: whether the journal still holds
 * the mark's entry, unknown where nobody looked. */
PstMarkRelation pst_mark_compare(const PstMark *mark, const PstSystemData *now, gint64 asked_us,
                                 PstTri found);

/* Whether ANSWER is the guest's own, of now, by the shim or the shim's program. */
gboolean pst_mark_is_own(const PstAnswer *answer);

/* The answer of PROBE that is so and has a report; NULL where there is none. */
const PstAnswer *pst_mark_find(PstAnswer *const *answers, guint n, const char *probe);

/* Whether the journal of such an answer, which was asked with the mark's cursor, still holds its
 * entry; unknown where a reset of the guest took it from the end of a boot: that undoes nothing. */
PstTri pst_mark_found(const PstAnswer *journal);

/* The mark against such answers to `system` and, where it was asked with the mark's cursor,
 * `journal`. */
PstMarkRelation pst_mark_relate(const PstMark *mark, PstAnswer *const *answers, guint n);

/* Whether the guest's clock was set back in the mark's boot since, so that moments by it may stand
 * before the mark's which came after it. */
gboolean pst_mark_is_set_back(const PstMark *mark, PstAnswer *const *answers, guint n);
