// SPDX-License-Identifier: LGPL-2.1-or-later
#include "peer-port.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CLASS "/sys/class/virtio-ports"
#define PAUSE_US 20000

static int
read_name(const char *entry, char *name, size_t size)
{
    char path[512];
    snprintf(path, sizeof(path), CLASS "/%s/name", entry);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t len = read(fd, name, size - 1);
    close(fd);
    if (len < 0)
        return -1;
    name[len] = '\0';
    name[strcspn(name, "\n")] = '\0';
    return 0;
}

int
pst_peer_port_find(const char *name, char *device, size_t size)
{
    DIR *folder = opendir(CLASS);
    if (folder == NULL)
        return -1;
    int found = -1;
    for (struct dirent *entry; found != 0 && (entry = readdir(folder)) != NULL;) {
        char seen[256];
        if (entry->d_name[0] == '.' || read_name(entry->d_name, seen, sizeof(seen)) != 0)
            continue;
        if (strcmp(seen, name) == 0) {
            snprintf(device, size, "/dev/%s", entry->d_name);
            found = 0;
        }
    }
    closedir(folder);
    return found;
}

int
pst_peer_port_open(const char *device)
{
    int fd;
    while ((fd = open(device, O_RDWR | O_CLOEXEC)) < 0) {
        if (errno != ENOENT && errno != EBUSY && errno != ENXIO)
            err(1, "%s", device);
        usleep(PAUSE_US);
    }
    /* A port sends SIGIO when a host connects; until then poll() reports POLLHUP without end. */
    sigset_t changed;
    sigemptyset(&changed);
    sigaddset(&changed, SIGIO);
    if (sigprocmask(SIG_BLOCK, &changed, NULL) != 0 || fcntl(fd, F_SETOWN, getpid()) != 0 ||
        fcntl(fd, F_SETFL, O_ASYNC) != 0)
        err(1, "%s: SIGIO", device);
    return fd;
}

ssize_t
pst_peer_port_read(int fd, void *data, size_t size)
{
    const struct timespec limit = {.tv_sec = 10};
    ssize_t len;
    sigset_t changed;

    sigemptyset(&changed);
    sigaddset(&changed, SIGIO);
    while ((len = read(fd, data, size)) == 0 || (len < 0 && errno == EINTR))
        sigtimedwait(&changed, NULL, &limit);
    return len;
}

int
pst_peer_port_write(int fd, const void *data, size_t size)
{
    const char *next = data;
    while (size > 0) {
        ssize_t len = write(fd, next, size);
        if (len < 0 && errno != EINTR && errno != EAGAIN)
            return -1;
        if (len <= 0) {
            usleep(PAUSE_US);
            continue;
        }
        next += len;
        size -= (size_t)len;
    }
    return 0;
}

uint64_t
pst_peer_port_number(const char *text, uint64_t fallback)
{
    if (text == NULL)
        return fallback;
    char *end = NULL;
    errno = 0;
    uint64_t number = strtoull(text, &end, 10);
    static const char units[] = "kmg";
    const char *unit = *end != '\0' ? strchr(units, *end) : NULL;
    if (errno != 0 || end == text || (*end != '\0' && (unit == NULL || end[1] != '\0')))
        errx(64, "%s: not a number", text);
    if (unit != NULL)
        number <<= 10 * (1 + (unit - units));
    return number;
}
