// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/standard-streams.h"

#include <fcntl.h>
#include <unistd.h>

void
pst_standard_streams_occupy(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)!open("/dev/null", O_RDONLY);
}
