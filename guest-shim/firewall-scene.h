// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"
#include "protocol/report-firewall.h"

/* What a question to the packet filters needs to know of the guest: its addresses, the links that
 * lead outside, and the ports that it is about. */

typedef struct {
    guint16 port;
    gboolean four, six; /* somebody listens there over that IP version */
} PstFirewallPort;

typedef struct {
    char **own4, **own6; /* NULL where they are not known */
    char **links;        /* NULL where they are not known */
    gboolean six;        /* the guest has an IPv6 address that others can reach */
    gboolean asked;      /* the port was named by whoever asks */
    GArray *ports;       /* of PstFirewallPort */
} PstFirewallScene;

/* Whether somebody comes over that version of IP: from FROM (NULL for any address) to an address
 * that the guest has. */
gboolean pst_firewall_scene_concerns(const PstFirewallScene *scene, const char *from, gboolean six);

/* What can't be looked at becomes a finding of REPORT. */
PstFirewallScene *pst_firewall_scene_new(const PstProbeContext *context,
                                         const PstFirewallArgs *args, PstReport *report);
void pst_firewall_scene_free(PstFirewallScene *scene);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstFirewallScene, pst_firewall_scene_free)
