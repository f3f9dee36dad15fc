// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/pam-module.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "guest-shim/pam-library.h"
#include "protocol/error.h"

#define MAX_SEGMENTS 256

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#define MULTIARCH "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#define MULTIARCH "aarch64-linux-gnu"
#elif defined(__powerpc64__)
#define MACHINE EM_PPC64
#define MULTIARCH "powerpc64le-linux-gnu"
#elif defined(__s390x__)
#define MACHINE EM_S390
#define MULTIARCH "s390x-linux-gnu"
#elif defined(__riscv)
#define MACHINE EM_RISCV
#define MULTIARCH "riscv64-linux-gnu"
#else
#define MACHINE EM_NONE /* any is taken */
#define MULTIARCH "unknown-linux-gnu"
#endif

/* libpam's folder is compiled in (its --enable-securedir); a system has one of these. */
static const char *const folders[] = {
    "/usr/lib/" MULTIARCH "/security",
    "/lib/" MULTIARCH "/security",
    "/usr/lib64/security",
    "/lib64/security",
    "/usr/lib/security",
    "/lib/security",
    "/run/current-system/sw/lib/security",
};

static const char *
own_folder(const PstSysroot *sysroot)
{
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *permit = g_strconcat(folders[i], "/pam_permit.so", NULL);
        if (pst_sysroot_exists(sysroot, permit))
            return folders[i];
    }
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++)
        if (pst_sysroot_exists(sysroot, folders[i]))
            return folders[i];
    return folders[0];
}

/* OWN: what own_folder() says. */
static char *
path_of(const PstSysroot *sysroot, const char *own, const char *module)
{
    if (module[0] == '/') {
        g_auto(GStrv) parts = g_strsplit(module, "$ISA/", -1);
        return g_strjoinv("", parts);
    }

    char *path = g_strconcat(own, "/", module, NULL);
    if (pst_sysroot_exists(sysroot, path))
        return path;
    /* Which folder is compiled in is a guess: a module in another one accuses nobody. */
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        char *other = g_strconcat(folders[i], "/", module, NULL);
        if (pst_sysroot_exists(sysroot, other)) {
            g_free(path);
            return other;
        }
        g_free(other);
    }
    return path;
}

char *
pst_pam_module_path(const PstSysroot *sysroot, const char *module)
{
    return path_of(sysroot, own_folder(sysroot), module);
}

static PstPamModuleState
give(PstPamModuleState state, char **reason, const char *text)
{
    if (reason != NULL)
        *reason = g_strdup(text);
    return state;
}

static const char *
header_fault(const ElfW(Ehdr) * header, gssize got)
{
    if (got < (gssize)sizeof(*header))
        return got == 0 ? "the file is empty" : "the file is too short for an ELF header";
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return "not an ELF file";
    if (header->e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32))
        return "an ELF file for another word size";
    if (MACHINE != EM_NONE && header->e_machine != MACHINE)
        return "an ELF file for another machine";
    if (header->e_type != ET_DYN)
        return "not a shared object";
    if (header->e_phentsize != sizeof(ElfW(Phdr)) || header->e_phnum == 0 ||
        header->e_phnum > MAX_SEGMENTS)
        return "its program headers make no sense";
    return NULL;
}

static PstPamModuleState
check_segments(PstPamLibraries *libraries, int fd, const ElfW(Ehdr) * header, guint64 size,
               char **reason)
{
    gsize len = header->e_phnum * sizeof(ElfW(Phdr));
    g_autofree ElfW(Phdr) *segments = g_malloc(len);

    if (header->e_phoff > size || pread(fd, segments, len, (off_t)header->e_phoff) != (gssize)len)
        return give(PST_PAM_MODULE_DAMAGED, reason, "it ends before its program headers do");
    for (guint i = 0; i < header->e_phnum; i++) {
        const ElfW(Phdr) *segment = &segments[i];

        if (segment->p_type != PT_LOAD && segment->p_type != PT_DYNAMIC)
            continue;
        if (segment->p_offset > size || segment->p_filesz > size - segment->p_offset)
            return give(PST_PAM_MODULE_TRUNCATED, reason,
                        "it is truncated: it ends before its segments do");
    }
    g_autofree char *missing =
        pst_pam_library_missing(libraries, fd, segments, header->e_phnum, size);
    if (missing == NULL)
        return PST_PAM_MODULE_SOUND;
    g_autofree char *text = g_strdup_printf("it needs the library %s, which is not there", missing);
    return give(PST_PAM_MODULE_DAMAGED, reason, text);
}

