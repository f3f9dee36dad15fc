// SPDX-License-Identifier: LGPL-2.1-or-later
/* A module of NSS, `hang`, that never answers: what a directory server that is gone, or a lock that
 * nobody lets go of, does to every look-up (nsswitch.conf(5), <nss.h>). */
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stddef.h>
#include <unistd.h>

enum nss_status _nss_hang_getpwnam_r(const char *name, struct passwd *result, char *buffer,
                                     size_t len, int *number);
enum nss_status _nss_hang_getpwuid_r(uid_t uid, struct passwd *result, char *buffer, size_t len,
                                     int *number);
enum nss_status _nss_hang_initgroups_dyn(const char *user, gid_t group, long *start, long *size,
                                         gid_t **groups, long limit, int *number);

static enum nss_status
hang(void)
{
    for (;;)
        pause();
    return NSS_STATUS_UNAVAIL;
}

#define UNUSED __attribute__((unused))

enum nss_status
_nss_hang_getpwnam_r(const char *name UNUSED, struct passwd *result UNUSED, char *buffer UNUSED,
                     size_t len UNUSED, int *number UNUSED)
{
    return hang();
}

enum nss_status
_nss_hang_getpwuid_r(uid_t uid UNUSED, struct passwd *result UNUSED, char *buffer UNUSED,
                     size_t len UNUSED, int *number UNUSED)
{
    return hang();
}

enum nss_status
_nss_hang_initgroups_dyn(const char *user UNUSED, gid_t group UNUSED, long *start UNUSED,
                         long *size UNUSED, gid_t **groups UNUSED, long limit UNUSED,
                         int *number UNUSED)
{
    return hang();
}
