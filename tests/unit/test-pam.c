// SPDX-License-Identifier: LGPL-2.1-or-later
#include <elf.h>
#include <link.h>
#include <string.h>

#include "guest-shim/pam-judge.h"
#include "tests/unit/world.h"

#define SECURITY "/usr/lib64/security/"

/* The smallest file that passes for a module of this machine: the beginning of this very program,
 * with its header made a shared object's. */
static void
put_module(const World *world, const char *name)
{
    g_autofree char *path = g_strconcat(SECURITY, name, NULL);
    g_autofree char *bytes = NULL;
    gsize len;

    g_assert_true(g_file_get_contents("/proc/self/exe", &bytes, &len, NULL));
    ((ElfW(Ehdr) *)(void *)bytes)->e_type = ET_DYN;
    put(world, path, bytes, (gssize)len, 0644);
}

static int
answer(const PstPamLine *line, PstPamPhase phase, gpointer data G_GNUC_UNUSED)
{
    if (g_str_equal(line->module, "pam_expired.so"))
        return PST_PAM_ACCT_EXPIRED;
    return pst_pam_judge_by_name(line, phase);
}

#define PASSES PST_PAM_PASSES
#define FAILS PST_PAM_FAILS
#define DEPENDS PST_PAM_DEPENDS

/* The account stack of a service, of a file `sub` that it may include, and what comes of it: tried
 * with sudo 1.9.13p3 and Linux-PAM 1.5.2. CULPRIT is the number of the line to blame. */
static const struct {
    const char *service;
    const char *sub;
    PstPamOutcome outcome;
    guint culprit;
} rows[] = {
    {"account required pam_permit.so\n", "", PASSES, 0},
    {"account required pam_deny.so\n", "", FAILS, 1},
    {"account required pam_any.so\n", "", DEPENDS, 0},
    {"account required pam_nope.so\n", "", FAILS, 1},
    {"-account required pam_nope.so\n", "", FAILS, 1},
    {"ACCOUNT REQUIRED pam_nope.so\n", "", FAILS, 1},
    {"account optional pam_nope.so\naccount required pam_permit.so\n", "", PASSES, 0},
    {"account sufficient pam_nope.so\naccount required pam_permit.so\n", "", PASSES, 0},
    {"account optional pam_nope.so\n", "", FAILS, 1},
    {"account bogus pam_permit.so\naccount required pam_permit.so\n", "", FAILS, 1},
    {"account required\naccount required pam_permit.so\n", "", FAILS, 1},
    {"account\naccount required pam_permit.so\n", "", FAILS, 1},
    {"account [success=okay default=ignore] pam_permit.so\n", "", FAILS, 1},
    {"account [succes=ok default=ok] pam_permit.so\n", "", FAILS, 1},
    {"foo bar baz\naccount required pam_permit.so\n", "", PASSES, 0},
    {"account required pam_permit.so # account required pam_deny.so\n", "", PASSES, 0},
    {"account required pam_permit.so [a b]\n", "", PASSES, 0},
    {"account \\\nrequired \\\n pam_deny.so\n", "", FAILS, 1},
    {"account sufficient pam_permit.so\naccount required pam_deny.so\n", "", PASSES, 0},
    {"account [module_unknown=1 default=ignore] pam_nope.so\naccount requisite pam_deny.so\n"
     "account required pam_permit.so\n",
     "", PASSES, 0},
    {"account [success=5 default=ignore] pam_permit.so\naccount required pam_permit.so\n", "",
     FAILS, 1},
    {"account [success=1 default=ignore] pam_permit.so\naccount requisite pam_deny.so\n", "", FAILS,
     0},
    {"account required pam_deny.so\naccount [success=reset] pam_permit.so\n"
     "account required pam_permit.so\n",
     "", PASSES, 0},
    {"account include sub\n", "account required pam_permit.so\n", PASSES, 0},
    {"@include sub\n", "account required pam_permit.so\nauth required pam_deny.so\n", PASSES, 0},
    {"account include nope\naccount required pam_permit.so\n", "", FAILS, 1},
    {"account substack nope\naccount required pam_permit.so\n", "", FAILS, 1},
    {"account substack sub\naccount required pam_permit.so\n", "account requisite pam_deny.so\n",
     FAILS, 1},
    {"account substack sub\naccount required pam_deny.so\n",
     "account sufficient pam_permit.so\naccount required pam_deny.so\n", FAILS, 2},
    {"account [success=1 default=ignore] pam_permit.so\naccount substack sub\n"
     "account required pam_permit.so\n",
     "account requisite pam_deny.so\naccount required pam_deny.so\n", PASSES, 0},
    {"account required pam_permit.so\naccount substack sub\n",
     "account required pam_deny.so\naccount [success=reset] pam_permit.so\n", PASSES, 0},
    {"account required " SECURITY "pam_permit.so\n", "", PASSES, 0},
    {"account required /nope/pam_permit.so\n", "", FAILS, 1},
};

