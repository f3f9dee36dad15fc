// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* What a domain's definition has of what postern needs. Pure functions over the text. */

typedef struct {
    gboolean channel, recorder;    /* ports of those names, whatever is behind them */
    guint free_ports;              /* of its virtio-serial controllers */
    gboolean panic, video;         /* any */
    gboolean console_log;          /* of any serial port or console */
    gboolean may_panic, may_video; /* the machine can have one that enroll knows */
    gboolean may_console_log;      /* it has a serial port */
} PstEnrollSight;

/* Fills *SIGHT. FALSE with PST_ERROR_INTERNAL where libvirt's text is no definition. */
gboolean pst_enroll_sight_read(const char *domain_xml, PstEnrollSight *sight, GError **error);

/* The XML of the port called NAME as DOMAIN_XML has it, without its alias and its address, so that
 * it can be attached or detached by it; *ALIAS (may be NULL) becomes its alias, or NULL. NULL where
 * it has none. Both to be freed with g_free(). */
char *pst_enroll_sight_device(const char *domain_xml, const char *name, char **alias);
