// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/pam-library.h"

#include <string.h>
#include <unistd.h>

#define MAX_DYNAMIC 4096 /* entries */
#define MAX_NAME 256
#define MAX_FOLDERS 64
#define MAX_CONF (64 * 1024)
#define MAX_CACHE (16 * 1024 * 1024)
#define CACHE "/etc/ld.so.cache"
#define DROP_INS "/etc/ld.so.conf.d"

struct PstPamLibraries {
    const PstSysroot *sysroot;
    GPtrArray *folders; /* of char * */
    GHashTable *known;  /* name, to whether it is there */
};

typedef struct {
    int fd;
    guint64 size;
    const ElfW(Phdr) * segments;
    guint n_segments;
    guint64 strings; /* the string table's place in the file */
    guint64 strings_len;
} Object;

static const ElfW(Phdr) * find_segment(const Object *object, ElfW(Word) type)
{
    for (guint i = 0; i < object->n_segments; i++)
        if (object->segments[i].p_type == type)
            return &object->segments[i];
    return NULL;
}

/* Where in the file an address is; 0 where it is nowhere. */
static guint64
place_of(const Object *object, guint64 address)
{
    for (guint i = 0; i < object->n_segments; i++) {
        const ElfW(Phdr) *segment = &object->segments[i];

        if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
            address - segment->p_vaddr < segment->p_filesz)
            return segment->p_offset + (address - segment->p_vaddr);
    }
    return 0;
}

static GArray *
read_dynamic(Object *object)
{
    const ElfW(Phdr) *segment = find_segment(object, PT_DYNAMIC);
    g_autoptr(GArray) entries = g_array_new(FALSE, TRUE, sizeof(ElfW(Dyn)));

    if (segment == NULL || segment->p_filesz / sizeof(ElfW(Dyn)) > MAX_DYNAMIC)
        return NULL;
    gsize len = segment->p_filesz - segment->p_filesz % sizeof(ElfW(Dyn));
    g_array_set_size(entries, (guint)(len / sizeof(ElfW(Dyn))));
    if (pread(object->fd, entries->data, len, (off_t)segment->p_offset) != (gssize)len)
        return NULL;
    for (guint i = 0; i < entries->len; i++) {
        const ElfW(Dyn) *entry = &g_array_index(entries, ElfW(Dyn), i);

        if (entry->d_tag == DT_STRTAB)
            object->strings = place_of(object, entry->d_un.d_ptr);
        else if (entry->d_tag == DT_STRSZ)
            object->strings_len = entry->d_un.d_val;
    }
    return object->strings != 0 ? g_steal_pointer(&entries) : NULL;
}

/* NULL where it does not end within its table. Free with g_free(). */
static char *
read_string(const Object *object, guint64 offset)
{
    char name[MAX_NAME] = "";

    if (offset >= object->strings_len || object->strings + offset >= object->size)
        return NULL;
    gsize len = (gsize)MIN((guint64)sizeof(name), object->strings_len - offset);
    gssize got = pread(object->fd, name, len, (off_t)(object->strings + offset));
    if (got <= 0 || memchr(name, '\0', (gsize)got) == NULL)
        return NULL;
    return g_strdup(name);
}

/* Several folders with colons between; those with a token such as $ORIGIN are passed over. */
static void
add_run_path(GPtrArray *folders, const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, ":", MAX_FOLDERS);

    for (guint i = 0; parts[i] != NULL; i++)
        if (parts[i][0] == '/')
            g_ptr_array_add(folders, g_strdup(parts[i]));
}

