// SPDX-License-Identifier: LGPL-2.1-or-later
/* bench-spawn ROUNDS PROGRAM: in a guest: starts PROGRAM so often, waits for its end each time, and
 * prints the microseconds of each on a line. What any way to run it there takes at least: by
 * vfork(2), of a process that has nothing. Needs only libc. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long
now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

int
main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: bench-spawn ROUNDS PROGRAM\n");
        return 64;
    }
    for (int rounds = atoi(argv[1]); rounds > 0; rounds--) {
        long long begun_us = now_us();
        int status = 0;
        pid_t pid = vfork();

        if (pid == 0) {
            execv(argv[2], argv + 2);
            _exit(127);
        }
        if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
            fprintf(stderr, "bench-spawn: %s does not end well\n", argv[2]);
            return 1;
        }
        printf("%lld\n", now_us() - begun_us);
    }
    return 0;
}
