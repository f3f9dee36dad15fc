// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/diff.h"
#include "host-sidecar/host-identity.h"
#include "tests/unit/baseline-world.h"

/* The notes by name, in their order. */
static char *
notes_of(const PstDiff *diff)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint i = 0; i < diff->notes->len; i++)
        g_string_append_printf(out, "%s%s", i > 0 ? " " : "",
                               pst_diff_note_names[((PstDiffNote *)diff->notes->pdata[i])->kind]);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

typedef struct {
    const char *name;
    void (*change)(World *after, World *before);
    const char *notes;
    PstTri same_guest, same_boot;
    PstDiffVerdict verdict;
    gboolean asks; /* the second was asked with the first's place */
} Row;

static void
go_on(World *after G_GNUC_UNUSED, World *before G_GNUC_UNUSED)
{
}

static void
reboot(World *after, World *before G_GNUC_UNUSED)
{
    after->boot = WORLD_OTHER_BOOT;
    after->up_us = WORLD_SECONDS(20);
}

static void
revert(World *after, World *before)
{
    after->up_us = before->up_us - WORLD_SECONDS(30);
    after->place = before->place - 3;
}

/* To a snapshot with the same second since the boot, almost: only its journal tells. */
static void
revert_and_wait(World *after, World *before)
{
    after->up_us = before->up_us + WORLD_SECONDS(1);
    after->place = before->place - 3;
}

static void
revert_and_catch_up(World *after, World *before)
{
    after->up_us = before->up_us + WORLD_SECONDS(1);
    after->after_found = PST_TRI_NO;
}

static void
pause_it(World *after, World *before)
{
    after->up_us = before->up_us + WORLD_SECONDS(1);
}

static void
pause_asked(World *after, World *before)
{
    after->up_us = before->up_us + WORLD_SECONDS(1);
    after->after_found = PST_TRI_YES;
}

static void
revert_across_boot(World *after, World *before)
{
    after->boot = WORLD_OTHER_BOOT;
    after->up_us = before->up_us + WORLD_SECONDS(3600);
}

/* To a snapshot of an older boot: what stands still begins later by that, so that only the journal
 * tells. */
static void
revert_to_older_boot(World *after, World *before G_GNUC_UNUSED)
{
    after->boot = WORLD_OTHER_BOOT;
    after->up_us = WORLD_SECONDS(20);
    after->after_found = PST_TRI_NO;
}

static void
reboot_asked(World *after, World *before)
{
    reboot(after, before);
    after->after_found = PST_TRI_YES;
}

static void
revert_to_shorter(World *after, World *before)
{
    after->boot = WORLD_OTHER_BOOT;
    after->up_us = WORLD_SECONDS(20);
    after->place = before->place - 20;
}

static void
set_back(World *after, World *before G_GNUC_UNUSED)
{
    after->behind_us = WORLD_SECONDS(3600);
}

static void
other_machine(World *after, World *before G_GNUC_UNUSED)
{
    after->machine = WORLD_OTHER_MACHINE;
    after->key = "SHA256:two";
    after->boot = WORLD_OTHER_BOOT;
}

static void
new_keys(World *after, World *before G_GNUC_UNUSED)
{
    after->key = "SHA256:two";
}

static void
keys_and_boot(World *after, World *before)
{
    new_keys(after, before);
    reboot(after, before);
}

static void
clone_it(World *after, World *before G_GNUC_UNUSED)
{
    after->uuid = "4a4f5d6e-1111-4222-8333-444455556666";
}

static void
swap(World *after, World *before)
{
    World moved = *before;

    *before = *after;
    *after = moved;
}

static void
lose_boot(World *after, World *before G_GNUC_UNUSED)
{
    after->boot = NULL;
}

