// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/filter-rules.h"

/* The packet that a question is about: what is known of it, and what is not. Each property is a
 * list of ranges that it may lie in; a property with an empty list is one that such a packet does
 * not have, so that nothing matches it. */

typedef enum {
    PST_FILTER_NO,
    PST_FILTER_MAYBE,
    PST_FILTER_YES,
} PstFilterTruth;

/* What a MAYBE depends on. */
#define PST_FILTER_BY_SOURCE 1u
#define PST_FILTER_BY_DESTINATION 2u
#define PST_FILTER_BY_INTERFACE 4u
#define PST_FILTER_BY_SOURCE_PORT 8u
#define PST_FILTER_BY_RATE 16u
#define PST_FILTER_BY_STATE 32u
#define PST_FILTER_BY_SET 64u     /* a named set could not be asked */
#define PST_FILTER_BY_OPAQUE 128u /* something that is not modelled */

typedef struct {
    gboolean six;
    gboolean reply;
    gboolean first; /* of its connection */
    gboolean early; /* connection tracking has not seen it yet: set it as the way goes on */
    GArray *values[PST_FILTER_N_KEYS];  /* of PstFilterRange; names are owned */
    GArray *early_state, *early_status; /* what an early chain sees */
} PstFilterPacket;

typedef struct {
    gboolean six;
    gboolean later;         /* one that comes once the connection is there, in place of its first */
    gboolean reply;         /* the guest's answer to it, in place of the packet itself */
    guint8 protocol;        /* IPPROTO_TCP or IPPROTO_UDP */
    guint16 port;           /* of the guest */
    const char *from;       /* an address of the family; NULL for any from outside */
    const char *const *own; /* the guest's addresses of the family; NULL for unknown */
    const char *const *links; /* by which it may come in; NULL for unknown */
} PstFilterQuestion;

/* The first packet of a new connection from outside to a port of the guest, one that comes later,
 * or what the guest answers. NULL where FROM is no address of the family. */
PstFilterPacket *pst_filter_packet_new(const PstFilterQuestion *question);
void pst_filter_packet_free(PstFilterPacket *packet);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstFilterPacket, pst_filter_packet_free)

/* What is known when no connection tracking looks at the packet any more; where not CERTAIN, when
 * it may be so. */
void pst_filter_packet_untrack(PstFilterPacket *packet, gboolean certain);

/* Whether the packet's property KEY lies in the range. */
PstFilterTruth pst_filter_packet_in(const PstFilterPacket *packet, PstFilterKey key,
                                    const PstFilterRange *range);

/* The same of a step's mask: the bits that are left of KEY lie in the range; or, without a range,
 * any is left. */
PstFilterTruth pst_filter_packet_masked(const PstFilterPacket *packet, PstFilterKey key,
                                        guint64 mask, const PstFilterRange *range);

/* Whether such a packet has the property at all. */
gboolean pst_filter_packet_has(const PstFilterPacket *packet, PstFilterKey key);

/* The property as nft(8) writes it, where there is but one value; else NULL. */
char *pst_filter_packet_word(const PstFilterPacket *packet, PstFilterKey key);

/* What it depends on whether a property has a value. */
guint pst_filter_packet_reason(PstFilterKey key);
