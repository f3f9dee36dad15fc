// SPDX-License-Identifier: LGPL-2.1-or-later
/* /init of a pocket guest: loads the modules that a virtio port needs and runs the scripted peer
 * that POSTERN_PEER=NAME[,ARG…] on the kernel's command line names. (The kernel hands NAME=VALUE
 * that it does not know to init as its environment: kernel-parameters.rst.) */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MODULES "/modules"
#define ARGS_MAX 8

static void
mount_one(const char *type, const char *target)
{
    mkdir(target, 0755);
    if (mount(type, target, type, MS_NOSUID | MS_NOEXEC, NULL) != 0)
        warn("mount %s", target);
}

static int
load(const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), MODULES "/%s", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    long result = syscall(SYS_finit_module, fd, "", 0);
    close(fd);
    return result == 0 ? 0 : -1;
}

/* Their names begin with a number: the order in which they must be loaded. */
static void
load_modules(void)
{
    struct dirent **entries = NULL;
    int count = scandir(MODULES, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++)
        if (entries[i]->d_name[0] != '.' && load(entries[i]->d_name) != 0)
            warn("%s", entries[i]->d_name);
}

static void
run_peer(char *words)
{
    char *argv[ARGS_MAX + 2] = {"peer"};
    int argc = 1;
    for (char *word = strtok(words, ","); word != NULL && argc <= ARGS_MAX;
         word = strtok(NULL, ","))
        argv[argc++] = word;
    execv("/peer", argv);
    err(1, "/peer");
}

int
main(void)
{
    mount_one("proc", "/proc");
    mount_one("sysfs", "/sys");
    mount_one("devtmpfs", "/dev");
    load_modules();

    char *words = getenv("POSTERN_PEER");
    if (words != NULL && fork() == 0)
        run_peer(words);
    /* The kernel panics when its first process ends. */
    for (;;)
        if (wait(NULL) < 0)
            pause();
}
