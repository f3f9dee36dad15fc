// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/volume-place.h"

#include <string.h>

#include "protocol/json.h"
#include "protocol/limits.h"

/* As volume-pool.h. */
#define MAX_PARTS 16

static const PstField part_rows[] = {
    PST_INT(PstVolumePlacePart, bytes, "its length"),
    PST_INT(PstVolumePlacePart, written_us, "when it was last written to"),
};
static const PstFields part_fields = PST_FIELDS(PstVolumePlacePart, part_rows);

static const PstField rows[] = {
    PST_LIST(PstVolumePlace, parts, part_fields, "the oldest first"),
    PST_STRING(PstVolumePlace, head, "SHA-256 of how the newest begins"),
    PST_INT(PstVolumePlace, head_bytes, "of so many bytes"),
    PST_INT(PstVolumePlace, offset, "up to which the newest was read"),
    PST_INT(PstVolumePlace, records, "whole records up to there"),
    PST_INT(PstVolumePlace, dropped, "frames that were none"),
    PST_INT(PstVolumePlace, stray_bytes, "outside of frames"),
    PST_INT(PstVolumePlace, kept, "how many records the store had, all of these among them"),
};
const PstFields pst_volume_place_fields = PST_FIELDS(PstVolumePlace, rows);

PstVolumePlace *
pst_volume_place_new(void)
{
    return pst_fields_new(&pst_volume_place_fields);
}

void
pst_volume_place_free(PstVolumePlace *place)
{
    pst_fields_free(&pst_volume_place_fields, place);
}

void
pst_volume_place_add_part(PstVolumePlace *place, gint64 bytes, gint64 written_us)
{
    PstVolumePlacePart *part = pst_fields_append(&part_fields, &place->parts);

    part->bytes = bytes;
    part->written_us = written_us;
}

static guint
count(const PstVolumePlace *place)
{
    return place->parts != NULL ? place->parts->len : 0;
}

static gboolean
is_number(gint64 number)
{
    return number >= 0 && number <= PST_LIMIT_INTEGER;
}

gboolean
pst_volume_place_is_sound(const PstVolumePlace *place)
{
    const gint64 counters[] = {place->records, place->dropped, place->stray_bytes};
    guint n = count(place);

    if (n == 0 || n > MAX_PARTS || place->head == NULL || strlen(place->head) != 64 ||
        place->head_bytes <= 0 || place->head_bytes > PST_VOLUME_PLACE_HEAD)
        return FALSE;
    for (guint i = 0; i < n; i++) {
        const PstVolumePlacePart *part = place->parts->pdata[i];
        if (!is_number(part->bytes) || !is_number(part->written_us))
            return FALSE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(counters); i++)
        if (place->offset != PST_INT_UNKNOWN && !is_number(counters[i]))
            return FALSE;
    return (place->offset == PST_INT_UNKNOWN || is_number(place->offset)) &&
           (place->kept == PST_INT_UNKNOWN || is_number(place->kept));
}

gboolean
pst_volume_place_is_like(const PstVolumePlace *place, const PstVolumePlace *now)
{
    guint n = count(place);

    if (n == 0 || count(now) != n)
        return FALSE;
    for (guint i = 0; i < n; i++) {
        const PstVolumePlacePart *a = place->parts->pdata[i], *b = now->parts->pdata[i];
        gboolean newest = i + 1 == n;
        gint64 read_bytes = MAX(a->bytes, place->offset);

        if (newest ? b->bytes < read_bytes : b->bytes != a->bytes || b->written_us != a->written_us)
            return FALSE;
    }
    return TRUE;
}

void
pst_volume_place_set_head(PstVolumePlace *place, const guint8 *bytes, gsize len)
{
    gsize n = MIN(len, PST_VOLUME_PLACE_HEAD);

    g_clear_pointer(&place->head, g_free);
    if (n == 0)
        return;
    place->head = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, n);
    place->head_bytes = (gint64)n;
}

gboolean
pst_volume_place_has_head(const PstVolumePlace *place, const guint8 *bytes, gsize len)
{
    if (place->head == NULL || (gint64)len < place->head_bytes)
        return FALSE;
    g_autofree char *head =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, (gsize)place->head_bytes);
    return g_str_equal(head, place->head);
}

gboolean
pst_volume_place_can_continue(const PstVolumePlace *place)
{
    return place->head != NULL && place->offset != PST_INT_UNKNOWN &&
           place->kept != PST_INT_UNKNOWN;
}

static JsonObject *
encode(const PstVolumePlace *place)
{
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;

    return pst_fields_encode(&pst_volume_place_fields, place, &cut);
}

PstVolumePlace *
pst_volume_place_copy(const PstVolumePlace *place)
{
    g_autoptr(JsonObject) json = encode(place);

    return pst_fields_decode(&pst_volume_place_fields, json, NULL);
}

gboolean
pst_volume_place_equal(const PstVolumePlace *a, const PstVolumePlace *b)
{
    g_autoptr(JsonObject) json_a = encode(a);
    g_autoptr(JsonObject) json_b = encode(b);
    g_autofree char *text_a = pst_json_to_text(json_a, NULL);
    g_autofree char *text_b = pst_json_to_text(json_b, NULL);

    return g_str_equal(text_a, text_b);
}
