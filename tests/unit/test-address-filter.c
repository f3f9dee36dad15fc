// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/address-filter.h"

/* Whom IPAddressAllow= and IPAddressDeny= let in. */

#define YES PST_TRI_YES
#define NO PST_TRI_NO
#define MAYBE PST_TRI_UNKNOWN
#define HERE "192.0.2.9"
#define SIX "2001:db8::9"

static const struct {
    const char *allow, *deny; /* NULL: no value */
    const char *from;         /* NULL: nobody said */
    PstTri passes;
} rows[] = {
    {NULL, NULL, HERE, YES},
    {NULL, "any", HERE, NO},
    {NULL, "192.0.2.9", HERE, NO},
    {NULL, "192.0.2.0/24", HERE, NO},
    /* Bits beyond the prefix don't matter. */
    {NULL, "192.0.2.1/24", HERE, NO},
    {NULL, "2001:db8::1/32", SIX, NO},
    {"192.0.2.1/24", "any", HERE, YES},
    {NULL, "192.0.2.0/29", HERE, YES},
    {NULL, "192.0.2.8/29", HERE, NO},
    {NULL, "0.0.0.0/0", SIX, YES},
    {NULL, "192.0.2.0/24", "::ffff:192.0.2.9", NO},
    {NULL, "fe80::/10", "fe80::1%eth0", NO},
    /* Whoever comes from outside. */
    {NULL, "any", NULL, NO},
    {NULL, "0.0.0.0/0 ::/0", NULL, NO},
    {NULL, "0.0.0.0/0", NULL, MAYBE},
    {NULL, "10.0.0.0/8", NULL, MAYBE},
    {NULL, "localhost", NULL, YES},
    {NULL, "127.0.0.1 ::1", NULL, YES},
    {"localhost", "any", NULL, NO},
    {"127.0.0.0/8 ::1/128", "any", NULL, NO},
    {"::1:0/112", "any", NULL, MAYBE},
    {"any", "any", NULL, YES},
    /* What is no prefix is left out. */
    {NULL, "192.0.2.0/33 192.0.2.0/ 192.0.2.0/x 192.0.2/24 / name", HERE, YES},
    {NULL, "192.0.2.0/33 192.0.2.0/24", HERE, NO},
};

static GPtrArray *
make_values(const char *text)
{
    GPtrArray *values = g_ptr_array_new_with_free_func(pst_unit_file_value_free);

    if (text != NULL) {
        PstUnitFileValue *value = g_new0(PstUnitFileValue, 1);
        value->value = g_strdup(text);
        g_ptr_array_add(values, value);
    }
    return values;
}

static void
test_table(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GPtrArray) allow = make_values(rows[i].allow), deny = make_values(rows[i].deny);
        const PstUnitFileValue *place = NULL;

        g_test_message("row %u", i);
        g_assert_cmpint(pst_address_filter_passes(allow, deny, rows[i].from, &place), ==,
                        rows[i].passes);
        if (rows[i].passes != YES)
            g_assert_true(place == deny->pdata[0]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/address-filter/table", test_table);
    return g_test_run();
}
