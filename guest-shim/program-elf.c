// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/program-elf.h"

#include <limits.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#define MAX_SEGMENTS 64
#define MAX_DYNAMIC (64 * 1024)
#define MAX_STRINGS (1024 * 1024)
#define MAX_NEEDED 64

#if G_BYTE_ORDER == G_LITTLE_ENDIAN
#define OWN_ORDER ELFDATA2LSB
#else
#define OWN_ORDER ELFDATA2MSB
#endif

typedef struct {
    ElfW(Phdr) rows[MAX_SEGMENTS];
    guint n;
} Segments;

static gboolean
read_segments(int fd, Segments *segments)
{
    ElfW(Ehdr) header;

    if (pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
        header.e_ident[EI_DATA] != OWN_ORDER || header.e_phentsize != sizeof(segments->rows[0]) ||
        header.e_phnum > MAX_SEGMENTS)
        return FALSE;
    gsize len = header.e_phnum * sizeof(segments->rows[0]);
    if (pread(fd, segments->rows, len, (off_t)header.e_phoff) != (gssize)len)
        return FALSE;
    segments->n = header.e_phnum;
    return TRUE;
}

static const ElfW(Phdr) * find_segment(const Segments *segments, ElfW(Word) type)
{
    for (guint i = 0; i < segments->n; i++)
        if (segments->rows[i].p_type == type)
            return &segments->rows[i];
    return NULL;
}

char *
pst_program_elf_loader(int fd)
{
    char name[PATH_MAX] = "";
    Segments segments;
    const ElfW(Phdr) *segment =
        read_segments(fd, &segments) ? find_segment(&segments, PT_INTERP) : NULL;
    gsize len = segment != NULL ? segment->p_filesz : 0;

    if (len < 2 || len > sizeof(name) ||
        pread(fd, name, len, (off_t)segment->p_offset) != (gssize)len || name[len - 1] != '\0')
        return NULL;
    return g_strdup(name);
}

/* LEN bytes at OFFSET of the file; NULL where they are not there, or more than MAX. */
static void *
read_part(int fd, guint64 offset, guint64 len, gsize max)
{
    if (len == 0 || len > max || offset > G_MAXINT64 - len)
        return NULL;
    g_autofree char *part = g_malloc(len);
    if (pread(fd, part, len, (off_t)offset) != (gssize)len)
        return NULL;
    return g_steal_pointer(&part);
}

/* Where in the file ADDRESS of the memory comes from. */
static gboolean
find_offset(const Segments *segments, guint64 address, guint64 *offset)
{
    for (guint i = 0; i < segments->n; i++) {
        const ElfW(Phdr) *one = &segments->rows[i];

        if (one->p_type != PT_LOAD || address < one->p_vaddr ||
            address - one->p_vaddr >= one->p_filesz)
            continue;
        *offset = one->p_offset + (address - one->p_vaddr);
        return TRUE;
    }
    return FALSE;
}

static gboolean
is_name(const char *name)
{
    return name[0] != '\0' && strlen(name) <= NAME_MAX && strchr(name, '/') == NULL &&
           g_utf8_validate(name, -1, NULL);
}

GPtrArray *
pst_program_elf_needed(int fd)
{
    Segments segments;
    const ElfW(Phdr) *segment =
        read_segments(fd, &segments) ? find_segment(&segments, PT_DYNAMIC) : NULL;
    g_autofree ElfW(Dyn) *rows =
        segment != NULL ? read_part(fd, segment->p_offset, segment->p_filesz, MAX_DYNAMIC) : NULL;
    guint64 address = 0, size = 0, offset = 0;

    if (rows == NULL)
        return NULL;
    gsize n = segment->p_filesz / sizeof(*rows);
    for (gsize i = 0; i < n && rows[i].d_tag != DT_NULL; i++) {
        if (rows[i].d_tag == DT_STRTAB)
            address = rows[i].d_un.d_ptr;
        else if (rows[i].d_tag == DT_STRSZ)
            size = rows[i].d_un.d_val;
        else if (rows[i].d_tag == DT_RPATH || rows[i].d_tag == DT_RUNPATH)
            return NULL;
    }
    g_autofree char *strings =
        find_offset(&segments, address, &offset) ? read_part(fd, offset, size, MAX_STRINGS) : NULL;
    if (strings == NULL || strings[size - 1] != '\0')
        return NULL;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (gsize i = 0; i < n && rows[i].d_tag != DT_NULL && names->len < MAX_NEEDED; i++) {
        if (rows[i].d_tag != DT_NEEDED)
            continue;
        if (rows[i].d_un.d_val >= size || !is_name(strings + rows[i].d_un.d_val))
            return NULL;
        g_ptr_array_add(names, g_strdup(strings + rows[i].d_un.d_val));
    }
    return g_steal_pointer(&names);
}
