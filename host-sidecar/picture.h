// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* A guest's screen as a picture. A guest chooses what is on it and how large it is, and what QEMU
 * makes of it is taken for hostile: sizes before buffers, and of what comes in nothing but the
 * pixels goes out. */

#define PST_PICTURE_MAX_SIDE 8192
#define PST_PICTURE_MAX_PIXELS (16 * 1024 * 1024)
/* As a PPM, three bytes a pixel, and its head. */
#define PST_PICTURE_MAX_BYTES (3 * PST_PICTURE_MAX_PIXELS + 64)

typedef struct {
    guint width, height;
    guint8 *rgb; /* three bytes a pixel, line by line */
} PstPicture;

/* NULL with PST_ERROR_PROTOCOL where the sides are out of bounds. The pixels are black. */
PstPicture *pst_picture_new(guint64 width, guint64 height, GError **error);
void pst_picture_free(PstPicture *picture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstPicture, pst_picture_free)

/* A picture in one of the two formats in which libvirt hands screens out, by its first bytes. NULL
 * with PST_ERROR_PROTOCOL. */
PstPicture *pst_picture_read(const guint8 *data, gsize len, GError **error);

/* A binary PPM of 8 bits a channel, as QEMU writes it: no comments, one picture, and nothing behind
 * it. */
PstPicture *pst_picture_ppm_read(const guint8 *data, gsize len, GError **error);

/* A PNG, without its transparency and whatever it holds besides pixels. */
PstPicture *pst_picture_png_read(const guint8 *data, gsize len, GError **error);

/* The picture as a PNG. NULL with PST_ERROR_INTERNAL. */
GBytes *pst_picture_png_write(const PstPicture *picture, GError **error);

/* As a PNG of at most MAX_BYTES: the picture itself, or it scaled down by halves until it fits.
 * NULL with PST_ERROR_INTERNAL. */
GBytes *pst_picture_png_write_within(const PstPicture *picture, gsize max_bytes, GError **error);