static void
add_conf(GPtrArray *folders, const PstSysroot *sysroot, const char *path)
{
    g_autofree char *text = pst_sysroot_read(sysroot, path, MAX_CONF, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit_set(text != NULL ? text : "", "\n:,", -1);

    for (guint i = 0; lines[i] != NULL && folders->len < MAX_FOLDERS; i++) {
        lines[i][strcspn(lines[i], "#")] = '\0';
        if (g_strstrip(lines[i])[0] == '/')
            g_ptr_array_add(folders, g_strdup(lines[i]));
    }
}

static void
add_usual(GPtrArray *folders, const PstSysroot *sysroot)
{
    static const char *const usual[] = {"/lib64", "/usr/lib64", "/lib", "/usr/lib",
                                        "/usr/local/lib"};
    g_auto(GStrv) names = pst_sysroot_list(sysroot, DROP_INS, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(usual); i++)
        g_ptr_array_add(folders, g_strdup(usual[i]));
    add_conf(folders, sysroot, "/etc/ld.so.conf");
    for (guint i = 0; names != NULL && names[i] != NULL; i++) {
        g_autofree char *path = g_build_filename(DROP_INS, names[i], NULL);
        if (g_str_has_suffix(names[i], ".conf"))
            add_conf(folders, sysroot, path);
    }
}

/* The cache holds the whole paths, each between two NULs. */
static gboolean
cache_has(const PstSysroot *sysroot, const char *name)
{
    gsize len;
    g_autofree char *cache = pst_sysroot_read(sysroot, CACHE, MAX_CACHE, &len, NULL);
    g_autofree char *tail = g_strconcat("/", name, NULL);
    gsize tail_len = strlen(tail) + 1;
    const char *at = cache;

    while (at != NULL && (at = memmem(at, len - (gsize)(at - cache), tail, tail_len)) != NULL) {
        const char *start = at;
        while (start > cache && start[-1] != '\0')
            start--;
        if (start[0] == '/' && pst_sysroot_exists(sysroot, start))
            return TRUE;
        at++;
    }
    return FALSE;
}

PstPamLibraries *
pst_pam_library_open(const PstSysroot *sysroot)
{
    PstPamLibraries *libraries = g_new0(PstPamLibraries, 1);

    libraries->sysroot = sysroot;
    libraries->folders = g_ptr_array_new_with_free_func(g_free);
    libraries->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    add_usual(libraries->folders, sysroot);
    return libraries;
}

void
pst_pam_library_close(PstPamLibraries *libraries)
{
    g_ptr_array_unref(libraries->folders);
    g_hash_table_unref(libraries->known);
    g_free(libraries);
}

/* The folder that has it comes to the front: most of a system's libraries are in one, and which of
 * several has it is not asked. */
static gboolean
is_in(const PstSysroot *sysroot, GPtrArray *folders, const char *name)
{
    for (guint i = 0; i < folders->len; i++) {
        g_autofree char *path = g_build_filename(folders->pdata[i], name, NULL);
        gpointer folder = folders->pdata[i];

        if (!pst_sysroot_exists(sysroot, path))
            continue;
        folders->pdata[i] = folders->pdata[0];
        folders->pdata[0] = folder;
        return TRUE;
    }
    return FALSE;
}

/* OWN are the folders that the object itself names. */
static gboolean
is_there(PstPamLibraries *libraries, GPtrArray *own, const char *name)
{
    const PstSysroot *sysroot = libraries->sysroot;
    gpointer found;

    if (name[0] == '/')
        return pst_sysroot_exists(sysroot, name);
    if (is_in(sysroot, own, name))
        return TRUE;
    if (!g_hash_table_lookup_extended(libraries->known, name, NULL, &found)) {
        found =
            GINT_TO_POINTER(is_in(sysroot, libraries->folders, name) || cache_has(sysroot, name));
        g_hash_table_insert(libraries->known, g_strdup(name), found);
    }
    return GPOINTER_TO_INT(found);
}

static gboolean
is_c_library(const char *name)
{
    return g_str_has_prefix(name, "libc.so.") || g_str_has_prefix(name, "libc.musl");
}

/* The names of DT_NEEDED; FOLDERS gets those of the object itself. */
static GPtrArray *
read_needed(Object *object, GPtrArray *folders)
{
    g_autoptr(GArray) entries = read_dynamic(object);
    GPtrArray *needed = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; entries != NULL && i < entries->len; i++) {
        const ElfW(Dyn) *entry = &g_array_index(entries, ElfW(Dyn), i);
        gboolean is_path = entry->d_tag == DT_RUNPATH || entry->d_tag == DT_RPATH;

        if (entry->d_tag == DT_NULL)
            break;
        if (!is_path && entry->d_tag != DT_NEEDED)
            continue;
        g_autofree char *text = read_string(object, entry->d_un.d_val);
        if (text != NULL && is_path)
            add_run_path(folders, text);
        else if (text != NULL && text[0] != '\0')
            g_ptr_array_add(needed, g_steal_pointer(&text));
    }
    return needed;
}

char *
pst_pam_library_missing(PstPamLibraries *libraries, int fd, const ElfW(Phdr) * segments,
                        guint n_segments, guint64 size)
{
    Object object = {fd, size, segments, n_segments, 0, 0};
    g_autoptr(GPtrArray) own = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) needed = read_needed(&object, own);
    const char *missing = NULL;
    gboolean knows_folders = FALSE;

    for (guint i = 0; i < needed->len; i++) {
        gboolean there = is_there(libraries, own, needed->pdata[i]);

        knows_folders |= there && is_c_library(needed->pdata[i]);
        if (!there && missing == NULL)
            missing = needed->pdata[i];
    }
    return knows_folders ? g_strdup(missing) : NULL;
}
