// SPDX-License-Identifier: LGPL-2.1-or-later
#include <malloc.h>
#include <string.h>

#include "protocol/frame.h"
#include "protocol/limits.h"
#include "tests/unit/frame-corpus.h"

/* Feeds BYTES in pieces of PIECE and returns the texts that came out. */
static GPtrArray *
feed(PstFrameReader *reader, const char *bytes, gsize len, gsize piece)
{
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);

    for (gsize at = 0; at < len; at += piece) {
        const guint8 *data = (const guint8 *)bytes + at;
        gsize left = MIN(piece, len - at);

        while (left > 0) {
            const char *text;
            gsize text_len;
            gsize n = pst_frame_reader_take(reader, data, left, &text, &text_len);

            g_assert_cmpuint(n, >, 0);
            g_assert_cmpuint(n, <=, left);
            data += n;
            left -= n;
            if (text != NULL) {
                g_assert_cmpuint(text_len, ==, strlen(text));
                g_ptr_array_add(texts, g_strdup(text));
            }
        }
    }
    return texts;
}

typedef struct {
    const char *bytes;
    const char *texts[4];
    PstFrameCounters counters;
} Row;

static const Row rows[] = {
    {"\x1e{}\n", {"{}"}, {.frames = 1}},
    {"\x1e{\"a\":1}\n\x1e{}\n", {"{\"a\":1}", "{}"}, {.frames = 2}},
    {"\x1e {} \n", {" {} "}, {.frames = 1}},
    {"\x1e{}\r\n", {"{}\r"}, {.frames = 1}},
    {"", {NULL}, {0}},
    {"\n\n\n", {NULL}, {0}},
    {"abc\n\x1e{}\nxyz", {"{}"}, {.frames = 1, .stray_bytes = 6}},
    {"\x1e{\"a\":\x1e{}\n", {"{}"}, {.frames = 1, .interrupted = 1}},
    {"\x1e\x1e\x1e{}\n", {"{}"}, {.frames = 1, .interrupted = 2}},
    {"\x1e{\"a\":\n}\n\x1e{}\n", {"{}"}, {.frames = 1, .stray_bytes = 1, .invalid = 1}},
    {"\x1e\n\x1e[]\n\x1e{}\n", {"{}"}, {.frames = 1, .invalid = 2}},
    {"{}\n\x1e{}", {NULL}, {.stray_bytes = 2}},
};

static void
test_table(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (gsize piece = 1; piece <= 8; piece++) {
            g_autoptr(PstFrameReader) reader = pst_frame_reader_new(&pst_validate_from_guest);
            g_autoptr(GPtrArray) texts = feed(reader, rows[i].bytes, strlen(rows[i].bytes), piece);

            for (guint t = 0; t < texts->len; t++)
                g_assert_cmpstr(texts->pdata[t], ==, rows[i].texts[t]);
            g_assert_null(rows[i].texts[texts->len]);
            g_assert_cmpmem(pst_frame_reader_counters(reader), sizeof(PstFrameCounters),
                            &rows[i].counters, sizeof(PstFrameCounters));
        }
    }
}

static void
test_dropped(void)
{
    g_autoptr(PstFrameReader) reader = pst_frame_reader_new(&pst_validate_from_guest);
    const char bytes[] = "\x1e\x1e[]\nstray\x1e{}\n";
    g_autoptr(GPtrArray) texts = feed(reader, bytes, strlen(bytes), 100);

    g_assert_cmpuint(texts->len, ==, 1);
    g_assert_cmpuint(pst_frame_reader_dropped(reader), ==, 2);
}

static GString *
frame_of(gsize text_len)
{
    GString *frame = g_string_new("\x1e{\"a\":\"");

    while (frame->len < text_len - 1)
        g_string_append_c(frame, 'x');
    g_string_append(frame, "\"}\n");
    return frame;
}

static void
test_size(void)
{
    const gsize pieces[] = {1, 7, 4096, PST_LIMIT_FRAME_FROM_HOST, G_MAXINT};

    for (guint i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_autoptr(PstFrameReader) reader = pst_frame_reader_new(&pst_validate_from_host);
        g_autoptr(GString) allowed = frame_of(PST_LIMIT_FRAME_FROM_HOST);
        g_autoptr(GString) excess = frame_of(PST_LIMIT_FRAME_FROM_HOST + 1);

        g_string_append(excess, "\x1e{}\n");
        g_autoptr(GPtrArray) one = feed(reader, allowed->str, allowed->len, pieces[i]);
        g_assert_cmpuint(one->len, ==, 1);
        g_autoptr(GPtrArray) other = feed(reader, excess->str, excess->len, pieces[i]);
        g_assert_cmpuint(other->len, ==, 1);
        g_assert_cmpstr(other->pdata[0], ==, "{}");
        g_assert_cmpuint(pst_frame_reader_counters(reader)->too_large, ==, 1);
        g_assert_cmpuint(pst_frame_reader_counters(reader)->frames, ==, 2);
        g_assert_cmpuint(pst_frame_reader_counters(reader)->invalid, ==, 0);
    }
}

static void
test_reset(void)
{
    g_autoptr(PstFrameReader) reader = pst_frame_reader_new(&pst_validate_from_guest);
    g_autoptr(GPtrArray) begun = feed(reader, "\x1e{\"a\":", 6, 6);

    pst_frame_reader_reset(reader);
    g_autoptr(GPtrArray) rest = feed(reader, "1}\n\x1e{}\n", 7, 7);
    g_assert_cmpuint(begun->len, ==, 0);
    g_assert_cmpuint(rest->len, ==, 1);
    g_assert_cmpstr(rest->pdata[0], ==, "{}");
}

