// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/fields.h"

/* How far a guest's volume was read, and by what it is known again: pure functions. A part only
 * grows, and when virtlogd rolls it all parts change their names. So the parts that were rolled are
 * known by their size and date, and the newest by how it begins. */

/* Of how much of its beginning the newest part is known. */
#define PST_VOLUME_PLACE_HEAD 4096

typedef struct {
    gint64 bytes;
    gint64 written_us; /* the host's real time */
} PstVolumePlacePart;

typedef struct {
    GPtrArray *parts; /* of PstVolumePlacePart, the oldest first, as they were before the reading */
    char *head;       /* SHA-256 of the first head_bytes of the newest; NULL: it was not read */
    gint64 head_bytes;
    gint64 offset; /* in the newest, behind its last whole record; PST_INT_UNKNOWN: none is in it */
    gint64 records; /* of all parts up to there, and what was dropped (record-reader.h) */
    gint64 dropped;
    gint64 stray_bytes;
    gint64 kept; /* how many records the store had then, where all up to there were among them;
                  * else PST_INT_UNKNOWN */
} PstVolumePlace;

extern const PstFields pst_volume_place_fields;

PstVolumePlace *pst_volume_place_new(void);
void pst_volume_place_free(PstVolumePlace *place);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstVolumePlace, pst_volume_place_free)

void pst_volume_place_add_part(PstVolumePlace *place, gint64 bytes, gint64 written_us);

/* Whether a place that was read from a file can be one. */
gboolean pst_volume_place_is_sound(const PstVolumePlace *place);

/* Whether NOW, which is known by its parts alone, can be the same volume, its newest part grown or
 * not. Where that is all there is, its head has to be looked at too. */
gboolean pst_volume_place_is_like(const PstVolumePlace *place, const PstVolumePlace *now);

/* Notes the beginning of the newest part. */
void pst_volume_place_set_head(PstVolumePlace *place, const guint8 *bytes, gsize len);

/* Whether the newest part, which begins with LEN bytes, begins as it did. */
gboolean pst_volume_place_has_head(const PstVolumePlace *place, const guint8 *bytes, gsize len);

/* Whether it can be read on from there. */
gboolean pst_volume_place_can_continue(const PstVolumePlace *place);

PstVolumePlace *pst_volume_place_copy(const PstVolumePlace *place);
gboolean pst_volume_place_equal(const PstVolumePlace *a, const PstVolumePlace *b);
