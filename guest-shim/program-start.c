// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/program-start.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest-shim/mount-table.h"
#include "guest-shim/path-access.h"
#include "guest-shim/program-libraries.h"
#include "guest-shim/program-loader.h"

static char *
find_noexec(const PstSysroot *sysroot, const char *path)
{
    g_autoptr(GPtrArray) mounts = pst_mount_table_read(sysroot, NULL);
    int fd = mounts != NULL ? pst_sysroot_open(sysroot, path, O_PATH, NULL) : -1;

    if (fd < 0)
        return NULL;
    const PstMount *mount = pst_mount_table_of(mounts, fd);
    close(fd);
    return mount != NULL && pst_mount_table_has_option(mount->options, "noexec")
               ? g_strdup(mount->folder)
               : NULL;
}

/* What the user may not reach is of no use to start it either. */
static void
look_for_bar(const PstSysroot *sysroot, const char *program, gint64 uid, const GArray *groups,
             PstProgramStart *start)
{
    g_autofree char *loader = pst_program_loader_find(sysroot, program);
    struct stat st;

    start->shut = pst_path_access_shut(sysroot, program, uid, groups, &st);
    if (start->shut == NULL && loader != NULL)
        start->shut = pst_path_access_shut(sysroot, loader, uid, groups, &st);
    if (start->shut == NULL)
        return;
    start->shut_mode = st.st_mode;
    start->shut_expected = "0755";
}

static void
look_for_libraries(const PstSysroot *sysroot, const char *program, gint64 uid, const GArray *groups,
                   PstProgramStart *start)
{
    PstProgramLibrariesFault fault;

    if (!pst_program_libraries_find_fault(sysroot, program, uid, groups, &fault))
        return;
    if (fault.missing) {
        start->library = fault.path;
        return;
    }
    start->shut = fault.path;
    start->shut_mode = fault.mode;
    start->shut_expected = S_ISDIR(fault.mode) ? "0755" : "0644";
}

void
pst_program_start_look(const PstSysroot *sysroot, const char *program, gint64 uid,
                       const GArray *groups, PstProgramStart *start)
{
    start->loader = pst_program_loader_missing(sysroot, program);
    if (start->loader == NULL)
        start->noexec = find_noexec(sysroot, program);
    if (start->loader == NULL && start->noexec == NULL)
        look_for_bar(sysroot, program, uid, groups, start);
    if (start->loader == NULL && start->noexec == NULL && start->shut == NULL)
        look_for_libraries(sysroot, program, uid, groups, start);
}

void
pst_program_start_clear(PstProgramStart *start)
{
    g_clear_pointer(&start->loader, g_free);
    g_clear_pointer(&start->noexec, g_free);
    g_clear_pointer(&start->library, g_free);
    g_clear_pointer(&start->shut, g_free);
}
