// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/address-filter.h"

#include <gio/gio.h>

/* systemd.resource-control(5). */
static const struct {
    const char *word;
    const char *prefixes[2];
} names[] = {
    {"any", {"0.0.0.0/0", "::/0"}},
    {"localhost", {"127.0.0.0/8", "::1/128"}},
    {"link-local", {"169.254.0.0/16", "fe80::/64"}},
    {"multicast", {"224.0.0.0/4", "ff00::/8"}},
};

static gboolean
covers(const char *prefix, const char *address)
{
    g_autoptr(GInetAddressMask) mask = g_inet_address_mask_new_from_string(prefix, NULL);
    g_autoptr(GInetAddress) from = g_inet_address_new_from_string(address);

    return mask != NULL && from != NULL &&
           g_inet_address_get_family(from) == g_inet_address_mask_get_family(mask) &&
           g_inet_address_mask_matches(mask, from);
}

/* Nobody from outside comes from the guest's own loopback. */
static gboolean
is_of_outside(const char *word)
{
    return !g_str_equal(word, "localhost") && !g_str_has_prefix(word, "127.") &&
           !g_str_has_prefix(word, "::1");
}

static PstTri
match_word(const char *word, const char *address)
{
    gboolean named = FALSE, covered = FALSE;

    if (address == NULL) {
        if (g_str_equal(word, "any"))
            return PST_TRI_YES;
        return is_of_outside(word) ? PST_TRI_UNKNOWN : PST_TRI_NO;
    }
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!g_str_equal(word, names[i].word))
            continue;
        named = TRUE;
        covered = covers(names[i].prefixes[0], address) || covers(names[i].prefixes[1], address);
    }
    return PST_TRI(named ? covered : covers(word, address));
}

/* The best of all words; *PLACE has the value that has it. */
static PstTri
match(const GPtrArray *values, const char *address, const PstUnitFileValue **place)
{
    PstTri found = PST_TRI_NO;

    for (guint i = 0; i < values->len; i++) {
        const PstUnitFileValue *value = values->pdata[i];
        g_auto(GStrv) words = g_strsplit_set(value->value, " \t", -1);

        for (guint j = 0; words[j] != NULL; j++) {
            PstTri one = words[j][0] != '\0' ? match_word(words[j], address) : PST_TRI_NO;

            if (found == PST_TRI_YES || one == PST_TRI_NO ||
                (one == PST_TRI_UNKNOWN && found == PST_TRI_UNKNOWN))
                continue;
            found = one;
            *place = value;
        }
    }
    return found;
}

PstTri
pst_address_filter_passes(const GPtrArray *allow, const GPtrArray *deny, const char *address,
                          const PstUnitFileValue **place)
{
    const PstUnitFileValue *allowing = NULL;
    PstTri allowed = match(allow, address, &allowing);
    PstTri denied = PST_TRI_NO;

    *place = NULL;
    if (allowed != PST_TRI_YES)
        denied = match(deny, address, place);
    if (denied == PST_TRI_NO)
        return PST_TRI_YES;
    return denied == PST_TRI_YES && allowed == PST_TRI_NO ? PST_TRI_NO : PST_TRI_UNKNOWN;
}