static void
furnish(const World *world)
{
    put_module(world, "pam_permit.so");
    put_module(world, "pam_deny.so");
    put_module(world, "pam_any.so");
    put_module(world, "pam_expired.so");
    put_text(world, "/etc/pam.d/other", "auth required pam_deny.so\n");
}

static void
test_judge(World *world, gconstpointer data G_GNUC_UNUSED)
{
    furnish(world);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        put_text(world, "/etc/pam.d/service", rows[i].service);
        put_text(world, "/etc/pam.d/sub", rows[i].sub);
        g_autoptr(PstPamStack) stack = pst_pam_stack_read(world->sysroot, "service");
        PstPamJudgement judgement = pst_pam_judge(stack, PST_PAM_ACCOUNT, answer, NULL);

        g_test_message("row %u: %s", i, rows[i].service);
        g_assert_false(stack->aborts);
        g_assert_cmpint(judgement.outcome, ==, rows[i].outcome);
        if (rows[i].culprit > 0) {
            g_assert_nonnull(judgement.culprit);
            if (!g_str_has_suffix(judgement.culprit->file, "/sub"))
                g_assert_cmpuint(judgement.culprit->line, ==, rows[i].culprit);
        }
    }
}

/* What is wrong besides the lines that can't be loaded. */
static void
test_mended(World *world, gconstpointer data G_GNUC_UNUSED)
{
    furnish(world);
    put_text(world, "/etc/pam.d/service",
             "account required pam_nope.so\naccount bogus pam_permit.so\n"
             "account required pam_expired.so\n");
    g_autoptr(PstPamStack) stack = pst_pam_stack_read(world->sysroot, "service");
    PstPamJudgement judgement = pst_pam_judge_mended(stack, PST_PAM_ACCOUNT, answer, NULL);
    g_assert_cmpint(judgement.outcome, ==, FAILS);
    g_assert_cmpint(judgement.result, ==, PST_PAM_ACCT_EXPIRED);
}

static void
test_other(World *world, gconstpointer data G_GNUC_UNUSED)
{
    furnish(world);
    put_text(world, "/etc/pam.d/other", "account required pam_permit.so\n");
    put_text(world, "/etc/pam.d/empty", "# nothing\n");
    put_text(world, "/usr/lib/pam.d/vendor", "account required pam_deny.so\n");

    g_autoptr(PstPamStack) empty = pst_pam_stack_read(world->sysroot, "empty");
    g_assert_true(empty->from_other[PST_PAM_ACCOUNT]);
    g_assert_cmpstr(empty->file, ==, "/etc/pam.d/empty");
    g_assert_cmpint(pst_pam_judge(empty, PST_PAM_ACCOUNT, answer, NULL).outcome, ==, PASSES);

    g_autoptr(PstPamStack) absent = pst_pam_stack_read(world->sysroot, "absent");
    g_assert_null(absent->file);
    g_assert_true(absent->from_other[PST_PAM_ACCOUNT]);

    g_autoptr(PstPamStack) vendor = pst_pam_stack_read(world->sysroot, "vendor");
    g_assert_cmpstr(vendor->file, ==, "/usr/lib/pam.d/vendor");
    g_assert_false(vendor->from_other[PST_PAM_ACCOUNT]);
    /* libpam loads what is in `other` whether it asks it or not. */
    g_assert_cmpuint(vendor->also_loaded->len, ==, 1);
}

static void
test_aborts(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *service, *other;
    } broken[] = {
        {"@include nope\n", ""},
        {"account required pam_permit.so\n", "@include nope\n"},
        {"@include service\n", ""},
        {NULL, NULL},
    };

    furnish(world);
    for (guint i = 0; i < G_N_ELEMENTS(broken); i++) {
        remove_path(world, "/etc/pam.d/service");
        remove_path(world, "/etc/pam.d/other");
        if (broken[i].service != NULL)
            put_text(world, "/etc/pam.d/service", broken[i].service);
        if (broken[i].other != NULL)
            put_text(world, "/etc/pam.d/other", broken[i].other);
        g_autoptr(PstPamStack) stack = pst_pam_stack_read(world->sysroot, "service");
        g_test_message("row %u", i);
        g_assert_true(stack->aborts);
        g_assert_cmpint(pst_pam_judge(stack, PST_PAM_ACCOUNT, answer, NULL).outcome, ==, FAILS);
    }
}

