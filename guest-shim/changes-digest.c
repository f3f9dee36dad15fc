// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/changes-digest.h"

#include <fcntl.h>
#include <unistd.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/probe.h"

#define MAX_FILE (8 * 1024 * 1024)
#define READ_STEP (64 * 1024)

static gboolean
digest_all(PstChangesDigest *digest, int fd, GChecksum *checksum)
{
    g_autofree guint8 *buffer = g_malloc(READ_STEP);

    for (;;) {
        gssize n = read(fd, buffer, READ_STEP);
        if (n <= 0)
            return n == 0;
        digest->bytes_left -= n;
        if (digest->bytes_left < 0 || pst_boot_clock_us() > digest->deadline_us)
            return FALSE;
        g_checksum_update(checksum, buffer, n);
    }
}

char *
pst_changes_digest_file(PstChangesDigest *digest, const char *path, GChecksumType type)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(type);
    struct stat st;

    if (digest->bytes_left < 0 || pst_boot_clock_us() > digest->deadline_us)
        return NULL;
    int fd = pst_sysroot_open_file(digest->sysroot, path, O_NOFOLLOW, NULL);
    if (fd < 0)
        return NULL;
    gboolean done = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= MAX_FILE &&
                    digest_all(digest, fd, checksum);
    close(fd);
    return done ? g_strdup(g_checksum_get_string(checksum)) : NULL;
}

const char *
pst_changes_digest_name(GChecksumType type)
{
    switch (type) {
    case G_CHECKSUM_MD5:
        return "md5";
    case G_CHECKSUM_SHA1:
        return "sha1";
    case G_CHECKSUM_SHA256:
        return "sha256";
    case G_CHECKSUM_SHA384:
        return "sha384";
    case G_CHECKSUM_SHA512:
        return "sha512";
    }
    return "unknown";
}
