// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any bytes as a baseline, and as what a digest that fits was put behind: refused in one line, or
 * written as it was read from then on. It differs from itself in nothing. */
#include <string.h>

#include "host-sidecar/diff.h"
#include "tests/fuzz/fuzz.h"

static PstBaseline *
read_bytes(const char *text, gsize len)
{
    g_autoptr(GError) error = NULL;
    PstBaseline *baseline = pst_baseline_read(text, len, &error);

    g_assert_true((baseline == NULL) == (error != NULL));
    g_assert_true(error == NULL || strpbrk(error->message, "\n\r") == NULL);
    return baseline;
}

static PstBaseline *
read_sealed(const guint8 *data, gsize len)
{
    g_autoptr(GString) text = g_string_new("{\"format\":\"" PST_BASELINE_FORMAT "\",\"baseline\":");

    g_string_append_len(text, (const char *)data, (gssize)len);
    g_autofree char *sha256 =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text->str, text->len);
    g_string_append_printf(text, ",\"sha256\":\"%s\"}\n", sha256);
    return read_bytes(text->str, text->len);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autoptr(PstBaseline) plain = read_bytes((const char *)data, len);
    g_autoptr(PstBaseline) sealed = read_sealed(data, len);
    gsize first_len = 0, second_len = 0;

    if (sealed == NULL)
        return 0;
    g_autofree char *first = pst_baseline_to_text(sealed, &first_len);
    if (first_len > PST_BASELINE_MAX_BYTES)
        return 0;
    g_autoptr(PstBaseline) again = read_bytes(first, first_len);
    g_assert_nonnull(again);
    g_autofree char *second = pst_baseline_to_text(again, &second_len);
    g_assert_cmpuint(first_len, ==, second_len);
    g_assert_cmpint(memcmp(first, second, first_len), ==, 0);
    g_autoptr(PstDiff) same = pst_diff_make(sealed, again);
    g_assert_true(pst_diff_is_empty(same));
    if (plain == NULL)
        return 0;
    g_autoptr(PstDiff) other = pst_diff_make(plain, sealed);
    g_assert_cmpint(pst_diff_is_empty(other), ==,
                    other->notes->len + other->findings->len + other->changes->len == 0);
    return 0;
}
