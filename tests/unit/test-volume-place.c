// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/lifecycle.h"
#include "host-sidecar/volume-place.h"

#define BEGIN ((const guint8 *)"the newest part begins so")
#define BEGIN_LEN 25

static PstVolumePlace *
make(gint64 rolled_us, gint64 newest_bytes)
{
    PstVolumePlace *place = pst_volume_place_new();

    pst_volume_place_add_part(place, 2000, rolled_us);
    pst_volume_place_add_part(place, newest_bytes, 9000);
    return place;
}

static gboolean
is_like(gint64 rolled_us, gint64 newest_bytes, gint64 offset)
{
    g_autoptr(PstVolumePlace) place = make(7, 100);
    g_autoptr(PstVolumePlace) now = make(rolled_us, newest_bytes);

    place->offset = offset;
    return pst_volume_place_is_like(place, now);
}

static void
test_parts(void)
{
    g_autoptr(PstVolumePlace) none = pst_volume_place_new();
    g_autoptr(PstVolumePlace) one = pst_volume_place_new();
    g_autoptr(PstVolumePlace) two = make(7, 100);

    g_assert_true(is_like(7, 100, PST_INT_UNKNOWN));
    g_assert_true(is_like(7, 5000, PST_INT_UNKNOWN));
    g_assert_true(is_like(7, 150, 150));
    /* What was read is not there any more. */
    g_assert_false(is_like(7, 149, 150));
    g_assert_false(is_like(7, 99, PST_INT_UNKNOWN));
    /* It was rolled. */
    g_assert_false(is_like(8, 100, PST_INT_UNKNOWN));
    pst_volume_place_add_part(one, 100, 9000);
    g_assert_false(pst_volume_place_is_like(one, two));
    g_assert_false(pst_volume_place_is_like(two, one));
    g_assert_false(pst_volume_place_is_like(none, none));
}

static void
test_head(void)
{
    g_autoptr(PstVolumePlace) place = make(7, 100);
    g_autofree guint8 *large = g_malloc0(2 * PST_VOLUME_PLACE_HEAD);

    g_assert_false(pst_volume_place_has_head(place, BEGIN, BEGIN_LEN));
    pst_volume_place_set_head(place, BEGIN, 10);
    g_assert_true(pst_volume_place_has_head(place, BEGIN, 10));
    g_assert_true(pst_volume_place_has_head(place, BEGIN, BEGIN_LEN));
    g_assert_false(pst_volume_place_has_head(place, BEGIN, 9));
    g_assert_false(pst_volume_place_has_head(place, BEGIN + 1, 10));
    pst_volume_place_set_head(place, BEGIN, 0);
    g_assert_null(place->head);

    pst_volume_place_set_head(place, large, 2 * PST_VOLUME_PLACE_HEAD);
    g_assert_cmpint(place->head_bytes, ==, PST_VOLUME_PLACE_HEAD);
    large[PST_VOLUME_PLACE_HEAD] = 1;
    g_assert_true(pst_volume_place_has_head(place, large, PST_VOLUME_PLACE_HEAD + 1));
    large[PST_VOLUME_PLACE_HEAD - 1] = 1;
    g_assert_false(pst_volume_place_has_head(place, large, PST_VOLUME_PLACE_HEAD + 1));
}

static void
test_continue(void)
{
    g_autoptr(PstVolumePlace) place = make(7, 100);

    place->offset = 90;
    place->kept = 3;
    g_assert_false(pst_volume_place_can_continue(place));
    pst_volume_place_set_head(place, BEGIN, BEGIN_LEN);
    g_assert_true(pst_volume_place_can_continue(place));
    place->kept = PST_INT_UNKNOWN;
    g_assert_false(pst_volume_place_can_continue(place));
    place->kept = 3;
    place->offset = PST_INT_UNKNOWN;
    g_assert_false(pst_volume_place_can_continue(place));
}

static PstVolumePlace *
make_whole(void)
{
    PstVolumePlace *place = make(7, 100);

    pst_volume_place_set_head(place, BEGIN, BEGIN_LEN);
    place->offset = 90;
    place->records = 3;
    place->dropped = 1;
    place->stray_bytes = 5;
    place->kept = 3;
    return place;
}

/* As it comes back from the file that it is kept in; NULL where it is refused there. */
static PstLifecycle *
keep(const PstVolumePlace *place)
{
    g_autoptr(PstLifecycle) lifecycle = pst_lifecycle_new();
    gsize len = 0;

    lifecycle->place = pst_volume_place_copy(place);
    g_autofree char *text = pst_lifecycle_to_text(lifecycle, &len);
    return pst_lifecycle_parse(text, len, NULL);
}

static void
test_kept(void)
{
    g_autoptr(PstVolumePlace) place = make_whole();
    g_autoptr(PstLifecycle) kept = keep(place);

    g_assert_true(pst_volume_place_equal(kept->place, place));
    place->kept = 4;
    g_assert_false(pst_volume_place_equal(kept->place, place));
}

static void
check_refused(PstVolumePlace *place)
{
    g_autoptr(PstVolumePlace) refused = place;

    g_assert_null(keep(refused));
}

/* Whoever can write the file can write anything into it. */
static void
test_nonsense(void)
{
    PstVolumePlace *place = make_whole();

    place->offset = -1;
    check_refused(place);
    place = make_whole();
    place->records = -1;
    check_refused(place);
    place = make_whole();
    place->dropped = PST_INT_UNKNOWN;
    check_refused(place);
    place = make_whole();
    place->kept = -7;
    check_refused(place);
    place = make_whole();
    place->head_bytes = PST_VOLUME_PLACE_HEAD + 1;
    check_refused(place);
    place = make_whole();
    place->head[5] = '\0';
    check_refused(place);
    place = make_whole();
    pst_volume_place_set_head(place, BEGIN, 0);
    check_refused(place);
    place = make_whole();
    pst_volume_place_add_part(place, -1, 0);
    check_refused(place);
    place = make_whole();
    for (guint i = 0; i < 20; i++)
        pst_volume_place_add_part(place, 1, 1);
    check_refused(place);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/volume-place/parts", test_parts);
    g_test_add_func("/volume-place/head", test_head);
    g_test_add_func("/volume-place/continue", test_continue);
    g_test_add_func("/volume-place/kept", test_kept);
    g_test_add_func("/volume-place/nonsense", test_nonsense);
    return g_test_run();
}
