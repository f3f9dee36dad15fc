// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/program-loader.h"

#include <link.h>
#include <string.h>

#include "tests/unit/world.h"

#define LOADER "/lib64/ld-linux-x86-64.so.2"

#if G_BYTE_ORDER == G_LITTLE_ENDIAN
#define OWN_ORDER ELFDATA2LSB
#else
#define OWN_ORDER ELFDATA2MSB
#endif

/* As much of a program as the kernel reads before it looks for the loader. */
typedef struct {
    ElfW(Ehdr) header;
    ElfW(Phdr) segments[2];
    char name[64];
} Program;

static Program
program_for(const char *loader)
{
    Program program = {0};

    memcpy(program.header.e_ident, ELFMAG, SELFMAG);
    program.header.e_ident[EI_CLASS] = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
    program.header.e_ident[EI_DATA] = OWN_ORDER;
    program.header.e_phoff = G_STRUCT_OFFSET(Program, segments);
    program.header.e_phentsize = sizeof(program.segments[0]);
    program.header.e_phnum = 2;
    program.segments[0].p_type = PT_PHDR;
    program.segments[1].p_type = PT_INTERP;
    program.segments[1].p_offset = G_STRUCT_OFFSET(Program, name);
    program.segments[1].p_filesz = strlen(loader) + 1;
    g_strlcpy(program.name, loader, sizeof(program.name));
    return program;
}

static void
check(const World *world, const Program *program, gsize len, const char *expected)
{
    put(world, "/usr/bin/sudo", (const char *)program, (gssize)len, 0755);
    g_autofree char *missing = pst_program_loader_missing(world->sysroot, "/usr/bin/sudo");
    g_assert_cmpstr(missing, ==, expected);
}

static void
test_loader(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const Program program = program_for(LOADER);

    check(world, &program, sizeof(program), LOADER);
    put(world, LOADER, "", 0, 0644);
    check(world, &program, sizeof(program), LOADER);
    put(world, LOADER, "", 0, 0755);
    check(world, &program, sizeof(program), NULL);
    remove_path(world, LOADER);
    put(world, LOADER "/x", "", 0, 0755);
    check(world, &program, sizeof(program), LOADER);
}

/* Nobody is accused by what makes no sense, or is for another machine. */
static void
test_nonsense(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const Program sound = program_for(LOADER);
    Program program = sound;

    for (gsize len = 0; len < G_STRUCT_OFFSET(Program, name) + strlen(LOADER) + 1; len++)
        check(world, &program, len, NULL);
    program.header.e_ident[EI_CLASS] = ELFCLASSNONE;
    check(world, &program, sizeof(program), NULL);
    program = sound;
    program.header.e_ident[EI_DATA] = OWN_ORDER == ELFDATA2LSB ? ELFDATA2MSB : ELFDATA2LSB;
    check(world, &program, sizeof(program), NULL);
    program = sound;
    program.header.e_phnum = 0xffff;
    check(world, &program, sizeof(program), NULL);
    program = sound;
    program.header.e_phoff = (ElfW(Off)) - 1;
    check(world, &program, sizeof(program), NULL);
    program = sound;
    program.segments[1].p_filesz = (ElfW(Xword)) - 1;
    check(world, &program, sizeof(program), NULL);
    program = sound;
    program.segments[1].p_filesz--;
    check(world, &program, sizeof(program), NULL);
    program = program_for("lib/relative");
    check(world, &program, sizeof(program), NULL);
    program = program_for("/lib/\xff");
    check(world, &program, sizeof(program), NULL);
    program = sound;
    program.segments[1].p_type = PT_LOAD;
    check(world, &program, sizeof(program), NULL);
}

static void
test_script(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const struct {
        const char *text, *missing;
    } scripts[] = {
        {"#!/opt/sh\n", "/opt/sh"}, {"#! /opt/sh -e\n", "/opt/sh"},
        {"#!/opt/there\n", NULL},   {"#!\n", NULL},
        {"#!/opt/sh", NULL},        {"#!sh\n", NULL},
        {"/opt/sh\n", NULL},        {"", NULL},
    };

    put(world, "/opt/there", "", 0, 0755);
    for (guint i = 0; i < G_N_ELEMENTS(scripts); i++) {
        put(world, "/usr/bin/sudo", scripts[i].text, -1, 0755);
        g_autofree char *missing = pst_program_loader_missing(world->sysroot, "/usr/bin/sudo");
        g_assert_cmpstr(missing, ==, scripts[i].missing);
    }
}

static void
test_no_file(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_assert_null(pst_program_loader_missing(world->sysroot, "/usr/bin/sudo"));
    put(world, "/usr/bin/sudo/x", "", 0, 0755);
    g_assert_null(pst_program_loader_missing(world->sysroot, "/usr/bin/sudo"));
}

/* What the loader said it can't find. */
static void
test_library(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const struct {
        const char *said, *path;
    } rows[] = {
        {"/usr/sbin/sshd: error while loading shared libraries: libcrypt.so.1: cannot open shared "
         "object file: No such file or directory",
         "/usr/lib/x/libcrypt.so.1"},
        {"Error loading shared library libz.so.1: No such file or directory (needed by /x)",
         "/usr/lib/x/libz.so.1"},
        {"error while loading shared libraries: ../../etc/shadow: cannot", NULL},
        {"error while loading shared libraries: ", NULL},
        {"error while loading shared libraries: libx.so", NULL},
        {"/etc/ssh/sshd_config: line 3: Bad configuration option", NULL},
    };
    const Program program = program_for("/lib64/ld.so");

    put(world, "/usr/sbin/sshd", (const char *)&program, sizeof(program), 0755);
    put_symlink(world, "/lib64/ld.so", "../usr/lib/x/ld.so.2");
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path =
            pst_program_loader_library(world->sysroot, "/usr/sbin/sshd", rows[i].said);

        g_assert_cmpstr(path, ==, rows[i].path);
    }
    g_assert_null(pst_program_loader_library(world->sysroot, "/usr/sbin/gone", rows[0].said));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/program-loader/loader", World, NULL, set_up, test_loader, tear_down);
    g_test_add("/program-loader/library", World, NULL, set_up, test_library, tear_down);
    g_test_add("/program-loader/nonsense", World, NULL, set_up, test_nonsense, tear_down);
    g_test_add("/program-loader/script", World, NULL, set_up, test_script, tear_down);
    g_test_add("/program-loader/no-file", World, NULL, set_up, test_no_file, tear_down);
    return g_test_run();
}