static void
test_append(void)
{
    g_autoptr(GByteArray) out = g_byte_array_new();

    pst_frame_append(out, "{}", 2);
    pst_frame_append(out, "{\"a\":1}", 7);
    g_assert_cmpmem(out->data, out->len, "\x1e{}\n\x1e{\"a\":1}\n", 13);
}

/* Neither bytes without end nor frames without end make the reader grow. */
static void
test_memory(void)
{
#if defined(__SANITIZE_ADDRESS__)
    g_test_skip("mallinfo2(3) sees nothing under the address sanitizer");
#else
    g_autoptr(PstFrameReader) reader = pst_frame_reader_new(&pst_validate_from_guest);
    g_autofree char *bytes = g_malloc(1024 * 1024);
    const char *text;
    gsize text_len, most = 0, before = mallinfo2().uordblks + mallinfo2().hblkhd;

    memset(bytes, 'x', 1024 * 1024);
    for (int i = 0; i < 64; i++) {
        bytes[0] = i % 16 == 0 ? PST_FRAME_RS : 'x';
        for (gsize at = 0; at < 1024 * 1024; at += 4096) {
            pst_frame_reader_take(reader, (const guint8 *)bytes + at, 4096, &text, &text_len);
            most = MAX(most, mallinfo2().uordblks + mallinfo2().hblkhd);
        }
    }
    g_test_message("grew by %" G_GSIZE_FORMAT " bytes at most", most - before);
    g_assert_cmpuint(most - before, <, 2 * PST_LIMIT_FRAME_FROM_GUEST + 64 * 1024);

    pst_frame_reader_take(reader, (const guint8 *)"\x1e{}\n", 4, &text, &text_len);
    g_assert_cmpstr(text, ==, "{}");
    g_assert_cmpuint(mallinfo2().uordblks + mallinfo2().hblkhd - before, <, 16 * 1024);
#endif
}

/* The reader is in the frame of TEXT, cut after LEN bytes, with no LF or with one: the frame is
 * never accepted, and the next one always. */
static void
check_cut(const char *text, gsize len, gboolean ended)
{
    g_autoptr(PstFrameReader) reader = pst_frame_reader_new(&pst_validate_from_guest);
    g_autoptr(GString) bytes = g_string_new("\x1e");
    const PstFrameCounters *counters = pst_frame_reader_counters(reader);

    g_string_append_len(bytes, text, (gssize)len);
    g_string_append(bytes, ended ? "\n" : "");
    g_string_append(bytes, "\x1e{\"next\":true}\n");
    g_autoptr(GPtrArray) texts = feed(reader, bytes->str, bytes->len, 64);
    g_assert_cmpuint(texts->len, ==, 1);
    g_assert_cmpstr(texts->pdata[0], ==, "{\"next\":true}");
    g_assert_cmpuint(ended ? counters->invalid : counters->interrupted, ==, 1);
    g_assert_cmpuint(pst_frame_reader_dropped(reader), ==, 1);
}

static void
check_truncated(const char *name, const char *text, gsize len)
{
    g_test_message("%s", name);
    g_assert_cmpint(pst_validate((const guint8 *)text, len, &pst_validate_from_guest).reason, ==,
                    PST_VALIDATE_OK);
    /* Every byte of a small frame; of a large one those near its ends, and some between. */
    for (gsize cut = 0; cut < len; cut += cut < 2000 || cut > len - 2000 ? 1 : 61) {
        check_cut(text, cut, FALSE);
        check_cut(text, cut, TRUE);
    }
}

static void
test_truncation(void)
{
    for_each_frame(check_truncated);
}

/* A byte of a frame changed: whatever becomes of it, the frame behind it is read. */
static void
check_damaged(const char *name G_GNUC_UNUSED, const char *text, gsize len)
{
    const char damages[] = {'\0', '\n', '\x1e', '"', '\\', '{', '9', (char)0x80, (char)0xff};

    for (gsize at = 0; at < len; at += 1 + len / 400) {
        g_autoptr(PstFrameReader) reader = pst_frame_reader_new(&pst_validate_from_guest);
        g_autoptr(GString) bytes = g_string_new("\x1e");

        g_string_append_len(bytes, text, (gssize)len);
        bytes->str[1 + at] = damages[at % sizeof(damages)];
        g_string_append(bytes, "\n\x1e{\"next\":true}\n");
        g_autoptr(GPtrArray) texts = feed(reader, bytes->str, bytes->len, 1000);
        g_assert_cmpuint(texts->len, >=, 1);
        g_assert_cmpstr(texts->pdata[texts->len - 1], ==, "{\"next\":true}");
    }
}

static void
test_damage(void)
{
    for_each_frame(check_damaged);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/frame/table", test_table);
    g_test_add_func("/frame/dropped", test_dropped);
    g_test_add_func("/frame/size", test_size);
    g_test_add_func("/frame/reset", test_reset);
    g_test_add_func("/frame/append", test_append);
    g_test_add_func("/frame/memory", test_memory);
    g_test_add_func("/frame/truncation", test_truncation);
    g_test_add_func("/frame/damage", test_damage);
    return g_test_run();
}
