// SPDX-License-Identifier: LGPL-2.1-or-later
/* A stream gives the same frames in whatever pieces it comes. The input's first byte chooses the
 * limits and how the rest is cut into pieces. */
#include <string.h>

#include "protocol/frame.h"
#include "tests/fuzz/fuzz.h"

/* So small that the fuzzer meets them. */
static const PstValidateLimits small_limits = {24, 8};

static void
take_all(PstFrameReader *reader, const PstValidateLimits *limits, const guint8 *data, gsize len,
         GByteArray *texts)
{
    while (len > 0) {
        const char *text;
        gsize text_len;
        gsize n = pst_frame_reader_take(reader, data, len, &text, &text_len);

        g_assert_cmpuint(n, >, 0);
        g_assert_cmpuint(n, <=, len);
        data += n;
        len -= n;
        if (text == NULL)
            continue;
        g_assert_cmpuint(strlen(text), ==, text_len);
        g_assert_cmpint(pst_validate((const guint8 *)text, text_len, limits).reason, ==,
                        PST_VALIDATE_OK);
        pst_frame_append(texts, text, text_len);
    }
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    if (len == 0)
        return 0;

    const PstValidateLimits *limits = (data[0] & 1) != 0 ? &small_limits : &pst_validate_from_guest;
    g_autoptr(PstFrameReader) whole = pst_frame_reader_new(limits);
    g_autoptr(PstFrameReader) pieces = pst_frame_reader_new(limits);
    g_autoptr(GByteArray) from_whole = g_byte_array_new();
    g_autoptr(GByteArray) from_pieces = g_byte_array_new();
    guint32 state = data[0];

    take_all(whole, limits, data + 1, len - 1, from_whole);
    for (gsize at = 1; at < len;) {
        state = state * 1664525u + 1013904223u;
        gsize piece = 1 + (state >> 24) % ((data[0] >> 1) + 1u);
        /* A copy of the exact size, so that the address sanitizer sees a read beyond it. */
        g_autofree guint8 *copy = g_memdup2(data + at, MIN(piece, len - at));
        take_all(pieces, limits, copy, MIN(piece, len - at), from_pieces);
        at += piece;
    }

    const PstFrameCounters *a = pst_frame_reader_counters(whole);
    const PstFrameCounters *b = pst_frame_reader_counters(pieces);
    g_assert_cmpmem(from_whole->data, from_whole->len, from_pieces->data, from_pieces->len);
    g_assert_cmpuint(a->frames, ==, b->frames);
    g_assert_cmpuint(a->interrupted, ==, b->interrupted);
    g_assert_cmpuint(a->too_large, ==, b->too_large);
    g_assert_cmpuint(a->invalid, ==, b->invalid);
    return 0;
}
