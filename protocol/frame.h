// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

#include "protocol/validate.h"

/* Frames: RFC 7464 JSON text sequences. RS (0x1E), one JSON object, LF (0x0A).
 *
 * JSON escapes control characters, so neither byte occurs inside a text: a reader that is lost
 * skips to the next RS. What is dropped is counted and never ends the stream. */

#define PST_FRAME_RS 0x1E
#define PST_FRAME_LF 0x0A
/* So much a frame has beside its text. */
#define PST_FRAME_OVERHEAD 2

typedef struct {
    guint64 frames;      /* accepted */
    guint64 stray_bytes; /* outside of any frame */
    guint64 interrupted; /* a second RS came before the LF */
    guint64 too_large;
    guint64 invalid;
} PstFrameCounters;

typedef struct PstFrameReader PstFrameReader;

/* A reader for frames within LIMITS, which must outlive it. It never holds more than
 * limits->max_bytes and the NUL, whatever it is fed. */
PstFrameReader *pst_frame_reader_new(const PstValidateLimits *limits);
void pst_frame_reader_free(PstFrameReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstFrameReader, pst_frame_reader_free)

/* Takes bytes from DATA until a frame is complete, or all of them. Returns how many it took. Where
 * a frame is complete, *text is its validated JSON text, NUL-terminated beyond *text_len for the
 * parser's sake and owned by the reader until the next call; else *text is NULL.
 *
 *     while (len > 0) {
 *         gsize n = pst_frame_reader_take(reader, data, len, &text, &text_len);
 *         data += n, len -= n;
 *         if (text != NULL)
 *             handle(text, text_len);
 *     }
 */
gsize pst_frame_reader_take(PstFrameReader *reader, const guint8 *data, gsize len,
                            const char **text, gsize *text_len);

/* Forgets a frame that was begun; the counters stay. For a stream that starts anew. */
void pst_frame_reader_reset(PstFrameReader *reader);

const PstFrameCounters *pst_frame_reader_counters(const PstFrameReader *reader);

/* How many frames were dropped: interrupted, too large or invalid. */
guint64 pst_frame_reader_dropped(const PstFrameReader *reader);

/* Appends the frame around TEXT, which must be a JSON text without line feeds, to OUT. */
void pst_frame_append(GByteArray *out, const char *text, gsize len);
