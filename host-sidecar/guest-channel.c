// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/guest-channel.h"

#include "host-sidecar/channel-keep.h"
#include "host-sidecar/host-sample.h"
#include "host-sidecar/stream.h"

#define CHANNEL_NAME "org.postern.shim.0"

static gpointer
open_port(const PstGuest *guest, PstCarrierReceive receive, gpointer user_data,
          GDestroyNotify free_data, gint64 deadline_us, GError **error)
{
    return pst_stream_open(guest, CHANNEL_NAME, receive, user_data, free_data, deadline_us, error);
}

static gboolean
send_bytes(gpointer stream, const guint8 *data, gsize len, GError **error)
{
    return pst_stream_send(stream, data, len, error);
}

static void
close_port(gpointer stream)
{
    pst_stream_close(stream);
}

static gboolean
is_served(const PstGuest *guest, gint64 deadline_us)
{
    return pst_host_sample_is_served((PstGuest *)guest, deadline_us);
}

static const PstCarrier carrier = {open_port, send_bytes, is_served, close_port};

PstCarrierEnd
pst_guest_channel_end(const PstGuest *guest)
{
    return (PstCarrierEnd){&carrier, guest, guest->uuid, guest->name,
                           pst_hypervisor_keep(guest->hypervisor)};
}

PstHello *
pst_guest_channel_greet(const PstGuest *guest, gint64 deadline_us, GError **error)
{
    const PstCarrierEnd end = pst_guest_channel_end(guest);
    g_autoptr(PstChannelLoan) loan = pst_channel_keep_borrow(&end, deadline_us, error);
    PstChannel *channel = loan != NULL ? pst_channel_keep_open(loan, deadline_us, error) : NULL;

    if (channel == NULL)
        return NULL;
    pst_channel_keep_settle(loan);
    g_autoptr(JsonObject) said = pst_hello_answer(pst_channel_hello(channel));
    return pst_hello_read_answer(said, error);
}

PstChannel *
pst_guest_channel_open(const PstGuest *guest, gint64 deadline_us, GError **error)
{
    const PstCarrierEnd end = pst_guest_channel_end(guest);

    return pst_channel_open(&end, deadline_us, error);
}
