// SPDX-License-Identifier: LGPL-2.1-or-later
/* A response that is whole stays the same whatever comes behind it, unless its end is the end of
 * the connection; what is no response is none with more behind it. */
#include <string.h>

#include "guest-shim/http-response.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    const char *bytes = (const char *)data;
    gsize cut = len > 0 ? (len * 2654435761u) % len : 0;
    g_autofree char *front = g_memdup2(bytes, cut);
    g_autoptr(PstHttpResponse) early = NULL, late = NULL, ended = NULL;

    gboolean early_sound = pst_http_response_parse(front, cut, FALSE, &early, NULL);
    gboolean late_sound = pst_http_response_parse(bytes, len, FALSE, &late, NULL);
    gboolean ended_sound = pst_http_response_parse(bytes, len, TRUE, &ended, NULL);

    g_assert_true(early_sound || early == NULL);
    g_assert_cmpint(ended_sound, ==, ended != NULL);
    if (early != NULL) {
        g_assert_nonnull(late);
        g_assert_cmpmem(early->body->data, early->body->len, late->body->data, late->body->len);
    }
    if (late != NULL) {
        g_assert_true(late_sound);
        g_assert_nonnull(ended);
        g_assert_cmpuint(late->body->len, <=, len);
        g_assert_cmpuint(late->status, <=, 999);
        g_assert_cmpint(late->body->data[late->body->len], ==, 0);
    }
    return 0;
}
