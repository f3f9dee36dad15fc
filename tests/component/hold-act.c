// SPDX-License-Identifier: LGPL-2.1-or-later
/* Loaded before libvirt (LD_PRELOAD) in place of the calls that change a guest: writes down to the
 * file ACT_LOG when one is called, and when a file was synced before that, as far as the disk is
 * asked. With ACT_HELD the call never comes back. */
#include <dlfcn.h>
#include <fcntl.h>
#include <libvirt/libvirt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
tell(const char *what, const char *name)
{
    char line[PATH_MAX + 64];
    int fd = open(getenv("ACT_LOG"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    int len = snprintf(line, sizeof(line), "%s %s\n", what, name);

    if (fd < 0 || write(fd, line, (size_t)len) != len)
        abort();
    close(fd);
}

int
fsync(int fd)
{
    int (*real)(int) = NULL;
    char link[64], path[PATH_MAX] = "";

    *(void **)&real = dlsym(RTLD_NEXT, "fsync");
    int done = real(fd);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof(path) - 1);
    path[len > 0 ? len : 0] = '\0';
    tell("synced", path);
    return done;
}

int
virDomainAttachDeviceFlags(virDomainPtr domain, const char *xml, unsigned int flags)
{
    (void)xml;
    (void)flags;
    tell("acted", virDomainGetName(domain));
    while (getenv("ACT_HELD") != NULL)
        pause();
    return 0;
}

int
virDomainRevertToSnapshot(virDomainSnapshotPtr snapshot, unsigned int flags)
{
    (void)flags;
    tell("reverted", virDomainSnapshotGetName(snapshot));
    while (getenv("ACT_HELD") != NULL)
        pause();
    return 0;
}
