// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any bytes as a screen: no picture, or one within the bounds whose every pixel is there. */
#include "host-sidecar/picture.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstPicture) picture = pst_picture_read(data, len, &error);
    guint64 sum = 0;

    g_assert_true((picture == NULL) == (error != NULL));
    if (picture == NULL)
        return 0;
    g_assert_cmpuint(picture->width, <=, PST_PICTURE_MAX_SIDE);
    g_assert_cmpuint(picture->height, <=, PST_PICTURE_MAX_SIDE);
    for (gsize i = 0; i < (gsize)picture->width * picture->height * 3; i++)
        sum += picture->rgb[i];
    g_assert_cmpuint(sum, <=, (guint64)PST_PICTURE_MAX_PIXELS * 3 * 255);
    return 0;
}
