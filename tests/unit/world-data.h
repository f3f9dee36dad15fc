// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/world.h"

/* A whole guest from tests/data/worlds/NAME: the files below its folder `root`, and what git does
 * not keep, or nobody needs to read, from its `manifest`. A row of that is one of
 *
 *     from NAME                              all of another world first
 *     mode PATH MODE [UID:GID]               of a file or a folder that is there
 *     folder PATH [MODE [UID:GID]]
 *     link PATH TARGET
 *     program PATH [MODE [UID:GID]]          a file that stands for an executable
 *     libraries FOLDER NAME…                 shared objects that can be loaded
 *     user NAME                              who administrates it, and may become root
 *     unknown FINDING REASON…                what can't be told of a folder, and why
 *
 * Files are 0644, folders and programs 0755, and root's, where nothing else is said. */

typedef struct {
    char *user;
    GHashTable *unknown; /* finding → reason */
} WorldData;

static inline void
world_data_clear(WorldData *data)
{
    g_free(data->user);
    g_clear_pointer(&data->unknown, g_hash_table_unref);
}

/* Gives the test the ids of root, so that what it makes belongs to root. Before any thread is
 * started. FALSE where the system allows neither. */
static inline gboolean
become_root(void)
{
    g_autofree char *uids = g_strdup_printf("0 %u 1", geteuid());
    g_autofree char *gids = g_strdup_printf("0 %u 1", getegid());

    if (geteuid() == 0)
        return TRUE;
    return unshare(CLONE_NEWUSER) == 0 &&
           g_file_set_contents_full("/proc/self/setgroups", "deny", -1, G_FILE_SET_CONTENTS_NONE, 0,
                                    NULL) &&
           g_file_set_contents_full("/proc/self/uid_map", uids, -1, G_FILE_SET_CONTENTS_NONE, 0,
                                    NULL) &&
           g_file_set_contents_full("/proc/self/gid_map", gids, -1, G_FILE_SET_CONTENTS_NONE, 0,
                                    NULL);
}

static inline void
set_mode(const World *world, const char *path, const char *mode, const char *owner)
{
    g_autofree char *whole = g_build_filename(world->folder, path, NULL);
    mode_t bits = (mode_t)g_ascii_strtoull(mode, NULL, 8);
    guint uid = 0, gid = 0;

    if (owner != NULL && sscanf(owner, "%u:%u", &uid, &gid) != 2)
        g_error("%s: no owner: %s", path, owner);
    /* In a namespace of one user there is no other to give it to, and then no group either. */
    if (owner != NULL && chown(whole, uid, gid) != 0)
        bits &= (mode_t) ~(S_IRWXG | S_IRWXO);
    if (chmod(whole, bits) != 0)
        g_error("%s: %s", path, g_strerror(errno));
}

static inline void
put_folder(const World *world, const char *path)
{
    g_autofree char *whole = g_build_filename(world->folder, path, NULL);

    g_assert_cmpint(g_mkdir_with_parents(whole, 0755), ==, 0);
}

static inline void
put_link(const World *world, const char *path, const char *target)
{
    g_autofree char *whole = place(world, path);

    g_assert_cmpint(symlink(target, whole), ==, 0);
}

/* The smallest file that a loader would take: one segment, which is the whole of it, and needs no
 * other library. */