static PstPamModuleState
check_open(PstPamLibraries *libraries, int fd, char **reason)
{
    ElfW(Ehdr) header;
    struct stat st;

    if (fstat(fd, &st) < 0)
        return give(PST_PAM_MODULE_UNKNOWN, reason, g_strerror(errno));
    gssize got = pread(fd, &header, sizeof(header), 0);
    if (got < 0)
        return give(PST_PAM_MODULE_UNKNOWN, reason, g_strerror(errno));
    const char *fault = header_fault(&header, got);
    if (fault != NULL)
        return give(PST_PAM_MODULE_DAMAGED, reason, fault);
    return check_segments(libraries, fd, &header, (guint64)st.st_size, reason);
}

static PstPamModuleState
check(PstPamLibraries *libraries, const PstSysroot *sysroot, const char *path, char **reason)
{
    g_autoptr(GError) cause = NULL;
    int fd = pst_sysroot_open_file(sysroot, path, 0, &cause);
    struct stat st;

    if (fd < 0 && cause->code == PST_ERROR_ABSENT)
        return give(PST_PAM_MODULE_MISSING, reason, "there is no such file");
    if (fd < 0 && pst_sysroot_stat(sysroot, path, &st, NULL) && !S_ISREG(st.st_mode))
        return give(PST_PAM_MODULE_DAMAGED, reason, "not a regular file");
    if (fd < 0)
        return give(PST_PAM_MODULE_UNKNOWN, reason, cause->message);
    PstPamModuleState state = check_open(libraries, fd, reason);
    close(fd);
    return state;
}

PstPamModuleState
pst_pam_module_check(const PstSysroot *sysroot, const char *path, char **reason)
{
    g_autoptr(PstPamLibraries) libraries = pst_pam_library_open(sysroot);

    return check(libraries, sysroot, path, reason);
}

/* ---- what was found out before ---- */

typedef struct {
    PstPamModuleState state;
    char *reason;
} Known;

static void
known_free(gpointer data)
{
    Known *known = data;

    g_free(known->reason);
    g_free(known);
}

struct PstPamMemory {
    const PstSysroot *sysroot;
    const char *own;     /* libpam's folder */
    GHashTable *modules; /* path, to Known */
    GHashTable *paths;   /* module as a stack names it, to path */
    PstPamLibraries *libraries;
};

PstPamMemory *
pst_pam_module_memory_new(const PstSysroot *sysroot)
{
    PstPamMemory *memory = g_new0(PstPamMemory, 1);

    memory->sysroot = sysroot;
    memory->own = own_folder(sysroot);
    memory->modules = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, known_free);
    memory->paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    memory->libraries = pst_pam_library_open(sysroot);
    return memory;
}

void
pst_pam_module_memory_free(PstPamMemory *memory)
{
    g_hash_table_unref(memory->modules);
    g_hash_table_unref(memory->paths);
    pst_pam_library_close(memory->libraries);
    g_free(memory);
}

const char *
pst_pam_module_recall_path(PstPamMemory *memory, const char *module)
{
    char *path = g_hash_table_lookup(memory->paths, module);

    if (path == NULL) {
        path = path_of(memory->sysroot, memory->own, module);
        g_hash_table_insert(memory->paths, g_strdup(module), path);
    }
    return path;
}

PstPamModuleState
pst_pam_module_recall(PstPamMemory *memory, const char *path, char **reason)
{
    Known *known = g_hash_table_lookup(memory->modules, path);

    if (known == NULL) {
        known = g_new0(Known, 1);
        known->state = check(memory->libraries, memory->sysroot, path, &known->reason);
        g_hash_table_insert(memory->modules, g_strdup(path), known);
    }
    if (reason != NULL)
        *reason = g_strdup(known->reason);
    return known->state;
}
