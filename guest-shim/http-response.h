// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* An HTTP/1.1 response as it comes from a peer (RFC 9112): a pure function over bytes. The body is
 * ended by its Content-Length, its last chunk, or the end of the connection. */

typedef struct {
    guint status;
    GByteArray *body; /* always followed by a NUL that is not counted */
} PstHttpResponse;

void pst_http_response_free(PstHttpResponse *response);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstHttpResponse, pst_http_response_free)

/* The response that the LEN bytes at BYTES begin with; ENDED: no more will come. *response stays
 * NULL where more is needed: TRUE. FALSE with PST_ERROR_PROTOCOL for what is no response, or was
 * cut off. */
gboolean pst_http_response_parse(const char *bytes, gsize len, gboolean ended,
                                 PstHttpResponse **response, GError **error);
