// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/screenshot.h"

#include <libvirt/virterror.h>
#include <stdlib.h>

#include "host-sidecar/virt-error.h"
#include "protocol/error.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStream, virStreamFree)

#define STEP 65536

static gboolean
receive(virStreamPtr stream, GByteArray *bytes, GError **error)
{
    g_autofree char *buffer = g_malloc(STEP);
    int n;

    while ((n = virStreamRecv(stream, buffer, STEP)) > 0) {
        if (bytes->len + (gsize)n > PST_PICTURE_MAX_BYTES) {
            g_set_error(error, PST_ERROR, PST_ERROR_TOO_LARGE, "the screen has too many pixels");
            return FALSE;
        }
        g_byte_array_append(bytes, (const guint8 *)buffer, (guint)n);
    }
    if (n == 0 && virStreamFinish(stream) == 0)
        return TRUE;
    return pst_virt_error_set(error, "the screen can't be read to its end");
}

static PstPicture *
take(virDomainPtr domain, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(virStream) stream = virStreamNew(virDomainGetConnect(domain), 0);
    char *type = stream != NULL ? virDomainScreenshot(domain, stream, 0, 0) : NULL;

    if (type == NULL) {
        pst_virt_error_set(error, "there is no picture of its screen");
        return NULL;
    }
    free(type); /* the bytes tell it too */
    if (!receive(stream, bytes, error)) {
        virStreamAbort(stream);
        return NULL;
    }
    return pst_picture_read(bytes->data, bytes->len, error);
}

PstPicture *
pst_screenshot_take(const PstGuest *guest, GError **error)
{
    virDomainPtr domain = pst_guest_connect(guest, error);

    if (domain == NULL)
        return NULL;
    PstPicture *picture = take(domain, error);
    pst_guest_disconnect(domain);
    return picture;
}
