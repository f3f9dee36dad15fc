// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/picture.h"
#include "protocol/error.h"

/* The mean of the two by two pixels that one takes the place of, or of those of them that there are
 * at an edge. */
static guint8
mean_at(const PstPicture *picture, guint x, guint y, guint channel)
{
    guint sum = 0, n = 0;

    for (guint j = y; j < MIN(y + 2, picture->height); j++)
        for (guint i = x; i < MIN(x + 2, picture->width); i++, n++)
            sum += picture->rgb[3 * ((gsize)j * picture->width + i) + channel];
    return (guint8)((sum + n / 2) / n);
}

static PstPicture *
halve(const PstPicture *picture, GError **error)
{
    PstPicture *half = pst_picture_new((picture->width + 1) / 2, (picture->height + 1) / 2, error);
    guint8 *pixel = half != NULL ? half->rgb : NULL;

    for (guint y = 0; half != NULL && y < half->height; y++)
        for (guint x = 0; x < half->width; x++, pixel += 3)
            for (guint channel = 0; channel < 3; channel++)
                pixel[channel] = mean_at(picture, 2 * x, 2 * y, channel);
    return half;
}

GBytes *
pst_picture_png_write_within(const PstPicture *picture, gsize max_bytes, GError **error)
{
    g_autoptr(PstPicture) half = NULL;
    const PstPicture *current = picture;

    for (;;) {
        g_autoptr(GBytes) png = pst_picture_png_write(current, error);

        if (png == NULL || g_bytes_get_size(png) <= max_bytes)
            return g_steal_pointer(&png);
        if (current->width == 1 && current->height == 1) {
            g_set_error(error, PST_ERROR, PST_ERROR_INTERNAL, "no PNG is so small");
            return NULL;
        }
        PstPicture *next = halve(current, error);
        if (next == NULL)
            return NULL;
        g_clear_pointer(&half, pst_picture_free);
        current = half = next;
    }
}
