// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/frame.h"

#include <string.h>

/* What an idle reader keeps, so that a large frame does not stay in memory for good. */
#define KEPT_BYTES 4096

struct PstFrameReader {
    const PstValidateLimits *limits;
    GByteArray *text;
    gboolean inside;
    PstFrameCounters counters;
};

PstFrameReader *
pst_frame_reader_new(const PstValidateLimits *limits)
{
    PstFrameReader *reader = g_new0(PstFrameReader, 1);

    reader->limits = limits;
    reader->text = g_byte_array_new();
    return reader;
}

void
pst_frame_reader_free(PstFrameReader *reader)
{
    g_byte_array_unref(reader->text);
    g_free(reader);
}

void
pst_frame_reader_reset(PstFrameReader *reader)
{
    reader->inside = FALSE;
    if (reader->text->len > KEPT_BYTES) {
        g_byte_array_unref(reader->text);
        reader->text = g_byte_array_new();
    }
    g_byte_array_set_size(reader->text, 0);
}

static gsize
run_length(const guint8 *data, gsize len)
{
    gsize n = 0;

    while (n < len && data[n] != PST_FRAME_RS && data[n] != PST_FRAME_LF)
        n++;
    return n;
}

static void
keep(PstFrameReader *reader, const guint8 *data, gsize len)
{
    if (!reader->inside) {
        reader->counters.stray_bytes += len;
        return;
    }
    if (len > reader->limits->max_bytes - reader->text->len) {
        reader->counters.too_large++;
        pst_frame_reader_reset(reader);
        return;
    }
    g_byte_array_append(reader->text, data, (guint)len);
}

static void
begin(PstFrameReader *reader)
{
    if (reader->inside)
        reader->counters.interrupted++;
    pst_frame_reader_reset(reader);
    reader->inside = TRUE;
}

/* Whether the text that the LF ended is a frame. */
static gboolean
end(PstFrameReader *reader)
{
    if (!reader->inside)
        return FALSE;
    reader->inside = FALSE;

    PstValidateResult result = pst_validate(reader->text->data, reader->text->len, reader->limits);
    if (result.reason != PST_VALIDATE_OK) {
        reader->counters.invalid++;
        return FALSE;
    }
    reader->counters.frames++;
    return TRUE;
}

gsize
pst_frame_reader_take(PstFrameReader *reader, const guint8 *data, gsize len, const char **text,
                      gsize *text_len)
{
    gsize at = 0;

    *text = NULL;
    *text_len = 0;
    if (!reader->inside)
        pst_frame_reader_reset(reader);

    while (at < len) {
        gsize n = run_length(data + at, len - at);
        if (n > 0)
            keep(reader, data + at, n);
        at += n;
        if (at == len)
            break;
        if (data[at++] == PST_FRAME_RS) {
            begin(reader);
        } else if (end(reader)) {
            *text_len = reader->text->len;
            g_byte_array_append(reader->text, (const guint8 *)"", 1);
            *text = (const char *)reader->text->data;
            break;
        }
    }
    return at;
}

const PstFrameCounters *
pst_frame_reader_counters(const PstFrameReader *reader)
{
    return &reader->counters;
}

guint64
pst_frame_reader_dropped(const PstFrameReader *reader)
{
    const PstFrameCounters *c = &reader->counters;

    return c->interrupted + c->too_large + c->invalid;
}

void
pst_frame_append(GByteArray *out, const char *text, gsize len)
{
    const guint8 rs = PST_FRAME_RS, lf = PST_FRAME_LF;

    g_byte_array_append(out, &rs, 1);
    g_byte_array_append(out, (const guint8 *)text, (guint)len);
    g_byte_array_append(out, &lf, 1);
}
