// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/picture.h"
#include "protocol/error.h"

#define HEAD "P6\n3 2\n255\n"
#define PIXELS "abcdefghijklmnopqr"

static PstPicture *
read_text(const char *text, GError **error)
{
    /* Of the exact size, so that the address sanitizer sees a read beyond it. */
    gsize len = strlen(text);
    g_autofree guint8 *copy = g_memdup2(text, len);

    return pst_picture_read(copy, len, error);
}

static void
test_ppm(void)
{
    g_autoptr(PstPicture) picture = read_text(HEAD PIXELS, NULL);

    g_assert_nonnull(picture);
    g_assert_cmpuint(picture->width, ==, 3);
    g_assert_cmpuint(picture->height, ==, 2);
    g_assert_cmpmem(picture->rgb, 18, PIXELS, 18);
}

static void
test_ppm_refused(void)
{
    const char *const texts[] = {
        "",
        "P",
        "P6",
        "P5\n3 2\n255\n" PIXELS,
        "P6\n3 2\n255" PIXELS,
        "P6\n3 2\n65535\n" PIXELS,
        "P6\n3 2\n254\n" PIXELS,
        "P6\n3 2\n255\n",
        "P6\n3 2\n255\n" PIXELS "s",
        "P6\n3 2\n255\nabcdefghijklmnopq",
        "P6\n# words\n3 2\n255\n" PIXELS,
        "P6\n-3 2\n255\n" PIXELS,
        "P6\n+3 2\n255\n" PIXELS,
        "P6\n3\n2\n\n255\n" PIXELS,
        "P6\n 3 2\n255\n" PIXELS,
        "P63 2\n255\n" PIXELS,
        "P6\n0 0\n255\n",
        "P6\n0 7\n255\n",
        "P6\n99999999999999999999 2\n255\n" PIXELS,
        "P6\n99999 99999\n255\n" PIXELS,
        "P6\n4294967299 2\n255\n" PIXELS,
        "GIF89a",
        "<svg xmlns='http://www.w3.org/2000/svg'/>",
    };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(read_text(texts[i], &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_PROTOCOL);
    }
}

static PstPicture *
make(void)
{
    PstPicture *picture = pst_picture_new(65, 17, NULL);

    for (guint i = 0; i < 65 * 17 * 3; i++)
        picture->rgb[i] = (guint8)(i * 7);
    return picture;
}

static void
test_png(void)
{
    g_autoptr(PstPicture) picture = make();
    g_autoptr(GBytes) png = pst_picture_png_write(picture, NULL);
    gsize len = 0;
    const guint8 *data = g_bytes_get_data(png, &len);
    g_autoptr(PstPicture) again = pst_picture_read(data, len, NULL);

    g_assert_nonnull(again);
    g_assert_cmpuint(again->width, ==, 65);
    g_assert_cmpmem(again->rgb, 65 * 17 * 3, picture->rgb, 65 * 17 * 3);
}

/* Cut at every byte, and each byte changed: no picture, or one of sound size. */
static void
test_png_hostile(void)
{
    g_autoptr(PstPicture) picture = make();
    g_autoptr(GBytes) png = pst_picture_png_write(picture, NULL);
    gsize len = 0;
    const guint8 *data = g_bytes_get_data(png, &len);

    for (gsize i = 0; i < len; i++) {
        g_autofree guint8 *cut = g_memdup2(data, i);
        g_autofree guint8 *changed = g_memdup2(data, len);
        g_autoptr(GError) error = NULL;
        g_autoptr(PstPicture) other = NULL;

        /* The mark of its end, and its checksum, may be gone. */
        if (i < len - 16) {
            g_assert_null(pst_picture_read(cut, i, &error));
            g_assert_error(error, PST_ERROR, PST_ERROR_PROTOCOL);
        }
        changed[i] ^= 0x41;
        other = pst_picture_read(changed, len, NULL);
        if (other != NULL)
            g_assert_cmpuint((guint64)other->width * other->height, <=, PST_PICTURE_MAX_PIXELS);
    }
}

