// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/picture.h"

#include <string.h>

#include "protocol/error.h"

static const guint8 png_signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

PstPicture *
pst_picture_new(guint64 width, guint64 height, GError **error)
{
    PstPicture *picture;

    if (width == 0 || height == 0 || width > PST_PICTURE_MAX_SIDE ||
        height > PST_PICTURE_MAX_SIDE || width * height > PST_PICTURE_MAX_PIXELS) {
        g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL,
                    "a picture of %" G_GUINT64_FORMAT " by %" G_GUINT64_FORMAT " pixels", width,
                    height);
        return NULL;
    }
    picture = g_new0(PstPicture, 1);
    picture->width = (guint)width;
    picture->height = (guint)height;
    picture->rgb = g_malloc0(width * height * 3);
    return picture;
}

void
pst_picture_free(PstPicture *picture)
{
    g_free(picture->rgb);
    g_free(picture);
}

static gboolean
begins_with(const guint8 *data, gsize len, gconstpointer head, gsize head_len)
{
    return len >= head_len && memcmp(data, head, head_len) == 0;
}

PstPicture *
pst_picture_read(const guint8 *data, gsize len, GError **error)
{
    if (begins_with(data, len, png_signature, sizeof(png_signature)))
        return pst_picture_png_read(data, len, error);
    if (begins_with(data, len, "P6", 2))
        return pst_picture_ppm_read(data, len, error);
    g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "the screen came neither as PNG nor as PPM");
    return NULL;
}
