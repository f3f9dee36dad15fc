// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/storage-read.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <stdlib.h>
#include <string.h>

#include "host-sidecar/volume-pool.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStream, virStreamFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathContext, xmlXPathFreeContext)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathObject, xmlXPathFreeObject)

#define READ_STEP 65536
/* A pool can't be read while it is refreshed, whoever does it. */
#define ATTEMPTS 20
#define PAUSE_US 50000

/* What the last virStreamRecv() said: 0 at the stream's end. */
static int
receive(virStreamPtr stream, gsize max_bytes, PstStorageSink sink, gpointer user_data)
{
    g_autofree guint8 *buffer = g_malloc(READ_STEP);
    gsize left = max_bytes;
    int n = 1;

    while (left > 0 && (n = virStreamRecv(stream, (char *)buffer, READ_STEP)) > 0) {
        gsize len = MIN((gsize)n, left);
        sink(buffer, len, user_data);
        left -= len;
    }
    return n;
}

gboolean
pst_storage_read(virStorageVolPtr volume, guint64 offset, gsize max_bytes, PstStorageSink sink,
                 gpointer user_data, GError **error)
{
    g_autoptr(virStream) stream = virStreamNew(virStorageVolGetConnect(volume), 0);

    if (stream == NULL)
        return pst_volume_pool_fail(error, "the volume can't be read");
    /* One byte more than is wanted: the end of the stream is then met, and it can be finished. */
    for (guint i = 0; virStorageVolDownload(volume, stream, offset, max_bytes + 1, 0) < 0; i++) {
        if (i == ATTEMPTS)
            return pst_volume_pool_fail(error, "the volume can't be read");
        g_usleep(PAUSE_US);
    }
    int n = receive(stream, max_bytes, sink, user_data);
    if (n >= 0 && virStreamFinish(stream) == 0)
        return TRUE;
    /* Of one that was left before its end, nothing is missing that was wanted. */
    if (n <= 0)
        pst_volume_pool_fail(error, "the volume can't be read to its end");
    virStreamAbort(stream);
    return n > 0;
}

/* The file's length; the capacity is what a guest that writes a disk's header makes of it. */
guint64
pst_storage_read_size(virStorageVolPtr volume)
{
    virStorageVolInfo info = {0};

    if (virStorageVolGetInfoFlags(volume, &info, VIR_STORAGE_VOL_GET_PHYSICAL) < 0)
        return 0;
    return info.allocation;
}

/* Two hosts' clocks differ; a date further ahead is none. */
#define AHEAD_US (60 * G_GINT64_CONSTANT(1000000))

/* <timestamps><mtime>SECONDS.NANOSECONDS</mtime>: https://libvirt.org/formatstorage.html */
gint64
pst_storage_read_mtime_us(virStorageVolPtr volume)
{
    char *text = virStorageVolGetXMLDesc(volume, 0);
    g_autoptr(xmlDoc) document =
        text != NULL ? xmlReadMemory(text, (int)strlen(text), "volume.xml", NULL,
                                     XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)
                     : NULL;
    g_autoptr(xmlXPathContext) context = document != NULL ? xmlXPathNewContext(document) : NULL;
    g_autoptr(xmlXPathObject) found =
        context != NULL ? xmlXPathEvalExpression(BAD_CAST "number(//timestamps/mtime)", context)
                        : NULL;
    double seconds = found != NULL ? found->floatval : 0;

    free(text);
    if (!(seconds > 0) || seconds >= (double)G_MAXINT64 / G_USEC_PER_SEC)
        return 0;
    gint64 mtime_us = (gint64)(seconds * (double)G_USEC_PER_SEC);
    return mtime_us <= g_get_real_time() + AHEAD_US ? mtime_us : 0;
}