/* Sides beyond the bounds are refused before there is a buffer for them. */
static void
test_bounds(void)
{
    static const guint64 sides[][2] = {{0, 1},
                                       {1, 0},
                                       {PST_PICTURE_MAX_SIDE + 1, 1},
                                       {1, PST_PICTURE_MAX_SIDE + 1},
                                       {PST_PICTURE_MAX_SIDE, PST_PICTURE_MAX_SIDE},
                                       {G_MAXUINT64, G_MAXUINT64}};

    for (guint i = 0; i < G_N_ELEMENTS(sides); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(pst_picture_new(sides[i][0], sides[i][1], &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_PROTOCOL);
    }
    g_autoptr(PstPicture) wide = pst_picture_new(PST_PICTURE_MAX_SIDE, 1, NULL);
    g_assert_nonnull(wide);
}

/* What a guest can put on its screen that does not compress. */
static PstPicture *
make_noise(guint width, guint height)
{
    PstPicture *picture = pst_picture_new(width, height, NULL);
    g_autoptr(GRand) random = g_rand_new_with_seed(1);

    for (gsize i = 0; i < (gsize)width * height * 3; i++)
        picture->rgb[i] = (guint8)g_rand_int(random);
    return picture;
}

static void
test_within(void)
{
    g_autoptr(PstPicture) noise = make_noise(641, 481);
    g_autoptr(GBytes) whole = pst_picture_png_write(noise, NULL);
    gsize len = 0;
    const gsize max = 200 * 1024;

    g_autoptr(GBytes) same = pst_picture_png_write_within(noise, g_bytes_get_size(whole), NULL);
    g_assert_true(g_bytes_equal(same, whole));
    g_autoptr(GBytes) small = pst_picture_png_write_within(noise, max, NULL);
    g_assert_cmpuint(g_bytes_get_size(whole), >, max);
    g_assert_cmpuint(g_bytes_get_size(small), <=, max);
    const guint8 *png = g_bytes_get_data(small, &len);
    g_autoptr(PstPicture) read = pst_picture_png_read(png, len, NULL);
    g_assert_cmpuint(read->width, ==, 161);
    g_assert_cmpuint(read->height, ==, 121);
    g_autoptr(GError) error = NULL;
    g_assert_null(pst_picture_png_write_within(noise, 1, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_INTERNAL);
}

/* Each pixel is the mean of those in whose place it is, at the edges too. */
static void
test_halves(void)
{
    g_autoptr(PstPicture) picture = pst_picture_new(3, 3, NULL);
    gsize len = 0;

    for (guint i = 0; i < 9; i++)
        memset(picture->rgb + (gsize)3 * i, (int)(10 * i), 3);
    /* Less than three by three take, and two by two do. */
    g_autoptr(GBytes) whole = pst_picture_png_write(picture, NULL);
    g_autoptr(GBytes) half =
        pst_picture_png_write_within(picture, g_bytes_get_size(whole) - 1, NULL);
    const guint8 *png = g_bytes_get_data(half, &len);
    g_autoptr(PstPicture) read = pst_picture_png_read(png, len, NULL);
    const guint8 expected[] = {20, 35, 65, 80};

    g_assert_cmpuint(read->width, ==, 2);
    g_assert_cmpuint(read->height, ==, 2);
    for (guint i = 0; i < 4; i++)
        g_assert_cmpuint(read->rgb[3 * i], ==, expected[i]);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/picture/ppm", test_ppm);
    g_test_add_func("/picture/ppm-refused", test_ppm_refused);
    g_test_add_func("/picture/png", test_png);
    g_test_add_func("/picture/png-hostile", test_png_hostile);
    g_test_add_func("/picture/bounds", test_bounds);
    g_test_add_func("/picture/within", test_within);
    g_test_add_func("/picture/halves", test_halves);
    return g_test_run();
}