static void
assert_state(const World *world, const char *path, PstPamModuleState state)
{
    g_autofree char *reason = NULL;

    g_assert_cmpint(pst_pam_module_check(world->sysroot, path, &reason), ==, state);
    g_assert_cmpint(reason == NULL, ==, state == PST_PAM_MODULE_SOUND);
}

static void
test_modules(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *bytes = NULL;
    gsize len;

    put_module(world, "good.so");
    assert_state(world, SECURITY "good.so", PST_PAM_MODULE_SOUND);
    assert_state(world, SECURITY "none.so", PST_PAM_MODULE_MISSING);
    put(world, "/m", "", 0, 0644);
    assert_state(world, "/m", PST_PAM_MODULE_DAMAGED);
    put_text(world, "/m", "#!/bin/sh\nthis is long enough to hold an ELF header, but is none\n");
    assert_state(world, "/m", PST_PAM_MODULE_DAMAGED);

    g_autofree char *good = place(world, SECURITY "good.so");
    g_assert_true(g_file_get_contents(good, &bytes, &len, NULL));
    /* Cut anywhere, it is never sound until the last segment is whole. */
    guint64 end = 0;
    const ElfW(Ehdr) *header = (const void *)bytes;
    for (guint i = 0; i < header->e_phnum; i++) {
        const ElfW(Phdr) *segment =
            (const void *)(bytes + header->e_phoff + i * sizeof(ElfW(Phdr)));
        if (segment->p_type == PT_LOAD)
            end = MAX(end, segment->p_offset + segment->p_filesz);
    }
    put(world, "/m", bytes, (gssize)end, 0644);
    assert_state(world, "/m", PST_PAM_MODULE_SOUND);
    put(world, "/m", bytes, (gssize)end - 1, 0644);
    assert_state(world, "/m", PST_PAM_MODULE_TRUNCATED);
    put(world, "/m", bytes, 5000, 0644);
    assert_state(world, "/m", PST_PAM_MODULE_TRUNCATED);
    for (gssize cut = 0; cut < 64; cut++) {
        put(world, "/m", bytes, cut, 0644);
        assert_state(world, "/m", PST_PAM_MODULE_DAMAGED);
    }
    bytes[EI_CLASS] = (char)(bytes[EI_CLASS] ^ 3);
    put(world, "/m", bytes, (gssize)len, 0644);
    assert_state(world, "/m", PST_PAM_MODULE_DAMAGED);
}

/* The library that the module lacks, or NULL. Free with g_free(). */
static char *
lacking(const World *world, const char *path)
{
    g_autofree char *reason = NULL;

    if (pst_pam_module_check(world->sysroot, path, &reason) == PST_PAM_MODULE_SOUND)
        return NULL;
    g_auto(GStrv) words = g_strsplit_set(reason, " ,", -1);
    g_assert_cmpuint(g_strv_length(words), >, 4);
    return g_strdup(words[4]);
}

/* This very program stands in for a module: it needs the C library and others. They are found where
 * ld.so.conf says, or its cache. */
static void
test_libraries(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const char head[] = "glibc-ld.so.cache1.1";
    g_autoptr(GString) cache = g_string_new_len(head, sizeof(head));
    char *name;

    put_module(world, "good.so");
    assert_state(world, SECURITY "good.so", PST_PAM_MODULE_SOUND); /* no library is to be seen */
    put_text(world, "/usr/lib64/libc.so.6", "");
    put_text(world, "/etc/ld.so.conf.d/x.conf", "# here\n/opt/lib\n");
    for (guint i = 0; (name = lacking(world, SECURITY "good.so")) != NULL; i++) {
        g_autofree char *path = g_build_filename(i == 0 ? "/odd" : "/opt/lib", name, NULL);

        g_assert_cmpuint(i, <, 64);
        put_text(world, path, "");
        if (i == 0) {
            g_string_append_len(cache, path, (gssize)strlen(path) + 1);
            put(world, "/etc/ld.so.cache", cache->str, (gssize)cache->len, 0644);
        }
        g_free(name);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/pam/judge", World, NULL, set_up, test_judge, tear_down);
    g_test_add("/pam/mended", World, NULL, set_up, test_mended, tear_down);
    g_test_add("/pam/other", World, NULL, set_up, test_other, tear_down);
    g_test_add("/pam/aborts", World, NULL, set_up, test_aborts, tear_down);
    g_test_add("/pam/modules", World, NULL, set_up, test_modules, tear_down);
    g_test_add("/pam/libraries", World, NULL, set_up, test_libraries, tear_down);
    return g_test_run();
}
