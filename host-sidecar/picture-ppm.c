// SPDX-License-Identifier: LGPL-2.1-or-later
/* https://netpbm.sourceforge.net/doc/ppm.html, of which QEMU writes "P6\nWIDTH HEIGHT\n255\n" and
 * the pixels (ui/console.c). */
#include <string.h>

#include "host-sidecar/picture.h"
#include "protocol/error.h"

#define MAX_DIGITS 5

typedef struct {
    const guint8 *data;
    gsize len, at;
} Cursor;

static gboolean
is_space(guint8 c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* One white space, then a number. */
static gboolean
take_number(Cursor *cursor, guint *number)
{
    guint digits = 0;

    *number = 0;
    if (cursor->at >= cursor->len || !is_space(cursor->data[cursor->at]))
        return FALSE;
    cursor->at++;
    for (; cursor->at < cursor->len && g_ascii_isdigit(cursor->data[cursor->at]); cursor->at++) {
        if (++digits > MAX_DIGITS)
            return FALSE;
        *number = *number * 10 + (guint)(cursor->data[cursor->at] - '0');
    }
    return digits > 0;
}

static PstPicture *
fail(const char *why, GError **error)
{
    g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "not a PPM as QEMU writes it: %s", why);
    return NULL;
}

PstPicture *
pst_picture_ppm_read(const guint8 *data, gsize len, GError **error)
{
    Cursor cursor = {data, len, 2};
    guint width = 0, height = 0, depth = 0;

    if (len < 2 || memcmp(data, "P6", 2) != 0)
        return fail("it does not begin with P6", error);
    if (!take_number(&cursor, &width) || !take_number(&cursor, &height) ||
        !take_number(&cursor, &depth))
        return fail("its head holds no three numbers", error);
    if (depth != 255)
        return fail("its depth is not 255", error);
    if (cursor.at >= len || !is_space(data[cursor.at]))
        return fail("its head does not end", error);
    cursor.at++;

    /* Before the buffer: what is not there is not made room for. */
    if (len - cursor.at != (guint64)width * height * 3)
        return fail("it has not as many bytes as pixels", error);
    g_autoptr(PstPicture) picture = pst_picture_new(width, height, error);
    if (picture == NULL)
        return NULL;
    memcpy(picture->rgb, data + cursor.at, len - cursor.at);
    return g_steal_pointer(&picture);
}
