// SPDX-License-Identifier: LGPL-2.1-or-later
/* By libpng's simplified interface, which needs no longjmp() and prints nothing. */
#include <png.h>
#include <string.h>

#include "host-sidecar/picture.h"
#include "protocol/error.h"

#define BLACK                                                                                      \
    {                                                                                              \
        0, 0, 0                                                                                    \
    }

static void
clear_image(png_image *image)
{
    png_image_free(image);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(png_image, clear_image)

PstPicture *
pst_picture_png_read(const guint8 *data, gsize len, GError **error)
{
    g_auto(png_image) image = {.version = PNG_IMAGE_VERSION};
    const png_color black = BLACK;

    if (!png_image_begin_read_from_memory(&image, data, len)) {
        g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "not a PNG: %s", image.message);
        return NULL;
    }
    g_autoptr(PstPicture) picture = pst_picture_new(image.width, image.height, error);
    if (picture == NULL)
        return NULL;
    image.format = PNG_FORMAT_RGB;
    if (png_image_finish_read(&image, &black, picture->rgb, 0, NULL))
        return g_steal_pointer(&picture);
    g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "not a whole PNG: %s", image.message);
    return NULL;
}

GBytes *
pst_picture_png_write(const PstPicture *picture, GError **error)
{
    g_auto(png_image) image = {.version = PNG_IMAGE_VERSION,
                               .width = picture->width,
                               .height = picture->height,
                               .format = PNG_FORMAT_RGB,
                               .flags = PNG_IMAGE_FLAG_FAST};
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    g_autofree guint8 *buffer = g_malloc(size);

    if (png_image_write_to_memory(&image, buffer, &size, 0, picture->rgb, 0, NULL))
        return g_bytes_new(buffer, size);
    g_set_error(error, PST_ERROR, PST_ERROR_INTERNAL, "no PNG can be made: %s", image.message);
    return NULL;
}
