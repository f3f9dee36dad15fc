// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/record-guests.h"

#include <string.h>

typedef struct {
    const char *machine, *domain; /* empty where not known */
    guint guest;                  /* from 1 on; 0: not looked for yet */
} Boot;

/* Numbers of guests, from 1 on. Trees, since identifiers are the guest's: it can choose them so
 * that a hash table is as slow as a list. */
typedef struct {
    GTree *by_both;
    GTree *by_machine; /* the one with that machine that wrote last, and so on */
    GTree *by_domain;
    guint last;
    guint n;
} Guests;

static gint
by_text(gconstpointer a, gconstpointer b, gpointer user_data G_GNUC_UNUSED)
{
    return strcmp(a, b);
}

static gint
by_machine_and_domain(gconstpointer left, gconstpointer right, gpointer user_data G_GNUC_UNUSED)
{
    const Boot *a = left, *b = right;
    gint machines = strcmp(a->machine, b->machine);

    return machines != 0 ? machines : strcmp(a->domain, b->domain);
}

/* Of each boot's id, a Boot. */
static GTree *
find_boots(const GPtrArray *records)
{
    GTree *boots = g_tree_new_full(by_text, NULL, NULL, g_free);

    for (guint i = 0; i < records->len; i++) {
        const PstRecord *record = records->pdata[i];
        Boot *boot = g_tree_lookup(boots, record->boot_id);

        if (boot == NULL) {
            boot = g_new0(Boot, 1);
            boot->machine = boot->domain = "";
            g_tree_insert(boots, record->boot_id, boot);
        }
        boot->machine = *record->machine_id != '\0' ? record->machine_id : boot->machine;
        boot->domain =
            record->domain != NULL && *record->domain != '\0' ? record->domain : boot->domain;
    }
    return boots;
}

static guint
number(GTree *tree, gconstpointer key)
{
    return GPOINTER_TO_UINT(g_tree_lookup(tree, key));
}

/* That BOOT can be of; 0 where none is known. */
static guint
find_guest(const Guests *guests, const Boot *boot)
{
    if (*boot->machine != '\0' && *boot->domain != '\0')
        return number(guests->by_both, boot);
    if (*boot->machine != '\0')
        return number(guests->by_machine, boot->machine);
    return *boot->domain != '\0' ? number(guests->by_domain, boot->domain) : guests->last;
}

static void
settle(Guests *guests, Boot *boot)
{
    if (boot->guest != 0)
        return;
    boot->guest = find_guest(guests, boot);
    if (boot->guest != 0)
        return;
    boot->guest = ++guests->n;
    g_tree_insert(guests->by_both, boot, GUINT_TO_POINTER(boot->guest));
}

static void
note(Guests *guests, Boot *boot)
{
    if (*boot->machine != '\0')
        g_tree_insert(guests->by_machine, (gpointer)boot->machine, GUINT_TO_POINTER(boot->guest));
    if (*boot->domain != '\0')
        g_tree_insert(guests->by_domain, (gpointer)boot->domain, GUINT_TO_POINTER(boot->guest));
    guests->last = boot->guest;
}

GArray *
pst_record_guests(const GPtrArray *records)
{
    GArray *numbers = g_array_sized_new(FALSE, TRUE, sizeof(guint), records->len);
    g_autoptr(GTree) boots = find_boots(records);
    g_autoptr(GTree) by_both = g_tree_new_full(by_machine_and_domain, NULL, NULL, NULL);
    g_autoptr(GTree) by_machine = g_tree_new_full(by_text, NULL, NULL, NULL);
    g_autoptr(GTree) by_domain = g_tree_new_full(by_text, NULL, NULL, NULL);
    Guests guests = {by_both, by_machine, by_domain, 0, 0};

    /* Those that are known come first, the first last: what comes before it is of it. */
    for (guint i = records->len; i > 0; i--) {
        const PstRecord *record = records->pdata[i - 1];
        Boot *boot = g_tree_lookup(boots, record->boot_id);

        if (*boot->machine == '\0' || *boot->domain == '\0')
            continue;
        settle(&guests, boot);
        note(&guests, boot);
    }
    for (guint i = 0; i < records->len; i++) {
        const PstRecord *record = records->pdata[i];
        Boot *boot = g_tree_lookup(boots, record->boot_id);

        settle(&guests, boot);
        note(&guests, boot);
        guint guest = boot->guest - 1;
        g_array_append_val(numbers, guest);
    }
    return numbers;
}