static inline void
put_library(const World *world, const char *path)
{
    struct {
        ElfW(Ehdr) header;
        ElfW(Phdr) segments[2];
        ElfW(Dyn) dynamic[1];
    } image = {.dynamic = {{.d_tag = DT_NULL}}};
    g_autofree char *own = NULL;

    /* Whatever machine the test is built for. */
    g_assert_true(g_file_get_contents("/proc/self/exe", &own, NULL, NULL));
    memcpy(&image.header, own, sizeof(image.header));
    image.header.e_type = ET_DYN;
    image.header.e_phoff = G_STRUCT_OFFSET(__typeof__(image), segments);
    image.header.e_phnum = 2;
    image.header.e_shoff = image.header.e_shnum = image.header.e_shstrndx = 0;
    for (guint i = 0; i < 2; i++)
        image.segments[i] = (ElfW(Phdr)){.p_type = i == 0 ? PT_LOAD : PT_DYNAMIC, .p_flags = PF_R};
    image.segments[0].p_filesz = image.segments[0].p_memsz = sizeof(image);
    image.segments[1].p_offset = image.segments[1].p_vaddr =
        G_STRUCT_OFFSET(__typeof__(image), dynamic);
    image.segments[1].p_filesz = image.segments[1].p_memsz = sizeof(image.dynamic);
    put(world, path, (const char *)&image, sizeof(image), 0644);
}

static inline void
copy_tree(const World *world, const char *from, const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(from, 0, NULL);
    const char *name;

    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *source = g_build_filename(from, name, NULL);
        g_autofree char *target = g_build_filename(path, name, NULL);
        g_autofree char *text = NULL;
        gsize len;

        if (g_file_test(source, G_FILE_TEST_IS_DIR)) {
            put_folder(world, target);
            copy_tree(world, source, target);
        } else if (g_file_get_contents(source, &text, &len, NULL)) {
            put(world, target, text, (gssize)len, 0644);
        }
    }
}

static inline void put_world(World *world, const char *name, WorldData *data);

/* WORDS is one row, with at least two of them, and a NULL behind the last. */
static inline void
put_row(World *world, char **words, WorldData *data)
{
    const char *kind = words[0], *path = words[1];
    char *const *rest = words + 2;

    if (g_str_equal(kind, "from")) {
        put_world(world, path, data);
    } else if (g_str_equal(kind, "mode")) {
        set_mode(world, path, rest[0], rest[1]);
    } else if (g_str_equal(kind, "folder")) {
        put_folder(world, path);
        set_mode(world, path, rest[0] != NULL ? rest[0] : "0755", rest[0] ? rest[1] : NULL);
    } else if (g_str_equal(kind, "link")) {
        put_link(world, path, rest[0]);
    } else if (g_str_equal(kind, "program")) {
        put_text(world, path, "a program\n");
        set_mode(world, path, rest[0] != NULL ? rest[0] : "0755", rest[0] ? rest[1] : NULL);
    } else if (g_str_equal(kind, "libraries")) {
        for (; *rest != NULL; rest++) {
            g_autofree char *library = g_build_filename(path, *rest, NULL);
            put_library(world, library);
        }
    } else if (g_str_equal(kind, "user")) {
        g_free(data->user);
        data->user = g_strdup(path);
    } else if (g_str_equal(kind, "unknown")) {
        g_hash_table_insert(data->unknown, g_strdup(path), g_strjoinv(" ", (char **)rest));
    } else {
        g_error("the manifest has a row of the unknown kind %s", kind);
    }
}

static inline char **
split_row(const char *line)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) words = g_strsplit_set(line, " \t", -1);

    for (guint i = 0; words[i] != NULL && words[i][0] != '#'; i++)
        if (words[i][0] != '\0')
            g_strv_builder_add(builder, words[i]);
    return g_strv_builder_end(builder);
}

static inline void
put_world(World *world, const char *name, WorldData *data)
{
    g_autofree char *root =
        g_test_build_filename(G_TEST_DIST, "data", "worlds", name, "root", NULL);
    g_autofree char *manifest =
        g_test_build_filename(G_TEST_DIST, "data", "worlds", name, "manifest", NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    g_file_get_contents(manifest, &text, NULL, &error);
    g_assert_no_error(error);
    if (data->unknown == NULL)
        data->unknown = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    gboolean copied = FALSE;
    for (guint i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) words = split_row(lines[i]);

        if (g_strv_length(words) < 2)
            continue;
        if (!copied && !g_str_equal(words[0], "from")) {
            copy_tree(world, root, "/");
            copied = TRUE;
        }
        put_row(world, words, data);
    }
}
