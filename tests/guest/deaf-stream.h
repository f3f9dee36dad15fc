// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "host-sidecar/stream.h"

/* A guest's channel whose opener hears nothing of what comes: for programs that leave something
 * behind there. */

#define PATIENCE_US (20 * G_USEC_PER_SEC)

static inline void G_GNUC_NORETURN
die(const GError *error)
{
    fprintf(stderr, "%s: %s\n", g_get_prgname(), error->message);
    exit(1);
}

static inline void
hear_nothing(const guint8 *data G_GNUC_UNUSED, gsize len G_GNUC_UNUSED,
             const char *ended G_GNUC_UNUSED, gpointer user_data G_GNUC_UNUSED)
{
}

static inline void
free_nothing(gpointer data G_GNUC_UNUSED)
{
}

static inline PstGuest *
open_guest(PstHypervisor *hypervisor, const char *name)
{
    g_autoptr(GError) error = NULL;
    PstGuest *guest =
        pst_guest_open(hypervisor, name, g_get_monotonic_time() + PATIENCE_US, &error);

    if (guest == NULL)
        die(error);
    return guest;
}

static inline PstStream *
open_deaf_stream(const PstGuest *guest)
{
    g_autoptr(GError) error = NULL;
    PstStream *stream = pst_stream_open(guest, "org.postern.shim.0", hear_nothing, NULL,
                                        free_nothing, g_get_monotonic_time() + PATIENCE_US, &error);

    if (stream == NULL)
        die(error);
    return stream;
}