static const Row rows[] = {
    {"same-boot", go_on, "", PST_TRI_YES, PST_TRI_YES, PST_DIFF_SAME, FALSE},
    {"rebooted", reboot, "rebooted", PST_TRI_YES, PST_TRI_NO, PST_DIFF_SAME, FALSE},
    {"reverted", revert, "reverted", PST_TRI_YES, PST_TRI_YES, PST_DIFF_SAME, FALSE},
    {"reverted-journal", revert_and_wait, "reverted", PST_TRI_YES, PST_TRI_YES, PST_DIFF_SAME,
     FALSE},
    {"reverted-asked", revert_and_catch_up, "reverted", PST_TRI_YES, PST_TRI_YES, PST_DIFF_SAME,
     TRUE},
    {"reverted-not-asked", revert_and_catch_up, "stood-still", PST_TRI_YES, PST_TRI_YES,
     PST_DIFF_SAME, FALSE},
    {"paused", pause_it, "stood-still", PST_TRI_YES, PST_TRI_YES, PST_DIFF_SAME, FALSE},
    {"paused-asked", pause_asked, "", PST_TRI_YES, PST_TRI_YES, PST_DIFF_SAME, TRUE},
    {"reverted-across-boot", revert_across_boot, "reverted", PST_TRI_YES, PST_TRI_NO, PST_DIFF_SAME,
     FALSE},
    {"reverted-to-older-boot", revert_to_older_boot, "reverted", PST_TRI_YES, PST_TRI_NO,
     PST_DIFF_SAME, TRUE},
    {"rebooted-asked", reboot_asked, "rebooted", PST_TRI_YES, PST_TRI_NO, PST_DIFF_SAME, TRUE},
    {"reverted-then-booted", revert_to_shorter, "reverted", PST_TRI_YES, PST_TRI_NO, PST_DIFF_SAME,
     FALSE},
    {"set-back", set_back, "set-back", PST_TRI_YES, PST_TRI_YES, PST_DIFF_SAME, FALSE},
    {"other-machine", other_machine, "other-machine other-keys", PST_TRI_NO, PST_TRI_NO,
     PST_DIFF_NOT_SURE, FALSE},
    {"new-keys", new_keys, "other-keys", PST_TRI_YES, PST_TRI_YES, PST_DIFF_SAME, FALSE},
    {"new-keys-after-boot", keys_and_boot, "other-keys rebooted", PST_TRI_UNKNOWN, PST_TRI_NO,
     PST_DIFF_NOT_SURE, FALSE},
    {"clone", clone_it, "other-domain", PST_TRI_UNKNOWN, PST_TRI_YES, PST_DIFF_NOT_SURE, FALSE},
    {"reversed", swap, "reversed", PST_TRI_YES, PST_TRI_YES, PST_DIFF_NOT_SURE, FALSE},
    {"untold", lose_boot, "untold", PST_TRI_YES, PST_TRI_UNKNOWN, PST_DIFF_NOT_SURE, FALSE},
};

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    World before = world(), after = world_later(before, WORLD_SECONDS(60));

    row->change(&after, &before);
    g_autoptr(PstBaseline) old = world_baseline(&before, NULL);
    g_autoptr(PstBaseline) new = world_baseline(&after, row->asks ? old : NULL);
    g_autoptr(PstDiff) diff = pst_diff_make(old, new);
    g_autofree char *notes = notes_of(diff);

    g_assert_cmpstr(notes, ==, row->notes);
    g_assert_cmpint(diff->same_guest, ==, row->same_guest);
    g_assert_cmpint(diff->same_boot, ==, row->same_boot);
    g_assert_cmpint(pst_diff_verdict(diff), ==, row->verdict);
    g_autoptr(PstDiff) own = pst_diff_make(new, new);
    g_assert_true(pst_diff_is_empty(own));
}

/* A file that was read twice is two baselines, and the same. */
static void
test_itself(void)
{
    World one = world();

    one.boot = NULL;
    g_autoptr(PstBaseline) first = world_baseline(&one, NULL);
    g_autoptr(PstBaseline) second = world_baseline(&one, NULL);
    g_autoptr(PstDiff) diff = pst_diff_make(first, second);
    g_assert_true(pst_diff_is_empty(diff));
}

