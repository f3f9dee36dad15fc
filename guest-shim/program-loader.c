// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/program-loader.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "guest-shim/program-elf.h"
#include "protocol/error.h"

#define FIRST_LINE 255 /* the kernel's BINPRM_BUF_SIZE, less the end */

/* `#!INTERPRETER [ARGUMENT]` (execve(2)). */
static char *
interpreter_of(int fd)
{
    char line[FIRST_LINE + 1] = "";

    if (pread(fd, line, FIRST_LINE, 0) < 2 || !g_str_has_prefix(line, "#!"))
        return NULL;
    char *start = line + 2 + strspn(line + 2, " \t");
    gsize len = strcspn(start, " \t\n");
    /* One that the line does not end in is cut short by the kernel, too. */
    return start[len] != '\0' ? g_strndup(start, len) : NULL;
}

static gboolean
can_be_executed(const PstSysroot *sysroot, const char *path)
{
    g_autoptr(GError) cause = NULL;
    struct stat st;

    if (pst_sysroot_stat(sysroot, path, &st, &cause))
        return S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0;
    return cause->code != PST_ERROR_ABSENT;
}

/* The name behind one of the words that the loaders have for it. */
static char *
library_of(const char *said)
{
    static const char *const words[] = {"error while loading shared libraries: ",
                                        "Error loading shared library "};

    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        const char *name = strstr(said, words[i]);

        if (name == NULL)
            continue;
        name += strlen(words[i]);
        gsize len = strcspn(name, ": /\n");
        return len > 0 && len < NAME_MAX && name[len] == ':' ? g_strndup(name, len) : NULL;
    }
    return NULL;
}

char *
pst_program_loader_library(const PstSysroot *sysroot, const char *path, const char *said)
{
    g_autofree char *name = library_of(said);
    int fd = name != NULL ? pst_sysroot_open_file(sysroot, path, 0, NULL) : -1;

    if (fd < 0)
        return NULL;
    g_autofree char *loader = pst_program_elf_loader(fd);
    close(fd);
    if (loader == NULL || loader[0] != '/' || !g_utf8_validate(loader, -1, NULL))
        return NULL;
    g_autofree char *link = pst_sysroot_read_link(sysroot, loader, NULL);
    g_autofree char *folder = g_path_get_dirname(loader);
    g_autofree char *target = link != NULL ? g_canonicalize_filename(link, folder) : NULL;
    g_autofree char *home = target != NULL ? g_path_get_dirname(target) : g_strdup(folder);
    return g_build_filename(home, name, NULL);
}

char *
pst_program_loader_find(const PstSysroot *sysroot, const char *path)
{
    int fd = pst_sysroot_open_file(sysroot, path, 0, NULL);

    if (fd < 0)
        return NULL;
    g_autofree char *loader = pst_program_elf_loader(fd);
    if (loader == NULL)
        loader = interpreter_of(fd);
    close(fd);
    if (loader == NULL || loader[0] != '/' || !g_utf8_validate(loader, -1, NULL))
        return NULL;
    return g_steal_pointer(&loader);
}

char *
pst_program_loader_missing(const PstSysroot *sysroot, const char *path)
{
    g_autofree char *loader = pst_program_loader_find(sysroot, path);

    return loader != NULL && !can_be_executed(sysroot, loader) ? g_steal_pointer(&loader) : NULL;
}

char *
pst_program_loader_remedy(const char *loader)
{
    return g_strdup_printf("bring %s back as it was: it comes with the C library's package",
                           loader);
}
