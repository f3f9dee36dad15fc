// SPDX-License-Identifier: LGPL-2.1-or-later
/* Loaded before libc (LD_PRELOAD): kills the process once KILL_AT files were synced whose path has
 * KILL_PATH in it: so at each point at which the disk has something new of those. */
#include <dlfcn.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_int n_synced;

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
    if (strstr(path, getenv("KILL_PATH")) == NULL)
        return done;
    if (atomic_fetch_add(&n_synced, 1) + 1 == atoi(getenv("KILL_AT")))
        raise(SIGKILL);
    return done;
}