static void
test_asking(void)
{
    static const char *const others[] = {"root", NULL};
    World before = world(), after = world_later(before, WORLD_SECONDS(60));

    after.users = others;
    after.via = PST_VIA_AGENT;
    g_autoptr(PstBaseline) old = world_baseline(&before, NULL);
    g_autoptr(PstBaseline) new = world_baseline(&after, NULL);
    g_free(new->version);
    new->version = g_strdup("9.9");
    g_autoptr(PstDiff) diff = pst_diff_make(old, new);
    g_autofree char *notes = notes_of(diff);
    g_assert_cmpstr(notes, ==, "other-version other-path other-question");
    g_assert_cmpint(pst_diff_verdict(diff), ==, PST_DIFF_NOT_SURE);
    for (guint i = 0; i < diff->changes->len; i++)
        g_assert_nonnull(
            strstr(((PstDiffChange *)diff->changes->pdata[i])->reason, "that was not asked"));
}

/* Where a guest is now is told, and forbids nothing. */
static void
test_host(void)
{
    World before = world(), after = world_later(before, WORLD_SECONDS(60));
    g_autoptr(PstBaseline) old = world_baseline(&before, NULL);
    g_autoptr(PstBaseline) new = world_baseline(&after, NULL);

    old->host = g_strdup("hv1");
    old->host_id = pst_host_identity_hash("5fd06ac3b6a44bbca5a0a2bd1a2b3c4d\n");
    new->host = g_strdup("hv1.example");
    new->host_id = g_strdup(old->host_id);
    g_autoptr(PstDiff) same = pst_diff_make(old, new);
    g_assert_cmpuint(same->notes->len, ==, 0);
    g_free(new->host_id);
    new->host_id = pst_host_identity_hash("6fd06ac3b6a44bbca5a0a2bd1a2b3c4d");
    g_autoptr(PstDiff) other = pst_diff_make(old, new);
    g_autofree char *notes = notes_of(other);
    g_assert_cmpstr(notes, ==, "other-host");
    g_assert_nonnull(strstr(((PstDiffNote *)other->notes->pdata[0])->text,
                            "on the host hv1.example, and was on hv1"));
    g_assert_cmpint(other->same_guest, ==, PST_TRI_YES);
    g_assert_cmpint(pst_diff_verdict(other), ==, PST_DIFF_SAME);
}

/* As systemd-id128 machine-id --app-specific=7c1e0d5a93444bd6a82f6107e5b93c18 has it. */
static void
test_host_id(void)
{
    g_autofree char *hash = pst_host_identity_hash("5fd06ac3b6a44bbca5a0a2bd1a2b3c4d\n");

    g_assert_cmpstr(hash, ==, "1dafaba289554e3abc2e2ac1f4d7b8e9");
    g_assert_null(pst_host_identity_hash(""));
    g_assert_null(pst_host_identity_hash("uninitialized\n"));
    static const struct {
        const char *uri;
        gboolean told;
    } uris[] = {{"qemu:///system", TRUE},
                {"test+unix:///default?socket=/x", TRUE},
                {"qemu+ssh://hv3/system", FALSE},
                {"qemu+tls://root@hv3:16514/system", FALSE},
                {NULL, FALSE}};
    for (guint i = 0; i < G_N_ELEMENTS(uris); i++) {
        g_auto(PstHostIdentity) identity = {NULL, NULL};

        pst_host_identity_read(uris[i].uri, &identity);
        g_assert_true((identity.name != NULL) == uris[i].told);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strconcat("/diff/identity/", rows[i].name, NULL);
        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/diff/identity/itself", test_itself);
    g_test_add_func("/diff/identity/host", test_host);
    g_test_add_func("/diff/identity/host-id", test_host_id);
    g_test_add_func("/diff/identity/asking", test_asking);
    return g_test_run();
}
