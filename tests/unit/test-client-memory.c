// SPDX-License-Identifier: LGPL-2.1-or-later
/* The host's memory does not grow with what a guest sends. The short form feeds 64 MiB without a
 * line end and 200,000 bad frames of several kinds; the long one, with POSTERN_MEMORY_LONG=1 in the
 * environment, 1 GiB and ten million. A client that has given its guest up is replaced by a new
 * one, as a channel that is opened anew, so that every byte is really looked at. */
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/scripted-peer.h"

#define MEBI (1024 * 1024)
#define PIECE 32768

static gboolean
is_long(void)
{
    return g_strcmp0(g_getenv("POSTERN_MEMORY_LONG"), "1") == 0;
}

static gint64
resident_bytes(void)
{
    g_autofree char *text = NULL;
    long size = 0, resident = 0;

    g_assert_true(g_file_get_contents("/proc/self/statm", &text, NULL, NULL));
    g_assert_cmpint(sscanf(text, "%ld %ld", &size, &resident), ==, 2);
    return (gint64)resident * sysconf(_SC_PAGESIZE);
}

static PstClient *
new_client(void)
{
    g_autoptr(GByteArray) sent = g_byte_array_new();
    PstClient *client = pst_client_new();

    pst_client_hello(client, NULL, sent);
    g_assert_cmpint(pst_client_request(client, "ping", NULL, sent, NULL), >=, 0);
    return client;
}

static void
feed(PstClient **client, const char *bytes, gsize len)
{
    pst_client_feed(*client, (const guint8 *)bytes, len);
    if (pst_client_check(*client, NULL))
        return;
    pst_client_free(*client);
    *client = new_client();
}

static void
assert_growth(const char *what, gint64 before)
{
    gint64 grown = resident_bytes() - before;

    g_test_message("%s: grew by %" G_GINT64_FORMAT " KiB", what, grown / 1024);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    g_test_message("not judged: a sanitizer keeps what was freed");
#else
    g_assert_cmpint(grown, <, 2 * MEBI);
#endif
}

/* In a frame, and outside of any. */
static void
test_endless(void)
{
    g_autoptr(PstClient) client = new_client();
    g_autofree char *bytes = g_strnfill(PIECE, 'x');
    gint64 total = is_long() ? 1024LL * MEBI : 64LL * MEBI, before = 0;

    for (gint64 at = 0; at < total; at += PIECE) {
        bytes[0] = at % (16 * PIECE) == 0 ? PST_FRAME_RS : 'x';
        feed(&client, bytes, PIECE);
        if (at == 4LL * MEBI) /* warm: what one full frame takes is there */
            before = resident_bytes();
    }
    assert_growth("bytes without a line end", before);
}

static void
test_bad_frames(void)
{
    static const char *const kinds[] = {
        "\x1e[]\n",
        "\x1e{\"a\":1,\"a\":2}\n",
        "\x1e{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":{}}\n",
        "\x1e{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"a\":[1,2,3,{\"b\":\"c\"}]}}\n",
        "\x1e{\"a\":\x1e",
        "\x1e{\"\xff\":1}\n",
    };
    g_autoptr(PstClient) client = new_client();
    int total = is_long() ? 10000000 : 200000;
    gint64 before = 0;

    for (int i = 0; i < total; i++) {
        const char *frame = kinds[i % (int)G_N_ELEMENTS(kinds)];
        feed(&client, frame, strlen(frame));
        if (i == 20000)
            before = resident_bytes();
    }
    assert_growth("bad frames", before);
}

/* The largest answer that the validator lets pass, again and again, to a request that is not there.
 */
static void
test_large_strangers(void)
{
    g_autoptr(PstClient) client = new_client();
    g_autoptr(GString) frame = g_string_new("\x1e{\"jsonrpc\":\"2.0\",\"method\":\"event\","
                                            "\"params\":{\"a\":[{}");
    int total = is_long() ? 2000 : 100;
    gint64 before = 0;

    for (int i = 0; i < 19000; i++)
        g_string_append(frame, ",{}");
    g_string_append(frame, "]}}\n");
    for (int i = 0; i < total; i++) {
        feed(&client, frame->str, frame->len);
        if (i == 10)
            before = resident_bytes();
    }
    assert_growth("large strangers", before);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/client-memory/endless", test_endless);
    g_test_add_func("/client-memory/bad-frames", test_bad_frames);
    g_test_add_func("/client-memory/large-strangers", test_large_strangers);
    return g_test_run();
}
