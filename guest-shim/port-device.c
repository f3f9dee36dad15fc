// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/port-device.h"

#include <errno.h>
#include <fcntl.h>

#include "guest-shim/program.h"
#include "protocol/error.h"

#define CLASS_PORTS "/sys/class/virtio-ports"
#define MODPROBE_MS 5000

void
pst_port_device_load_module(const PstSysroot *sysroot)
{
    static const char *const modprobe[] = {"/usr/sbin/modprobe", "/sbin/modprobe",
                                           "/run/current-system/sw/bin/modprobe", NULL};
    static const char *const argv[] = {"-q", "virtio_console", NULL};
    const PstProgram program = {
        .candidates = modprobe, .argv = argv, .timeout_ms = MODPROBE_MS, .max_output = 0};

    if (pst_sysroot_exists(sysroot, CLASS_PORTS))
        return;
    g_autoptr(PstProgramResult) result = pst_program_run(sysroot, &program, NULL);
}

/* The device of the port, as /dev/vport1p2, or NULL while it is not there. */
static char *
find_device(const PstSysroot *sysroot, const char *wanted)
{
    g_auto(GStrv) devices = pst_sysroot_list(sysroot, CLASS_PORTS, NULL);

    for (guint i = 0; devices != NULL && devices[i] != NULL; i++) {
        g_autofree char *path = g_strdup_printf(CLASS_PORTS "/%s/name", devices[i]);
        g_autofree char *name = pst_sysroot_read_line(sysroot, path, NULL);
        if (g_strcmp0(name, wanted) == 0)
            return g_strdup_printf("/dev/%s", devices[i]);
    }
    return NULL;
}

int
pst_port_device_open(const PstSysroot *sysroot, const char *name, GError **error)
{
    g_autofree char *device = find_device(sysroot, name);

    if (device == NULL)
        return -1;
    int fd = open(device, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    /* The kernel makes the node before it tells of the device. */
    if (fd < 0 && errno != ENOENT)
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "the port %s can't be opened: %s: %s",
                    name, device, g_strerror(errno));
    return fd;
}
