// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/backend-channel.h"

#include "host-sidecar/converse.h"
#include "host-sidecar/guest-channel.h"
#include "protocol/error.h"

static gboolean
is_open(const PstGuest *guest, GError **error)
{
    if (!pst_guest_check_running(guest, error))
        return FALSE;

    switch (guest->xml.shim) {
    case PST_GUEST_XML_PORT_CONNECTED:
        return TRUE;
    case PST_GUEST_XML_PORT_ABSENT:
        g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                    "the domain has no channel org.postern.shim.0");
        return FALSE;
    case PST_GUEST_XML_PORT_DISCONNECTED:
    case PST_GUEST_XML_PORT_UNKNOWN:
        g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "no shim holds the channel open");
        return FALSE;
    }
    g_return_val_if_reached(FALSE);
}

static void
note_greeting(const PstHello *hello, gpointer guest)
{
    pst_guest_note_greeting(guest, hello);
}

static gboolean
ask(PstGuest *guest, PstInquiry *inquiry, GError **error)
{
    const PstCarrierEnd end = pst_guest_channel_end(guest);
    const PstConverseListener listener = {note_greeting, guest};

    return pst_converse(&end, inquiry, &listener, error);
}

const PstBackend pst_backend_channel = {
    .via = PST_VIA_CHANNEL,
    .is_open = is_open,
    .ask = ask,
};
